import { describe, expect, it, vi } from 'vitest';
import { codeOf, site } from './iscsi-site.js';

const GROWN = 2 ** 31;

describe('extending an iSCSI volume', () => {
  it('shows the new size on every layer, and grows nothing of others', async () => {
    const { use, volume, host, fleet, initiator } = site({ volumesPerHost: 2 });
    const spec = { ...volume(), sizeBytes: GROWN };
    await use((connector) => connector.attach(volume()));
    const unit = fleet.array.unitAt(fleet.targetName, initiator, 1);
    if (unit === null) throw new Error('no unit');
    unit.sizeBytes = GROWN;
    const since = host.commands.length;
    const result = await use((connector) => connector.extend(spec));
    expect(result).toMatchObject({ outcome: 'changed', sizeBytes: GROWN, warnings: [] });
    expect(host.scsi.units.map((one) => one.disk?.sizeBytes)).toEqual([GROWN, GROWN]);
    expect(host.deviceMapper.mappings.map((map) => map.sizeBytes)).toEqual([GROWN]);
    const commands = host.commands.slice(since).map((argv) => argv.join(' '));
    expect(commands.filter((line) => line.startsWith('multipathd resize'))).toEqual(['multipathd resize map dm-0']);
    expect(commands.filter((line) => line.includes('reconfigure'))).toEqual([]);
  });

  it('needs two round trips when nothing has grown', async () => {
    const { use, volume } = site();
    await use((connector) => connector.attach(volume()));
    await use(async (connector, executor) => {
      const sequences = vi.spyOn(executor, 'sequence');
      expect(await connector.extend(volume())).toMatchObject({ outcome: 'ok', sizeBytes: 2 ** 30 });
      expect(sequences).toHaveBeenCalledTimes(2);
    });
  });

  it('changes nothing unless all paths answer', async () => {
    const { use, volume, host, fleet, initiator } = site();
    await use((connector) => connector.attach(volume()));
    const unit = fleet.array.unitAt(fleet.targetName, initiator, 1);
    if (unit === null) throw new Error('no unit');
    unit.sizeBytes = GROWN;
    const second = host.scsi.units[1];
    if (second === undefined) throw new Error('no second path');
    host.scsi.setOffline(second, true);
    const result = await use((connector) => connector.extend({ ...volume(), sizeBytes: GROWN }));
    expect(codeOf(result.error)).toBe('E_DEVICE_NOT_FOUND');
    expect(result.error?.message).toContain(second.disk?.name);
    expect(host.scsi.units.map((one) => one.disk?.sizeBytes)).toEqual([2 ** 30, 2 ** 30]);
  });

  it('refuses paths behind which another volume is by now, before it reads any size', async () => {
    const { use, volume, host, fleet, initiator } = site();
    await use((connector) => connector.attach(volume()));
    const other = fleet.array.createVolume({ wwid: '36001405bbbbbbbbbbbbbbbbbbbbbbbbb', sizeBytes: GROWN });
    fleet.array.map(fleet.targetName, initiator, 1, other);
    const result = await use((connector) => connector.extend(volume()));
    expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    expect(host.scsi.units.map((one) => one.disk?.sizeBytes)).toEqual([2 ** 30, 2 ** 30]);
  });

  it('gives the size under the name that os-brick has for it, for a single path too', async () => {
    const { use, volume, fleet, initiator } = site();
    const data = { ...volume().data };
    await use((connector) => connector.attach(volume({}, { multipath: false })));
    const unit = fleet.array.unitAt(fleet.targetName, initiator, 1);
    if (unit === null) throw new Error('no unit');
    unit.sizeBytes = GROWN;
    expect(await use((connector) => connector.extendVolume({ driver_volume_type: 'iscsi', data }))).toBe(GROWN);
    await use((connector) => connector.detach(volume(), null));
    await expect(use((connector) => connector.extendVolume(data))).rejects.toMatchObject({
      code: 'E_DEVICE_NOT_FOUND',
    });
  });
});
