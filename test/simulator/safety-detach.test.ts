import { describe, expect, it } from 'vitest';
import { codeOf, secondVolume, type Site, site } from './iscsi-site.js';
import { ended, justBefore, meddled, runs, writesTo } from './meddle.js';

const OTHER = '36001405bbbbbbbbbbbbbbbbbbbbbbbbb';
const ANOTHER_TARGET = 'iqn.2010-10.org.longshore.sim:another';

function dataOf({ fleet, initiator }: Site, lun = 1): readonly string[] {
  return fleet.array.unitAt(fleet.targetName, initiator, lun)?.data ?? [];
}

function linesSince({ host }: Site, since: number): readonly string[] {
  return host.commands.slice(since).map((argv) => argv.join(' '));
}

/** An attached volume with data that nobody has synced. */
async function attached(options: Parameters<typeof site>[0] = {}): Promise<Site> {
  const place = site(options);
  expect(await place.use((connector) => connector.attach(place.volume()))).toMatchObject({ outcome: 'changed' });
  place.host.writeData('/dev/dm-0', 'not synced yet');
  return place;
}

describe('what a detach brings to the array before anything goes', () => {
  it('is found by what the host shows, not by how the volume is declared now', async () => {
    const place = await attached();
    const { use, volume, fleet } = place;
    expect(await use((connector) => connector.detach(volume({}, { multipath: false }), null))).toMatchObject({
      outcome: 'changed',
    });
    expect(dataOf(place)).toEqual(['not synced yet']);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('a map that cannot be removed keeps its paths and its sessions, and is no success', async () => {
    const place = await attached();
    const { use, volume, host } = place;
    const before = host.leftovers();
    const stuck = meddled((request) => (runs('multipath', '-f')(request) ? ended(1, { stderr: 'failed' }) : undefined));
    const result = await use((connector) => connector.detach(volume(), null), stuck);
    expect(codeOf(result.error)).toBe('E_DEVICE_NOT_REMOVED');
    expect(host.leftovers()).toEqual(before);
    expect(dataOf(place)).toEqual(['not synced yet']);
  });

  it.each([
    ['fails', ended(1, { stderr: 'sync: error syncing: Input/output error' })],
    ['runs out of time', ended(124, { timedOut: true })],
  ])('a flush that %s stops it once and for all, and nothing is removed', async (_, reply) => {
    const place = await attached();
    const { use, volume, host } = place;
    const [before, since] = [host.leftovers(), host.commands.length];
    let tries = 0;
    const bad = meddled((request) => {
      if (!runs('sync')(request)) return undefined;
      tries += 1;
      return reply;
    });
    const result = await use((connector) => connector.detach(volume(), null), bad);
    expect([codeOf(result.error), result.outcome, tries]).toEqual(['E_FLUSH_FAILED', 'failed', 1]);
    expect(result.error?.message).toContain('could not be written');
    expect(host.leftovers()).toEqual(before);
    expect(linesSince(place, since).filter((line) => /multipath -f|logout|flushbufs/.test(line))).toEqual([]);
  });

  it('a flush may take as long as the host has time', async () => {
    const { use, volume } = await attached();
    const limits: (number | undefined)[] = [];
    const listen = meddled((request) => {
      if (request.kind === 'run' && runs('sync')(request)) limits.push(request.timeoutMs);
      return undefined;
    });
    await use((connector) => connector.detach(volume(), null), listen);
    // os-brick gives up after 5 minutes; incident B5 took 8
    expect(limits.every((limit) => (limit ?? 0) > 3_600_000)).toBe(true);
    expect(limits).toHaveLength(1);
  });

  it('is not begun while the host has no memory to do it with', async () => {
    const place = await attached();
    const { use, volume, host } = place;
    host.condition.set({ availableMemoryPercent: 3 });
    const [before, since] = [host.leftovers(), host.commands.length];
    const result = await use((connector) => connector.detach(volume(), null));
    expect([codeOf(result.error), result.outcome]).toEqual(['E_LOW_MEMORY', 'refused']);
    expect(host.leftovers()).toEqual(before);
    expect(linesSince(place, since).join('\n')).not.toMatch(/sync|flushbufs|multipath -f/);
    expect(dataOf(place)).toEqual([]);
    host.condition.set({ availableMemoryPercent: 5 });
    expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'changed' });
    expect(dataOf(place)).toEqual(['not synced yet']);
  });

  it('is not asked of a suspended map, where it would hang', async () => {
    const place = site();
    const { use, volume, host } = place;
    await use((connector) => connector.attach(volume()));
    const map = host.deviceMapper.find('dm-0');
    if (map === undefined) throw new Error('no map');
    map.suspended = true;
    host.deviceMapper.reloaded();
    const since = host.commands.length;
    const result = await use((connector) => connector.detach(volume(), null));
    expect(codeOf(result.error)).toBe('E_STUCK');
    expect(result.error?.message).toContain('is suspended');
    expect(linesSince(place, since).join('\n')).not.toMatch(/sync|multipath -f/);
  });
});

