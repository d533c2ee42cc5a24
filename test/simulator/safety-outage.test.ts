import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { codeOf, type Site, site } from './iscsi-site.js';
import { ended, justBefore, meddled, runs } from './meddle.js';

const FOUR = ['10.1.0.1:3260', '10.2.0.1:3260', '10.3.0.1:3260', '10.4.0.1:3260'];
const EIGHT = Array.from({ length: 8 }, (_, index) => `10.${index + 1}.0.1:3260`);

function linesSince({ host }: Site, since: number): readonly string[] {
  return host.commands.slice(since).map((argv) => argv.join(' '));
}

/** All portals stop answering, and the initiator has given the sessions up. */
async function outage({ fleet, host }: Site): Promise<void> {
  for (const portal of fleet.portals) fleet.array.setPortal(portal, 'down');
  await expect.poll(() => host.iscsi.sessions.every(({ state }) => state === 'FREE')).toBe(true);
}

async function overAgain({ fleet, host }: Site): Promise<void> {
  for (const portal of fleet.portals) fleet.array.setPortal(portal, 'up');
  await expect.poll(() => host.iscsi.sessions.every(({ state }) => state === 'LOGGED_IN')).toBe(true);
}

describe('all paths down', () => {
  it('is an outage and no orphan: nothing is removed, logged out or scanned, and all of it comes back', async () => {
    const place = site();
    const { use, volume, host, fleet, initiator } = place;
    await use((connector) => connector.attach(volume()));
    host.mount('/dev/dm-0', '/srv/data');
    host.writeData('/dev/dm-0', 'in the page cache');
    await outage(place);
    const [before, since] = [fleet.leftovers(), host.commands.length];
    const status = await use((connector) => connector.status([volume()]));
    expect(status.get('data')?.deviceInfo?.path).toBe('/dev/dm-0');
    expect(status.get('data')?.paths.map(({ state }) => state)).toEqual(['transport-offline', 'transport-offline']);
    for (const verb of ['attach', 'detach'] as const) {
      const result = await use((connector) =>
        verb === 'attach' ? connector.attach(volume()) : connector.detach(volume(), null),
      );
      expect([verb, result.error === undefined]).toEqual([verb, false]);
    }
    expect(fleet.leftovers()).toEqual(before);
    expect(linesSince(place, since).join('\n')).not.toMatch(/--logout|multipath -f|-o delete|sync|flushbufs|del path/);
    await overAgain(place);
    host.mounts.unmount('/srv/data');
    expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'changed' });
    expect(fleet.array.unitAt(fleet.targetName, initiator, 1)?.data).toEqual(['in the page cache']);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('with I/O outstanding, not even force gives that I/O up, and the error says who can', async () => {
    const place = site();
    const { use, volume, host, fleet, initiator } = place;
    await use((connector) => connector.attach(volume()));
    host.writeData('/dev/dm-0', 'on its way');
    await outage(place);
    const before = fleet.leftovers();
    const result = await use((connector) => connector.detach(volume(), null, { force: true }));
    expect(codeOf(result.error)).toBe('E_DEVICE_BUSY');
    expect((result.error as LongshoreError).details.remedy).toContain('disablequeueing');
    expect(fleet.leftovers()).toEqual(before);
    await overAgain(place);
    expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'changed' });
    expect(fleet.array.unitAt(fleet.targetName, initiator, 1)?.data).toEqual(['on its way']);
  });

  it('over, but multipathd has not given the paths back: the data is not written into a map that would fail it', async () => {
    const place = site({ delays: { checkerMs: 600 } });
    const { use, volume, host, fleet, initiator } = place;
    await use((connector) => connector.attach(volume()));
    host.writeData('/dev/dm-0', 'in the page cache');
    await outage(place);
    const { table } = host.deviceMapper.mappings[0] ?? {};
    if (table?.kind !== 'multipath') throw new Error('no map');
    // multipathd has given its queue up by now
    await expect.poll(() => table.paths.map(({ active }) => active)).toEqual([false, false]);
    table.queueIfNoPath = false;
    await overAgain(place);
    expect(table.paths.map(({ active }) => active)).toEqual([false, false]);
    const result = await use((connector) => connector.detach(volume(), null));
    expect(result.error).toBeUndefined();
    expect(fleet.array.unitAt(fleet.targetName, initiator, 1)?.data).toEqual(['in the page cache']);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('without a map, a disk that does not answer is not removed without its data', async () => {
    const place = site();
    const { use, volume, host, fleet } = place;
    const spec = volume({}, { multipath: false });
    await use((connector) => connector.attach(spec));
    host.writeData('/dev/sda', 'in the page cache');
    await outage(place);
    const before = fleet.leftovers();
    const notBack = meddled((request) =>
      request.kind === 'wait' && request.contents?.some(({ values }) => values.includes('LOGGED_IN')) === true
        ? { kind: 'wait', ok: false, matches: [], remaining: [] }
        : undefined,
    );
    const result = await use((connector) => connector.detach(spec, null), notBack);
    expect(codeOf(result.error)).toBe('E_FLUSH_FAILED');
    expect(fleet.leftovers()).toEqual(before);
  });
});

