import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/time/deadline.js';
import { codeOf, type Site, site } from './iscsi-site.js';

const OTHER_TARGET = 'iqn.2010-10.org.longshore.sim:other-array';
const OTHER_PORTAL = '10.3.0.1:3260';

/** A host that has a disk from another array already, which says that it is the same volume. */
async function twin(lun: number): Promise<Site> {
  const one = site();
  await addTwin(one, lun);
  return one;
}

async function addTwin({ fleet, initiator, use }: Site, lun: number): Promise<void> {
  const volume = fleet.array.unitAt(fleet.targetName, initiator, 1);
  if (volume === null) throw new Error('no volume');
  fleet.array.addTarget(OTHER_TARGET, [OTHER_PORTAL]);
  fleet.array.allow(OTHER_TARGET, initiator, null);
  fleet.array.map(OTHER_TARGET, initiator, lun, volume);
  const node = ['iscsiadm', '-m', 'node', '-T', OTHER_TARGET, '-p', OTHER_PORTAL];
  await use(async (_connector, executor) => {
    await executor.sequence(deadlineIn(10_000), [
      { kind: 'run', argv: [...node, '-o', 'new'] },
      { kind: 'run', argv: [...node, '--login'] },
      {
        kind: 'wait',
        present: [`/sys/class/iscsi_session/session*/device/target*/*:*:*:${lun}/block/*`],
        timeoutMs: 5000,
      },
    ]);
  });
}

describe('a look at one volume only', () => {
  it('finds a disk of the same identity on a session to another array (A15)', async () => {
    const { use, volume, fleet } = await twin(7);
    const before = fleet.leftovers();
    const result = await use((connector) => connector.attach(volume()));
    expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    expect(result.error?.message).toContain(OTHER_TARGET);
    expect(fleet.leftovers()).toEqual(before);
  });

  it.each(['told', 'not told'])('finds it without a map too, the identity being %s', async (told) => {
    const one = site();
    const { use, volume, host, fleet } = one;
    host.multipath.setRunning(false);
    const single = volume({}, { multipath: false });
    expect(await use((connector) => connector.attach(single))).toMatchObject({ outcome: 'changed' });
    await addTwin(one, 7);
    const before = fleet.leftovers();
    const { wwid: _, ...unnamed } = single;
    const result = await use((connector) => connector.detach(told === 'told' ? single : unnamed, null));
    expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    expect(result.error?.message).toContain(OTHER_TARGET);
    expect(fleet.leftovers()).toEqual(before);
  });

  it('finds a map of the identity that has lost its paths, and does not take it for nothing', async () => {
    const { use, volume, host } = site();
    await use((connector) => connector.attach(volume()));
    await use((_connector, executor) =>
      executor.sequence(deadlineIn(10_000), [
        {
          kind: 'run',
          argv: ['multipathd', 'disablequeueing', 'map', host.deviceMapper.mappings[0]?.name ?? ''],
          okExits: 'any',
        },
        ...host.scsi.units.map(({ hctl }) => ({
          kind: 'write' as const,
          filePath: `/sys/class/scsi_device/${hctl}/device/delete`,
          content: '1',
        })),
      ]),
    );
    expect(host.deviceMapper.mappings).toHaveLength(1);
    const result = await use((connector) => connector.detach(volume(), null));
    expect(codeOf(result.error)).toBe('E_FLUSH_FAILED');
  });

  it('sees a mount whose file system has a device number of its own', async () => {
    const { use, volume, host } = site();
    await use((connector) => connector.attach(volume()));
    host.mount('/dev/dm-0', '/srv/btrfs', { fsType: 'btrfs', pid: 77 });
    const result = await use((connector) => connector.detach(volume(), null));
    expect(codeOf(result.error)).toBe('E_DEVICE_BUSY');
    expect(result.error?.message).toContain('/srv/btrfs');
  });
});