describe('a detach removes this volume and nothing else', () => {
  it('a map number that has gone to another volume between two looks is not its own any more', async () => {
    const place = await attached({ volumesPerHost: 2 });
    const { use, volume, host, fleet } = place;
    const second = secondVolume(fleet);
    await use((connector) => connector.attach(second));
    // between the look and the flush: both maps go, and come back in the other order
    const exchange = meddled((request) => {
      const isGuard = request.kind === 'wait' && request.contents?.[0]?.filePath === '/sys/block/dm-0/dm/uuid';
      if (!isGuard || exchanged) return undefined;
      exchanged = true;
      const maps = host.deviceMapper.mappings;
      for (const map of maps) host.deviceMapper.remove(map);
      for (const map of [...maps].reverse()) host.deviceMapper.create(map);
      return undefined;
    });
    let exchanged = false;
    host.writeData('/dev/dm-1', 'of the second volume');
    const result = await use((connector) => connector.detach(volume(), null), exchange);
    expect(exchanged).toBe(true);
    expect(result).toMatchObject({ outcome: 'changed' });
    expect(host.deviceMapper.mappings.map((map) => map.name)).toEqual([second.wwid]);
    expect(host.scsi.units.map((unit) => unit.lun)).toEqual([2, 2]);
  });

  it('a disk letter that has gone to another disk between two looks is not flushed or removed', async () => {
    const place = site({ volumesPerHost: 2 });
    const { use, volume, host, fleet, initiator } = place;
    await use((connector) => connector.attach(volume({}, { multipath: false })));
    const other = fleet.array.createVolume({ wwid: OTHER, sizeBytes: 2 ** 30 });
    // the LUN is another volume's when the change is about to be made
    const remap = justBefore(runs('/lib/udev/scsi_id'), () => fleet.array.map(fleet.targetName, initiator, 1, other));
    host.writeData('/dev/sda', 'for the old volume');
    const since = host.commands.length;
    const result = await use((connector) => connector.detach(volume({}, { multipath: false }), null), remap);
    expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    expect(other.data).toEqual([]);
    expect(linesSince(place, since).filter((line) => /sync|flushbufs/.test(line))).toEqual([]);
  });

  it('the same LUN of another target stays', async () => {
    const place = await attached();
    const { use, volume, host, fleet, initiator } = place;
    fleet.array.addTarget(ANOTHER_TARGET, fleet.portals);
    fleet.array.allow(ANOTHER_TARGET, initiator, null);
    const other = fleet.array.createVolume({ wwid: OTHER, sizeBytes: 2 ** 30 });
    fleet.array.map(ANOTHER_TARGET, initiator, 1, other);
    const spec = volume({ target_iqns: fleet.portals.map(() => ANOTHER_TARGET), auth_method: undefined });
    await use((connector) => connector.attach({ ...spec, wwid: OTHER }));
    expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'changed' });
    expect(host.iscsi.sessions.map(({ facts }) => facts.targetName)).toEqual([ANOTHER_TARGET, ANOTHER_TARGET]);
    expect(host.deviceMapper.mappings.map((map) => map.name)).toEqual([OTHER]);
  });

  it('LUNs, sessions and map names that begin or end alike are told apart', async () => {
    const place = site({ volumesPerHost: 11 });
    const { use, volume, host, fleet } = place;
    const eleventh = fleet.volumes[10];
    if (eleventh === undefined) throw new Error('no eleventh volume');
    const { name, connectionInfo, wwid, sizeBytes } = eleventh;
    const spec = { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes };
    await use((connector) => connector.attach(spec));
    await use((connector) => connector.attach(volume()));
    host.writeData('/dev/dm-0', 'of the eleventh');
    expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'changed' });
    expect(host.scsi.units.map((unit) => unit.lun)).toEqual([11, 11]);
    expect(host.deviceMapper.mappings.map((map) => map.name)).toEqual([wwid]);
    expect(host.blocks.lostData).toEqual([]);
  });

  it('a holder on a single path is no multipath map: it is named, and neither flushed nor removed', async () => {
    const place = site();
    const { use, volume, host } = place;
    const spec = volume({}, { multipath: false });
    await use((connector) => connector.attach(spec));
    host.stack('/dev/sda', { name: 'crypt-data', uuid: 'CRYPT-LUKS2-0-crypt-data' });
    const [before, since] = [host.leftovers(), host.commands.length];
    for (const force of [false, true]) {
      const result = await use((connector) => connector.detach(spec, null, { force }));
      expect(codeOf(result.error)).toBe('E_DEVICE_BUSY');
      expect(result.error?.message).toContain('crypt-data');
    }
    expect(host.leftovers()).toEqual(before);
    expect(linesSince(place, since).join('\n')).not.toMatch(/multipath -f|sync|flushbufs/);
  });

  it('partition maps that nobody uses go with their map, in one go', async () => {
    const { use, volume, host, fleet } = await attached();
    const map = host.deviceMapper.find('dm-0');
    for (const part of ['1', '2']) {
      host.stack('/dev/dm-0', { name: `${map?.name}-part${part}`, uuid: `part${part}-${map?.uuid}` });
    }
    expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'changed' });
    expect(fleet.leftovers()).toEqual([]);
  });

  it('what an opener has for a moment is waited for, and what stays open is refused', async () => {
    const { use, volume, host, fleet } = await attached();
    const map = host.deviceMapper.find('dm-0');
    if (map === undefined) throw new Error('no map');
    map.openers = 1;
    let looks = 0;
    const closing = meddled((request) => {
      if (runs('dmsetup', 'info')(request)) looks += 1;
      if (looks > 2) map.openers = 0;
      return undefined;
    });
    expect(await use((connector) => connector.detach(volume(), null), closing)).toMatchObject({ outcome: 'changed' });
    expect(fleet.leftovers()).toEqual([]);
  });
});