describe('dead portals', () => {
  it('one costs one login that is not repeated, by a record that bounds it', async () => {
    const { use, volume, host, fleet } = site();
    const [dead = ''] = fleet.portals;
    fleet.array.setPortal(dead, 'hanging');
    let settings: ReadonlyMap<string, string> = new Map();
    const look = justBefore(runs('iscsiadm', '-m', 'node', '-T', fleet.targetName, '-p', dead, '--login'), () => {
      const lines = host.nodes.entries.find(({ address }) => dead.startsWith(address))?.appended ?? [];
      settings = new Map(lines.map((line) => line.split(' = ') as [string, string]));
    });
    expect(await use((connector) => connector.attach(volume()), look)).toMatchObject({ outcome: 'changed' });
    expect(fleet.array.loginAttempts.filter(({ portal }) => portal === dead)).toHaveLength(1);
    // one try of 10 s: with open-iscsi's own settings it is 8 of 15 s
    expect(settings.get('node.session.initial_login_retry_max')).toBe('1');
    expect(settings.get('node.conn[0].timeo.login_timeout')).toBe('10');
  });

  it('six of eight do not cost six waits, and a secret is still proven before it goes everywhere', async () => {
    const { use, volume, fleet } = site({ portals: EIGHT, delays: { loginTimeoutMs: 300 } });
    for (const portal of EIGHT.slice(0, 6)) fleet.array.setPortal(portal, 'hanging');
    const waves = new Set<number>();
    let wave = 0;
    const listen = meddled((request) => {
      if (request.kind === 'read') wave += 1;
      if (request.kind === 'run' && request.argv.includes('--login')) waves.add(wave);
      return undefined;
    });
    const result = await use((connector) => connector.attach(volume()), listen);
    expect(result.paths.filter(({ state }) => state === 'active')).toHaveLength(2);
    expect(waves.size).toBeLessThanOrEqual(4);
  });

  it('a wrong secret behind a dead portal is tried no more than the portals that were dead', async () => {
    const { use, volume, fleet } = site({ portals: FOUR });
    fleet.array.setPortal(FOUR[0] ?? '', 'refusing');
    const result = await use((connector) => connector.attach(volume({ auth_password: 'not-the-secret' })));
    expect(codeOf(result.error)).toBe('E_LOGIN_REJECTED');
    expect(fleet.array.loginAttempts.filter(({ answer }) => answer === 'unauthorized').length).toBeLessThanOrEqual(2);
    expect(fleet.leftovers()).toEqual([]);
  });
});

