import { describe, expect, it } from 'vitest';
import type { VolumeResult } from '../../src/connectors/connector.js';
import { codeOf, secondVolume, type Site, site } from './iscsi-site.js';
import { ended, justBefore, meddled, runs } from './meddle.js';

const OTHER = '36001405bbbbbbbbbbbbbbbbbbbbbbbbb';
const ANOTHER_TARGET = 'iqn.2010-10.org.longshore.sim:another';

/** What was run that changes a host. */
function changes({ host }: Site, since: number): readonly string[] {
  const harmless = /^(?:grep|awk|dmsetup (?:info|status)|multipathd show|\/lib\/udev\/scsi_id|dd if=)/;
  return host.commands
    .slice(since)
    .map((argv) => argv.join(' '))
    .filter((line) => !harmless.test(line));
}

function expectNothingHandedOut(result: VolumeResult, code: string): void {
  expect([codeOf(result.error), result.deviceInfo]).toEqual([code, undefined]);
}

describe('an attach never hands out another volume', () => {
  it('a stale device at the LUN is not taken for the volume that is mapped there now, and is not touched', async () => {
    const place = site();
    const { use, volume, fleet, host, initiator } = place;
    await use((connector) => connector.attach(volume()));
    const other = fleet.array.createVolume({ wwid: OTHER, sizeBytes: 2 ** 30 });
    fleet.array.map(fleet.targetName, initiator, 1, other);
    const [before, since] = [host.leftovers(), host.commands.length];
    const result = await use((connector) => connector.attach(volume({}, { wwid: OTHER })));
    expectNothingHandedOut(result, 'E_IDENTITY_MISMATCH');
    expect(result.error?.message).toContain('was 36001405');
    expect(host.leftovers()).toEqual(before);
    expect(changes(place, since)).toEqual([]);
  });

  it('the live answer counts, not what the kernel and the links remember', async () => {
    const { use, volume, fleet, host, initiator } = site();
    await use((connector) => connector.attach(volume()));
    const other = fleet.array.createVolume({ wwid: OTHER, sizeBytes: 2 ** 30 });
    fleet.array.map(fleet.targetName, initiator, 1, other);
    const wwid = volume().wwid ?? '';
    expect(host.files().canonical(`/dev/disk/by-id/scsi-${wwid}`)).toBe('/dev/dm-0');
    expectNothingHandedOut(await use((connector) => connector.attach(volume())), 'E_IDENTITY_MISMATCH');
  });

  it('links in /dev that lead elsewhere change nothing', async () => {
    const { use, volume, fleet, host } = site();
    const wwid = volume().wwid ?? '';
    for (const link of [
      `/dev/disk/by-id/scsi-${wwid}`,
      `/dev/disk/by-id/dm-uuid-mpath-${wwid}`,
      `/dev/mapper/${wwid}`,
    ]) {
      host.links.set(link, '/dev/vda');
    }
    const attached = await use((connector) => connector.attach(volume()));
    expect(attached).toMatchObject({ outcome: 'changed', deviceInfo: { path: '/dev/dm-0' } });
    host.links.clear();
    await use((connector) => connector.detach(volume(), null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('a device node that somebody has replaced by a link is not handed out', async () => {
    const { use, volume, fleet, host } = site({ volumesPerHost: 2 });
    await use((connector) => connector.attach(volume()));
    await use((connector) => connector.attach(secondVolume(fleet)));
    host.links.set('/dev/dm-0', '/dev/dm-1');
    const result = await use((connector) => connector.attach(volume()));
    expectNothingHandedOut(result, 'E_STUCK');
    expect(result.error?.message).toContain('direct read');
  });

  it('a path that does not say who it is stops it, and what was done is undone', async () => {
    const { use, volume, fleet, host } = site();
    const mute = meddled((request) => (runs('/lib/udev/scsi_id')(request) ? ended(1) : undefined));
    const result = await use((connector) => connector.attach(volume()), mute);
    expectNothingHandedOut(result, 'E_STUCK');
    expect(result.error?.message).toContain('not proven');
    expect(result.outcome).toBe('unknown');
    expect(fleet.leftovers()).toEqual([]);
    expect(host.commands.map((argv) => argv.join(' '))).not.toContain(`multipath -a ${volume().wwid}`);
  });

  it('a map in which another volume has a path is neither handed out nor changed', async () => {
    const place = site({ volumesPerHost: 2 });
    const { use, volume, host, fleet, initiator } = place;
    await use((connector) => connector.attach(volume()));
    await use((connector) => connector.attach(secondVolume(fleet)));
    const foreign = host.scsi.units.find((unit) => unit.lun === 2)?.disk;
    const table = host.deviceMapper.find('dm-0')?.table;
    if (foreign === undefined || foreign === null || table?.kind !== 'multipath') throw new Error('not attached');
    table.paths.push({ dev: foreign.dev, active: true, failCount: 0 });
    host.deviceMapper.reloaded();
    host.writeData('/dev/dm-0', 'of the first volume');
    const [before, since] = [host.leftovers(), host.commands.length];
    const attached = await use((connector) => connector.attach(volume()));
    expectNothingHandedOut(attached, 'E_IDENTITY_MISMATCH');
    expect(attached.error?.message).toContain(foreign.name);
    for (const force of [false, true]) {
      const result = await use((connector) => connector.detach(volume(), null, { force }));
      expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    }
    expect(host.leftovers()).toEqual(before);
    expect(changes(place, since)).toEqual([]);
    expect(fleet.array.unitAt(fleet.targetName, initiator, 2)?.data).toEqual([]);
  });

  it('one identity from two targets is two volumes until somebody has said that it is one', async () => {
    const place = site();
    const { use, volume, host, fleet, initiator } = place;
    const [portal = ''] = fleet.portals;
    fleet.array.addTarget(ANOTHER_TARGET, fleet.portals);
    fleet.array.allow(ANOTHER_TARGET, initiator, null);
    const twin = fleet.array.createVolume({ wwid: volume().wwid ?? '', sizeBytes: 2 ** 30 });
    fleet.array.map(ANOTHER_TARGET, initiator, 7, twin);
    const foreign = volume({
      target_portals: [portal],
      target_iqns: [ANOTHER_TARGET],
      target_luns: [7],
      auth_method: undefined,
    });
    await use((connector) => connector.attach({ ...foreign, multipath: true }));
    const before = host.leftovers();
    const result = await use((connector) => connector.attach(volume()));
    expectNothingHandedOut(result, 'E_IDENTITY_MISMATCH');
    expect(result.error?.message).toContain(ANOTHER_TARGET);
    expect(host.leftovers()).toEqual(before);
    const since = host.commands.length;
    const detached = await use((connector) => connector.detach(volume(), null));
    expect(codeOf(detached.error)).toBe('E_IDENTITY_MISMATCH');
    expect(changes(place, since)).toEqual([]);
    expect(host.leftovers()).toEqual(before);
  });

  it('only the wanted LUN appears, whatever else the array maps and the record says', async () => {
    const { use, volume, host, fleet } = site({ volumesPerHost: 4 });
    const [address = '', port = ''] = (fleet.portals[0] ?? '').split(':');
    host.nodes.create({ targetName: fleet.targetName, address, port: Number(port), iface: 'default' }, 1);
    await use((connector) => connector.attach(volume()));
    expect(host.scsi.units.map((unit) => unit.lun)).toEqual([1, 1]);
  });

  it('a path that another volume is behind at the next look is found by asking, not by its name', async () => {
    const { use, volume, fleet, host, initiator } = site();
    const other = fleet.array.createVolume({ wwid: OTHER, sizeBytes: 2 ** 30 });
    // the array remaps between the scan and the question
    const remap = justBefore(runs('/lib/udev/scsi_id'), () => fleet.array.map(fleet.targetName, initiator, 1, other));
    const result = await use((connector) => connector.attach(volume()), remap);
    expectNothingHandedOut(result, 'E_IDENTITY_MISMATCH');
    expect(other.data).toEqual([]);
    expect(host.scsi.units).toEqual([]);
  });
});

describe('a second attach of a volume in use', () => {
  it.each([
    ['another identity is wanted', { wwid: OTHER }, 'E_IDENTITY_MISMATCH'],
    ['another size is wanted', { sizeBytes: 2 ** 40 }, 'E_IDENTITY_MISMATCH'],
  ])('that fails because %s harms nothing', async (_, wish, code) => {
    const place = site();
    const { use, volume, host, fleet } = place;
    await use((connector) => connector.attach(volume()));
    host.mount('/dev/dm-0', '/srv/data');
    host.writeData('/dev/dm-0', 'not synced yet');
    const [before, since] = [fleet.leftovers(), host.commands.length];
    expectNothingHandedOut(await use((connector) => connector.attach(volume({}, wish))), code);
    expect(fleet.leftovers()).toEqual(before);
    expect(changes(place, since)).toEqual([]);
    expect(host.blocks.lostData).toEqual([]);
  });

  it('that fails after it has done something takes back only that', async () => {
    const place = site();
    const { use, volume, host, fleet } = place;
    const [, second = ''] = fleet.portals;
    fleet.array.setPortal(second, 'refusing');
    await use((connector) => connector.attach(volume()));
    fleet.array.setPortal(second, 'up');
    host.mount('/dev/dm-0', '/srv/data');
    host.writeData('/dev/dm-0', 'not synced yet');
    const before = fleet.leftovers();
    const since = host.commands.length;
    // the new path comes up, and then it does not say who it is
    const mute = meddled((request) => (runs('/lib/udev/scsi_id')(request) ? ended(1) : undefined));
    const result = await use((connector) => connector.attach(volume()), mute);
    expectNothingHandedOut(result, 'E_STUCK');
    expect(changes(place, since).join('\n')).not.toMatch(/multipath -f|sync|flushbufs/);
    expect(fleet.leftovers()).toEqual(expect.arrayContaining([...before]));
    expect(host.blocks.lostData).toEqual([]);
    expect(host.mounts.mounts).toHaveLength(1);
  });
});
