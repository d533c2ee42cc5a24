import { randomBytes } from 'node:crypto';
import { liftFaults } from './faults.js';
import type { Guest } from './guest.js';
import { scrubClient } from './hygiene.js';
import { type Lab, startLab } from './lab.js';
import { type Bastion, openBastion } from './longshore.js';
import { type Chap, createVolume, exportTo, type Volume } from './target.js';

/** A lab with one volume for the first client, and a bastion to run the command line on: what most lab tests need. */
export interface BastionLab {
  readonly lab: Lab;
  readonly bastion: Bastion;
  readonly client: Guest;
  readonly volume: Volume;
  readonly chap: Chap;
  /** inventory with the first client and the volume; `edit` changes its text */
  inventory(edit?: (text: string) => string): Promise<void>;
  /** lifts all faults and cleans the clients, between tests */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBastionLab(): Promise<BastionLab> {
  const lab = await startLab();
  const [client] = lab.clients;
  const chap = { username: 'longshore', password: randomBytes(12).toString('hex') };
  try {
    const bastion = await openBastion(lab);
    const volume = await createVolume(lab.target, { name: 'one', sizeMiB: 128, lun: 1 });
    await exportTo(lab.target, volume, client.initiatorName, { chap });
    return {
      lab,
      bastion,
      client,
      volume,
      chap,
      inventory: (edit) =>
        bastion.useInventory([{ guest: client, user: 'root', volumes: [{ volume, options: { chap } }] }], edit),
      async settle() {
        await liftFaults(lab);
        await scrubClient(client);
      },
      async stop() {
        await bastion.close();
        await lab.stop();
      },
    };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

export const CLEAN = { sessions: [], nodes: [], disks: [], maps: [], paths: [], mounts: [] } as const;

/** Waits on the client until its sessions through so many portals have failed. */
export async function sessionsFail(client: Guest, count: number): Promise<void> {
  await client.run(
    `for i in $(seq 250); do
       [ "$(cat /sys/class/iscsi_session/session*/state | grep -c FAILED)" -ge ${count} ] && exit 0; sleep 0.2
     done; exit 1`,
  );
}