describe('what is missing', () => {
  it('a path that was down is completed by the next attach, which logs in there and nowhere else', async () => {
    const { use, volume, host, fleet } = site({ portals: FOUR });
    await use((connector) => connector.attach(volume()));
    const [session] = host.iscsi.sessions;
    if (session === undefined) throw new Error('no session');
    await host.iscsi.logout(session, new AbortController().signal);
    await expect.poll(() => host.multipath.paths).toHaveLength(3);
    const tried = fleet.array.loginAttempts.length;
    const result = await use((connector) => connector.attach(volume()));
    expect(result).toMatchObject({ outcome: 'changed', warnings: [] });
    expect(result.paths.map(({ state }) => state)).toEqual(['active', 'active', 'active', 'active']);
    expect(fleet.array.loginAttempts.slice(tried).map(({ portal }) => portal)).toEqual([session.portal]);
  });

  it('a disk that comes late needs no second scan', async () => {
    const { use, volume, host } = site({ delays: { diskProbeMs: 700 } });
    const scans: string[] = [];
    const listen = meddled((request) => {
      if (request.kind === 'write' && String(request.filePath).endsWith('/scan')) scans.push(String(request.filePath));
      return undefined;
    });
    expect(await use((connector) => connector.attach(volume()), listen)).toMatchObject({
      outcome: 'changed',
      warnings: [],
    });
    expect(scans).toHaveLength(2);
    expect(host.scsi.units).toHaveLength(2);
  });

  it.each([0, 15])('a login that ends with %i and shows no session is not repeated', async (exit) => {
    const { use, volume, fleet } = site();
    let logins = 0;
    const empty = meddled((request) => {
      if (request.kind !== 'run' || !request.argv.includes('--login')) return undefined;
      logins += 1;
      return { ...ended(exit), ok: true };
    });
    const result = await use((connector) => connector.attach(volume()), empty);
    expect([codeOf(result.error), logins]).toEqual(['E_DEVICE_NOT_FOUND', 2]);
    expect(result.error?.message).toContain('no session shows');
    expect(fleet.leftovers()).toEqual([]);
  });

  it('a map that multipathd does not make is asked for twice, whatever it answers, and then said', async () => {
    const place = site({ findMultipaths: 'strict' });
    const { use, volume } = place;
    const other = meddled((request) => {
      if (runs('multipath', '-a')(request)) return ended(0, { stdout: 'another sentence\n' });
      const waits = request.kind === 'wait' && request.present?.some((one) => one.includes('/holders/dm-'));
      return waits === true ? { kind: 'wait', ok: false, matches: [], remaining: [] } : undefined;
    });
    const since = place.host.commands.length;
    const result = await use((connector) => connector.attach(volume()), other);
    expect(result.warnings.join()).toContain('multipathd made no map');
    expect(result.deviceInfo?.path).toMatch(/^\/dev\/sd/);
    expect(linesSince(place, since).filter((line) => line.startsWith('multipathd add path'))).toHaveLength(4);
  });
});

describe('two controllers at once', () => {
  it('wait for each other: the volume is attached once', async () => {
    const { use, volume, fleet } = site();
    const attach = () => use((connector) => connector.attach(volume()));
    const results = await Promise.all([attach(), attach()]);
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['changed', 'ok']);
    expect(fleet.array.loginAttempts).toHaveLength(2);
  });
});

