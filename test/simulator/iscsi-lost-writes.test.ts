import { describe, expect, it } from 'vitest';
import { codeOf, site } from './iscsi-site.js';

const SINGLE = { multipath: false };

/** A volume that failed when it was detached, with data not written back; by now it works again. */
async function afterFailedFlush() {
  const one = site();
  const { use, volume, host, fleet, initiator } = one;
  await use((connector) => connector.attach(volume({}, SINGLE)));
  host.writeData('sda', 'an invoice');
  const unit = fleet.array.unitAt(fleet.targetName, initiator, 1);
  if (unit === null) throw new Error('no unit');
  unit.failsWrites = true;
  const before = host.leftovers();
  const first = await use((connector) => connector.detach(volume({}, SINGLE), null));
  unit.failsWrites = false;
  return { ...one, first, before };
}

describe('a detach after one whose flush has failed', () => {
  it('does not call it clean, although the kernel has nothing more to report', async () => {
    const { use, volume, host, first, before } = await afterFailedFlush();
    expect(codeOf(first.error)).toBe('E_FLUSH_FAILED');
    expect(host.blocks.lostData).toEqual(['an invoice']);
    const second = await use((connector) => connector.detach(volume({}, SINGLE), null));
    expect(codeOf(second.error)).toBe('E_FLUSH_FAILED');
    expect(second.error?.message).toContain('an earlier detach');
    expect(second.error).toMatchObject({ details: { remedy: expect.stringContaining('--force') } });
    expect(host.leftovers()).toEqual(before);
  });

  it('goes through by force, says what was lost, and leaves no trace', async () => {
    const { use, volume, fleet, host } = await afterFailedFlush();
    const forced = await use((connector) => connector.detach(volume({}, SINGLE), null, { force: true }));
    expect(forced).toMatchObject({ outcome: 'changed' });
    expect(forced.warnings.join()).toContain('data was lost before');
    expect(fleet.leftovers()).toEqual([]);
    expect([...host.placed.entries.keys()]).toEqual([]);
    await use((connector) => connector.attach(volume({}, SINGLE)));
    expect(await use((connector) => connector.detach(volume({}, SINGLE), null))).toMatchObject({ outcome: 'changed' });
  });
});

describe('a detach of a volume whose sessions are being recovered', () => {
  it.each([
    ['a single path', SINGLE],
    ['a map', {}],
  ])('waits for them with %s, and writes the data', async (_what, options) => {
    const { use, volume, host, fleet, initiator } = site({ delays: { replacementMs: 30, linkLossMs: 10 } });
    await use((connector) => connector.attach(volume({}, options)));
    host.writeData(host.deviceMapper.mappings.length > 0 ? 'dm-0' : 'sda', 'an invoice');
    for (const portal of fleet.portals) fleet.array.setPortal(portal, 'refusing');
    await expect.poll(() => host.iscsi.sessions.map((session) => session.state)).not.toContain('LOGGED_IN');
    const detaching = use((connector) => connector.detach(volume({}, options), null));
    await expect.poll(() => host.locks.holder('host')).not.toBe('');
    for (const portal of fleet.portals) fleet.array.setPortal(portal, 'up');
    expect(await detaching).toMatchObject({ outcome: 'changed' });
    expect(fleet.array.unitAt(fleet.targetName, initiator, 1)?.data).toEqual(['an invoice']);
    expect(fleet.leftovers()).toEqual([]);
  });
});
