import { describe, expect, it, vi } from 'vitest';
import { codeOf, site } from './iscsi-site.js';

const GROWN = 2 ** 31;

/** A site whose first volume's size on the array can be set. */
function grownSite() {
  const one = site();
  const unit = () => {
    const found = one.fleet.array.unitAt(one.fleet.targetName, one.initiator, 1);
    if (found === null) throw new Error('no unit');
    return found;
  };
  return { ...one, unit };
}

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

  it.each([
    ['nothing has grown', 2 ** 30, 2 ** 30, 'ok'],
    ['it has grown to the size that is declared', GROWN, GROWN, 'changed'],
    ['it has grown, and no size is declared', GROWN, undefined, 'changed'],
  ])('needs two round trips when %s', async (_when, sizeBytes, declared, outcome) => {
    const { use, volume, unit } = grownSite();
    await use((connector) => connector.attach(volume()));
    unit().sizeBytes = sizeBytes;
    const { sizeBytes: _, ...undeclared } = volume();
    await use(async (connector, executor) => {
      const sequences = vi.spyOn(executor, 'sequence');
      const spec = declared === undefined ? undeclared : { ...undeclared, sizeBytes: declared };
      expect(await connector.extend(spec)).toMatchObject({ outcome, sizeBytes });
      expect(sequences).toHaveBeenCalledTimes(2);
    });
  });

  it.each([
    ['the array shows another size than the declared one', GROWN, GROWN * 2],
    ['the array has made it smaller, as declared', 2 ** 29, 2 ** 29],
    ['the array has made it smaller, and no size is declared', 2 ** 29, undefined],
  ])('leaves the map as it is when %s', async (_when, sizeBytes, declared) => {
    const { use, volume, unit, host } = grownSite();
    await use((connector) => connector.attach(volume()));
    unit().sizeBytes = sizeBytes;
    const { sizeBytes: _, ...undeclared } = volume();
    const spec = declared === undefined ? undeclared : { ...undeclared, sizeBytes: declared };
    const result = await use((connector) => connector.extend(spec));
    expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    expect(result.error?.message).toContain(String(sizeBytes));
    expect(host.deviceMapper.mappings.map((map) => map.sizeBytes)).toEqual([2 ** 30]);
    expect(host.commands.filter((argv) => argv[1] === 'resize')).toEqual([]);
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