describe('a command that hangs', () => {
  it('is named by its pid and where the kernel holds it, when its time is up', async () => {
    const { use, volume, host } = site();
    await use((connector) => connector.attach(volume()));
    const before = host.leftovers();
    const hangs = meddled((request) => {
      if (!runs('sync')(request)) return undefined;
      host.condition.set({
        blockedTasks: [
          { pid: 4711, name: 'sync', seconds: 300 },
          { pid: 12, name: 'jbd2/vda1-8', seconds: 0 },
        ],
      });
      return ended(124, { timedOut: true });
    });
    const result = await use((connector) => connector.detach(volume(), null), hangs);
    expect(codeOf(result.error)).toBe('E_FLUSH_FAILED');
    expect(result.error?.message).toContain('sync (pid 4711) is in state D in io_schedule');
    expect(result.error?.message).not.toContain('jbd2');
    expect(host.leftovers()).toEqual(before);
  });

  it('is named too when nothing was heard of it any more', async () => {
    const { use, volume, host } = site();
    await use((connector) => connector.attach(volume()));
    const silent = meddled((request) => {
      if (!runs('multipath', '-f')(request)) return undefined;
      host.condition.set({ blockedTasks: [{ pid: 4712, name: 'multipath', seconds: 300 }] });
      throw new LongshoreError(
        'E_OUTCOME_UNKNOWN',
        'the host did not answer in time; the command may still be running',
      );
    });
    const result = await use((connector) => connector.detach(volume(), null), silent);
    expect([codeOf(result.error), result.outcome]).toEqual(['E_OUTCOME_UNKNOWN', 'unknown']);
    expect(result.error?.message).toContain('multipath (pid 4712) is in state D in io_schedule');
  });
});

describe('what the host boots from', () => {
  const IBFT = '/sys/firmware/ibft/target0';

  function boots({ host, fleet }: Site, lun: string): void {
    const [address = '', port = ''] = (fleet.portals[0] ?? '').split(':');
    host.placed.write(`${IBFT}/target-name`, `${fleet.targetName}\n`);
    host.placed.write(`${IBFT}/ip-addr`, `${address}\n`);
    host.placed.write(`${IBFT}/port`, `${port}\n`);
    host.placed.write(`${IBFT}/lun`, `${lun}\n`);
  }

  it('is not detached, by force neither, and another LUN of its session goes without the session', async () => {
    const place = site({ volumesPerHost: 2 });
    const { use, volume, host } = place;
    await use((connector) => connector.attach(volume()));
    boots(place, '01000000');
    const [before, since] = [host.leftovers(), host.commands.length];
    for (const force of [false, true]) {
      const result = await use((connector) => connector.detach(volume(), null, { force }));
      expect(codeOf(result.error)).toBe('E_DEVICE_BUSY');
      expect(result.error?.message).toContain('boots from');
    }
    expect(host.leftovers()).toEqual(before);
    expect(linesSince(place, since).join('\n')).not.toMatch(/sync|multipath -f|--logout/);
    boots(place, '02000000');
    const result = await use((connector) => connector.detach(volume(), null));
    expect(result).toMatchObject({ outcome: 'changed' });
    expect(result.warnings.join()).toContain('the host boots by it');
    expect(host.iscsi.sessions.map(({ portal }) => portal)).toEqual(['10.1.0.1:3260']);
    expect(host.nodes.entries.map(({ address }) => address)).toEqual(['10.1.0.1']);
  });

  it('has a record that is not written', async () => {
    const { use, volume, host, fleet } = site();
    const [address = '', port = ''] = (fleet.portals[0] ?? '').split(':');
    const entry = host.nodes.create({ targetName: fleet.targetName, address, port: Number(port), iface: 'default' }, 1);
    host.nodes.set(entry, 'node.startup', 'onboot');
    const before = [...entry.settings];
    const result = await use((connector) => connector.attach(volume()));
    expect(codeOf(result.error)).toBe('E_DEVICE_BUSY');
    expect([[...entry.settings], entry.appended, fleet.array.loginAttempts]).toEqual([before, [], []]);
  });

  it('and every disk that is not behind iSCSI is not even looked at', async () => {
    const { use, volume, host } = site();
    const asked: string[] = [];
    const listen = meddled((request) => {
      asked.push(JSON.stringify(request));
      return undefined;
    });
    await use((connector) => connector.attach(volume()), listen);
    await use((connector) => connector.detach(volume(), null), listen);
    expect(asked.filter((one) => /vda|\/sys\/block\/sd\*|\/sys\/class\/block\/\*|\/dev\/sd\*/.test(one))).toEqual([]);
    expect(host.blocks.find('vda')).toBeDefined();
  });
});
