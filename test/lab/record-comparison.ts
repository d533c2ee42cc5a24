/**
 * `npx tsx test/lab/record-comparison.ts`: plays the compared scenarios on a client of the lab and keeps what passed in
 * test/simulator/lab-recording.json, which test/simulator/lab-comparison.test.ts holds the simulator against. Two minutes on a quiet machine.
 */
import { writeFile } from 'node:fs/promises';
import { recordScenarios } from '../simulator/compared-scenarios.js';
import { startBastionLab } from './bastion-lab.js';
import { connectTo } from './connector-at.js';
import { portalRefuse, portalRestore } from './faults.js';
import { connectionInfo, grow, TARGET_IQN } from './target.js';

const at = await startBastionLab();
let { volume } = at;
try {
  const { driver_volume_type: driverVolumeType, data } = connectionInfo(volume, at.lab.portals, { chap: at.chap });
  const { wwid, sizeMiB } = volume;
  const names = new Map([
    [wwid, 'WWID'],
    [wwid.slice(1), 'NAA'],
    [TARGET_IQN, 'TARGET'],
    [at.client.initiatorName, 'INITIATOR'],
    [`node.session.auth.username = ${at.chap.username}`, 'node.session.auth.username = USER'],
  ]);
  const recorded = await recordScenarios({
    open: () => connectTo(at.lab, at.client, 120_000),
    volume: { name: 'one', driverVolumeType, data, wwid, sizeBytes: sizeMiB * 2 ** 20 },
    setPortal: (number, state) => (state === 'up' ? portalRestore(at.lab, number) : portalRefuse(at.lab, number)),
    async grow() {
      volume = await grow(at.lab.target, volume, volume.sizeMiB + 32);
      return volume.sizeMiB * 2 ** 20;
    },
    async mount(device) {
      await at.client.run(`mkfs.ext4 -q ${device} && mkdir -p /mnt/held && mount ${device} /mnt/held`);
      return async () => {
        await at.client.run('umount /mnt/held');
      };
    },
    names,
  });
  const lines = recorded.map((verb) => `  ${JSON.stringify(verb)}`);
  const text = `{"names": ${JSON.stringify([...names])}, "recorded": [\n${lines.join(',\n')}\n]}\n`;
  await writeFile(new URL('../simulator/lab-recording.json', import.meta.url), text);
  process.stdout.write(`${recorded.length} verbs recorded\n`);
} finally {
  await at.stop();
}
