import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openGuest, type Access, type Guest } from './guest.js';
import { becomeItself } from './identity.js';
import { ensureImage, type Image } from './image.js';
import { GUEST_NAMES, isMachine, killMachine, startMachine, type GuestName, type Machine } from './machine.js';
import { addProcesses, makeRunDir, removeRunDir, sweepRunDirs } from './run-dir.js';
import { prepareTarget } from './target-portal.js';

/** A running lab: one iSCSI target and two clients, joined by two storage networks. */
export type Lab = {
  readonly target: Guest;
  readonly clients: readonly [Guest, Guest];
  readonly portals: typeof PORTALS;
  readonly dir: string;
  readonly knownHostsPath: string;
  readonly keyPath: string;
  /** An ssh_config in which the guests have their names. */
  readonly sshConfigPath: string;
  /** Plain data from which `openLab` gives another process access to this lab. */
  readonly description: LabDescription;
  /** Lets go of the guests without ending them: for a detached lab. */
  close(): void;
  /** Ends the guests that this lab started and removes what they left on disk. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type LabDescription = {
  readonly dir: string;
  readonly imageDir: string;
  readonly machines: readonly Machine[];
};

export type LabOptions = {
  /** Let the guests outlive this process. */
  readonly detached?: boolean;
};

export const PORTALS = ['10.1.0.1:3260', '10.2.0.1:3260'] as const;

/** Resumes the three guests and tells each who it is. Builds the image first if there is none. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const image = await ensureImage();
  await sweepRunDirs();
  const dir = await makeRunDir();
  const detached = options.detached ?? false;
  const machines: Machine[] = [];
  const killAll = () => machines.forEach(({ pid }) => killMachine(pid, dir));
  if (!detached) process.once('exit', killAll);
  try {
    // The target listens on the storage networks' sockets, so it comes first.
    for (const name of GUEST_NAMES) machines.push(await startMachine(image, dir, name, detached));
    await addProcesses(
      dir,
      machines.map(({ pid }) => pid),
    );
    await writeAccess(image, dir, machines);
    const lab = openLab({ dir, imageDir: image.dir, machines });
    try {
      const target = becomeItself(lab.target).then(() => prepareTarget(lab.target, PORTALS));
      await Promise.all([target, ...lab.clients.map(becomeItself)]);
    } catch (error) {
      await lab.stop();
      throw error;
    }
    return lab;
  } catch (error) {
    killAll();
    await removeRunDir(dir);
    throw error;
  }
}

/** Gives access to the guests of a lab that runs already, from another process as well. */
export function openLab(description: LabDescription): Lab {
  const { dir, machines } = description;
  const access: Access = {
    dir,
    keyPath: path.join(description.imageDir, 'id_ed25519'),
    knownHostsPath: knownHostsIn(dir),
  };
  const open = (name: GuestName) => {
    const machine = machines.find((candidate) => candidate.name === name);
    if (machine === undefined) throw new Error(`the lab has no guest ${name}`);
    return openGuest(machine, access);
  };
  const target = open('target');
  const clients = [open('client1'), open('client2')] as const;
  const close = () => [target, ...clients].forEach((guest) => guest.close());
  const stop = async () => {
    close();
    await endMachines(machines, dir);
    await removeRunDir(dir);
  };
  return {
    target,
    clients,
    portals: PORTALS,
    dir,
    sshConfigPath: sshConfigIn(dir),
    knownHostsPath: access.knownHostsPath,
    keyPath: access.keyPath,
    description,
    close,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Ends a lab's machines and waits until they are gone. */
export async function endMachines(machines: readonly Pick<Machine, 'pid'>[], dir: string): Promise<void> {
  for (const { pid } of machines) killMachine(pid, dir);
  for (let tries = 0; tries < 100 && machines.some(({ pid }) => isMachine(pid, dir)); tries += 1) await sleep(20);
}

const knownHostsIn = (dir: string): string => path.join(dir, 'known_hosts');
const sshConfigIn = (dir: string): string => path.join(dir, 'ssh_config');

/** Writes what anybody needs to reach the guests by ssh. */
async function writeAccess(image: Image, dir: string, machines: readonly Machine[]): Promise<void> {
  const knownHosts = machines.map(({ sshPort }) => `[127.0.0.1]:${sshPort} ${image.hostKey}\n`);
  const blocks = machines.map(({ name, sshPort }) => `Host ${name}\n  Port ${sshPort}\n`);
  const common = [
    'Host *',
    'HostName 127.0.0.1',
    'User root',
    `IdentityFile "${image.keyPath}"`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile "${knownHostsIn(dir)}"`,
    'GlobalKnownHostsFile none',
    'StrictHostKeyChecking yes',
  ];
  await writeFile(knownHostsIn(dir), knownHosts.join(''));
  await writeFile(sshConfigIn(dir), `${blocks.join('')}${common.join('\n  ')}\n`);
}