describe('a detach ends only when nothing is left', () => {
  it('without a device, and with the path that it was told missing, the sessions go all the same', async () => {
    const { use, volume, host, fleet } = await attached();
    await host.multipath.removeMap(host.deviceMapper.mappings[0]!, new AbortController().signal);
    for (const unit of host.scsi.units) host.scsi.delete(unit);
    const gone = { type: 'block', path: '/dev/dm-0', scsi_wwn: volume().wwid ?? '' } as const;
    expect(await use((connector) => connector.detach(volume(), gone))).toMatchObject({ outcome: 'changed' });
    await expect.poll(() => fleet.leftovers()).toEqual([]);
  });

  it('disks that are there go although the path that it was told is missing', async () => {
    const { use, volume, fleet } = await attached();
    const gone = { type: 'block', path: '/dev/dm-9', scsi_wwn: volume().wwid ?? '' } as const;
    expect(await use((connector) => connector.detach(volume(), gone))).toMatchObject({ outcome: 'changed' });
    expect(fleet.leftovers()).toEqual([]);
  });

  it('a path that came after the attach goes too', async () => {
    const { use, volume, fleet, host } = site();
    const [, second = ''] = fleet.portals;
    fleet.array.setPortal(second, 'refusing');
    await use((connector) => connector.attach(volume()));
    fleet.array.setPortal(second, 'up');
    const [address = '', port = ''] = second.split(':');
    const entry = host.nodes.create({ targetName: fleet.targetName, address, port: Number(port), iface: 'default' });
    for (const [name, value] of Object.entries(chapOf(volume().data))) host.nodes.set(entry, name, value);
    await host.iscsi.login(entry, new AbortController().signal);
    expect(host.iscsi.sessions).toHaveLength(2);
    expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'changed' });
    expect(fleet.leftovers()).toEqual([]);
  });

  it('a disk that stays although it was told to go is an error, and its session stays', async () => {
    const place = await attached();
    const { use, volume, host } = place;
    const deaf = meddled((request) => {
      if (writesTo('/device/delete')(request)) return { kind: 'write', ok: true, error: '' };
      const waits = request.kind === 'wait' && request.absent?.some((one) => one.startsWith('/sys/class/scsi_device/'));
      return waits === true ? { kind: 'wait', ok: false, matches: [], remaining: request.absent ?? [] } : undefined;
    });
    const result = await use((connector) => connector.detach(volume(), null), deaf);
    expect(codeOf(result.error)).toBe('E_DEVICE_NOT_REMOVED');
    expect(result.warnings.join()).toContain('may be left on the host');
    expect(host.iscsi.sessions).toHaveLength(2);
    expect(dataOf(place)).toEqual(['not synced yet']);
  });

  it('a rescan by somebody else, between the removal and the last look, does not make it a false success', async () => {
    const place = await attached({ volumesPerHost: 2 });
    const { use, volume, host, fleet } = place;
    await use((connector) => connector.attach(secondVolume(fleet)));
    // the sessions stay for the second volume; multipathd's forgetting is waited for last
    const rescan = justBefore(
      (request) => request.kind === 'wait' && request.outputLacks !== undefined,
      async () => {
        for (const session of host.iscsi.sessions) await host.scsi.scan(session, 1);
      },
    );
    const result = await use((connector) => connector.detach(volume(), null), rescan);
    expect(result).toMatchObject({ outcome: 'changed' });
    expect(host.scsi.units.map((unit) => unit.lun)).toEqual([2, 2]);
    expect(host.deviceMapper.mappings.map((map) => map.name)).toEqual([secondVolume(fleet).wwid]);
  });

  it('a late event of multipathd does not hit the next attach', async () => {
    const { use, volume, host, fleet } = site({ delays: { multipathdMs: 150 } });
    for (let round = 0; round < 2; round += 1) {
      const result = await use((connector) => connector.attach(volume()));
      expect(result.warnings).toEqual([]);
      expect(result.paths.map(({ state }) => state)).toEqual(['active', 'active']);
      expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'changed' });
      expect([fleet.leftovers(), host.multipath.paths]).toEqual([[], []]);
    }
  });

  it('a daemon that does not forget a path by itself is told to, by the path and not by a reconfigure', async () => {
    const place = await attached();
    const { use, volume, host, fleet } = place;
    const listed = host.multipath.paths.map(({ name }) => `${name}\n`).join('');
    let isTold = false;
    const stale = meddled((request) => {
      if (runs('multipathd', 'del', 'path')(request)) isTold = true;
      const asks = request.kind === 'wait' && request.outputLacks !== undefined;
      if (asks && !isTold) return { kind: 'wait', ok: false, matches: [], remaining: [] };
      return runs('multipathd', 'show', 'paths')(request) && !isTold ? ended(0, { stdout: listed }) : undefined;
    });
    expect(await use((connector) => connector.detach(volume(), null), stale)).toMatchObject({ outcome: 'changed' });
    expect(isTold).toBe(true);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('a daemon is not told to forget a path whose name has gone to a disk of somebody else meanwhile', async () => {
    const place = await attached({ volumesPerHost: 2 });
    const { use, volume, host, fleet } = place;
    const own = host.multipath.paths.map(({ name }) => name);
    // the sessions stay for the second volume
    await use((connector) => connector.attach(secondVolume(fleet)));
    const other = fleet.array.createVolume({ wwid: '36001405ffffffffffffffffffffffff0', sizeBytes: 2 ** 30 });
    fleet.array.map(fleet.targetName, host.environment.initiatorName, 9, other);
    let isTold = false;
    const late = meddled(async (request) => {
      if (runs('multipathd', 'del', 'path')(request)) isTold = true;
      if (request.kind !== 'wait' || request.outputLacks === undefined) return undefined;
      for (const session of host.iscsi.sessions) await host.scsi.scan(session, 9);
      return { kind: 'wait', ok: false, matches: [], remaining: [] };
    });
    const result = await use((connector) => connector.detach(volume(), null), late);
    const appeared = host.scsi.units.flatMap(({ lun, disk }) => (lun === 9 ? [disk?.name] : []));
    expect(appeared.some((name) => own.includes(name ?? ''))).toBe(true);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'E_DEVICE_NOT_REMOVED' } });
    expect(result.error?.message).toContain('a disk has that name again');
    expect(isTold).toBe(false);
  });

  it('a session on which something has appeared since is not logged out', async () => {
    const place = await attached({ volumesPerHost: 2 });
    const { use, volume, host } = place;
    // between the removal of the disk and the logout, somebody attaches another LUN through the same sessions
    const appears = meddled(async (request) => {
      if (
        request.kind === 'wait' &&
        request.contents?.some(({ filePath }) => filePath.endsWith('/targetname')) &&
        request.absent !== undefined
      ) {
        const sid = /session(\d+)/.exec(request.absent[0] ?? '')?.[1];
        const session = host.iscsi.sessions.find(({ facts }) => String(facts.sid) === sid);
        if (session !== undefined) await host.scsi.scan(session, 2);
      }
      expect(runs('iscsiadm', '-m', 'session')(request)).toBe(false);
      return undefined;
    });
    await use((connector) => connector.detach(volume(), null), appears);
    expect(host.iscsi.sessions).toHaveLength(2);
    expect(host.scsi.units.map((unit) => unit.lun)).toEqual([2, 2]);
    expect(dataOf(place)).toEqual(['not synced yet']);
  });

  it.each([10, 11])(
    'a session that cannot be logged out (exit %i) is tried a few times, then left and named',
    async (exit) => {
      const place = await attached();
      const { use, volume, host } = place;
      let tries = 0;
      const never = meddled((request) => {
        if (!runs('iscsiadm', '-m', 'session', '-r', '1')(request)) return undefined;
        tries += 1;
        return ended(exit);
      });
      const result = await use((connector) => connector.detach(volume(), null), never);
      expect([codeOf(result.error), tries]).toEqual(['E_DEVICE_NOT_REMOVED', 3]);
      expect(result.error?.message).toMatch(
        /session 1 of iqn\.\S+ at 10\.1\.0\.1:3260 cannot be logged out: iscsiadm exit 1[01], /,
      );
      expect(result.warnings.join()).toMatch(/may be left on the host: session 1 at 10\.1\.0\.1:3260/);
      expect(host.iscsi.sessions.map(({ facts }) => facts.sid)).toEqual([1]);
      expect(host.nodes.entries.map((entry) => entry.address)).toContain('10.1.0.1');
    },
  );

  it('a LUN as text, a portal without a port and an IQN in capitals are the volume all the same', async () => {
    const place = await attached();
    const { use, volume, fleet } = place;
    const spelled = volume({
      target_portals: fleet.portals.map((portal) => portal.replace(':3260', ',1')),
      target_iqns: fleet.portals.map(() => fleet.targetName.toUpperCase()),
      target_luns: ['1', '1'],
    });
    expect(await use((connector) => connector.detach(spelled, null))).toMatchObject({ outcome: 'changed' });
    expect(dataOf(place)).toEqual(['not synced yet']);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('by force a map without any path goes too: its queue is told to fail, by its name and alone', async () => {
    const place = site({ delays: { replacementMs: 30 } });
    const { use, volume, host, fleet } = place;
    await use((connector) => connector.attach(volume()));
    for (const portal of fleet.portals) fleet.array.setPortal(portal, 'refusing');
    await expect.poll(() => host.iscsi.sessions.map(({ state }) => state)).toEqual(['FREE', 'FREE']);
    const since = host.commands.length;
    await use((connector) => connector.detach(volume(), null, { force: true }));
    expect(fleet.leftovers()).toEqual([]);
    expect(linesSince(place, since)).toContain(`dmsetup message ${volume().wwid} 0 fail_if_no_path`);
  });

  it('what was asked for is checked before anything is asked of the host', async () => {
    const { use, volume, host } = site();
    for (const data of [
      { target_iqns: ['', ''] },
      { target_luns: ['', ''] },
      { target_portals: [] },
      { target_luns: [1] },
    ]) {
      const detaching = use((connector) => connector.detach(volume(data), null));
      await expect(detaching).rejects.toMatchObject({ code: expect.stringMatching(/E_VOLUME|E_PARSE/) as string });
    }
    const empty = { type: 'block', path: '', scsi_wwn: '3', multipath_id: '3' } as const;
    await expect(use((connector) => connector.detach(volume(), empty))).rejects.toMatchObject({ code: 'E_PARSE' });
    expect(host.commands).toEqual([]);
  });
});

function chapOf(data: Readonly<Record<string, unknown>>): Record<string, string> {
  return {
    'node.session.scan': 'auto',
    'node.session.auth.authmethod': 'CHAP',
    'node.session.auth.username': String(data['auth_username']),
    'node.session.auth.password': String(data['auth_password']),
  };
}
