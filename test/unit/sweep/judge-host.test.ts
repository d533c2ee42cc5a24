import { describe, expect, it } from 'vitest';
import { RECORD_MARKS } from '../../../src/linux/node-records.js';
import type { DmDevice, ScsiDevice, StorageState } from '../../../src/linux/storage-state.js';
import { auditFleet } from '../../../src/sweep/audit-fleet.js';
import { claimsOf } from '../../../src/sweep/claims.js';
import type { HostLook } from '../../../src/sweep/cross-host.js';
import type { HostSnapshot } from '../../../src/sweep/host-snapshot.js';
import { judgeHost } from '../../../src/sweep/judge-host.js';
import { planSweep, quarantineKey } from '../../../src/sweep/sweep-plan.js';
import { snapshot } from './snapshots.js';
import {
  disk,
  map,
  OTHER_WWID,
  PORTALS,
  record,
  session,
  state,
  TARGET,
  volume,
  WWID,
} from '../connectors/storage-states.js';

const GONE = { kind: 'not-supported', exit: 5 } as const;
const LUKS = `CRYPT-LUKS2-${'0123456789abcdef'.repeat(2)}-secret`;
const free = (index: 0 | 1): ScsiDevice => {
  const { block, ...rest } = disk(index);
  if (block === null) throw new Error('no disk');
  return { ...rest, block: { ...block, holders: [] } };
};

const attached = (paths: 'active' | 'failed' = 'active', extra: Partial<DmDevice> = {}): StorageState => {
  const disks = [disk(0), disk(1)];
  const mapPaths = disks.map(({ block }) => ({ dev: block?.dev ?? '', active: paths === 'active' }));
  return state({
    sessions: [session(0), session(1)],
    scsiDevices: disks,
    dmDevices: [map(disks, { mapPaths, ...extra })],
  });
};
const both = (answer: HostSnapshot['answers'] extends ReadonlyMap<unknown, infer A> ? A : never) =>
  new Map([disk(0), disk(1)].map(({ hctl }) => [hctl, answer] as const));

/** class of the object of that kind; the first of several */
function verdict(seen: HostSnapshot, kind: string, claims = claimsOf([]), down = new Map()): string | undefined {
  return judgeHost(seen, claims, down).find((object) => object.kind === kind)?.class;
}

describe('a multipath map', () => {
  it.each([
    ['works', snapshot(attached()), 'foreign'],
    [
      'has failed paths that answer nothing',
      snapshot(attached('failed'), { answers: both({ kind: 'unknown', reason: 'no answer' }) }),
      'unknown',
    ],
    [
      'has failed paths that the array does not know',
      snapshot(attached('failed'), { answers: both(GONE) }),
      'candidate',
    ],
    [
      'has paths that the array does not know and the kernel has not given up',
      snapshot(attached(), { answers: both(GONE) }),
      'unknown',
    ],
    [
      'has paths of another volume',
      snapshot(attached('failed'), { answers: both({ kind: 'identity', wwid: OTHER_WWID }) }),
      'unknown',
    ],
    ['is dead and open', snapshot(attached('failed', { openCount: 1 }), { answers: both(GONE) }), 'foreign'],
    [
      'is dead, and how often it is open is not known',
      snapshot(attached('failed', { openCount: null }), { answers: both(GONE) }),
      'unknown',
    ],
    [
      'is dead and mounted elsewhere',
      snapshot(
        {
          ...attached('failed'),
          mounts: [{ dev: '253:0', source: '/dev/dm-0', mountPoint: '/x', fsType: 'ext4', pid: 9 }],
        },
        { answers: both(GONE) },
      ),
      'foreign',
    ],
    [
      'is dead, and mounts could not be read',
      snapshot({ ...attached('failed'), unknowns: [{ subject: 'mounts', reason: 'x' }] }, { answers: both(GONE) }),
      'unknown',
    ],
    ['has no path', snapshot(state({ dmDevices: [map([])] })), 'candidate'],
    [
      'has no path, and what it is made of could not be read',
      snapshot(state({ dmDevices: [map([])] }), { dependencies: null }),
      'unknown',
    ],
    [
      'holds the root file system',
      snapshot(
        { ...attached('failed'), mounts: [{ dev: '253:0', source: '/dev/dm-0', mountPoint: '/', fsType: 'ext4' }] },
        { answers: both(GONE) },
      ),
      'foreign',
    ],
  ])('that %s', (_, seen, expected) => {
    expect(verdict(seen, 'map')).toBe(expected);
  });

  it('of a declared volume is owned, however dead it is', () => {
    const seen = snapshot(attached('failed'), { answers: both(GONE) });
    expect(verdict(seen, 'map', claimsOf([volume({ wwid: WWID })]))).toBe('owned');
    expect(verdict(seen, 'map', claimsOf([volume()]))).toBe('owned');
    expect(verdict(seen, 'map', claimsOf([volume({ wwid: OTHER_WWID })]))).toBe('candidate');
  });
});

describe('a disk', () => {
  const lone = (extra: Partial<ScsiDevice> = {}): StorageState =>
    state({ sessions: [session(0)], scsiDevices: [{ ...free(0), ...extra }] });
  const answering = (answer: Parameters<typeof both>[0]) => ({ answers: both(answer) });

  it.each([
    ['that answers as itself', snapshot(lone()), 'foreign'],
    ['that the array does not know', snapshot(lone(), answering(GONE)), 'candidate'],
    ['that is another volume now', snapshot(lone(), answering({ kind: 'identity', wwid: OTHER_WWID })), 'candidate'],
    ['that answers nothing', snapshot(lone(), answering({ kind: 'unknown', reason: 'x' })), 'unknown'],
    ['that somebody set offline', snapshot(lone({ state: 'offline' }), answering(GONE)), 'unknown'],
    ['without an identity', snapshot(lone({ cachedWwid: null }), answering(GONE)), 'unknown'],
    [
      'of a session that is down',
      snapshot({ ...lone(), sessions: [session(0, { state: 'FAILED' })] }, answering(GONE)),
      'unknown',
    ],
    ['of a boot target', snapshot(lone(), { ...answering(GONE), bootTargets: new Set([TARGET]) }), 'foreign'],
    [
      'that a working map holds',
      snapshot(attached('active'), answering({ kind: 'identity', wwid: OTHER_WWID })),
      'foreign',
    ],
  ])('%s', (_, seen, expected) => {
    expect(verdict(seen, 'device')).toBe(expected);
  });
});

describe('a LUKS mapping', () => {
  const luks = (extra: Partial<DmDevice> = {}): DmDevice =>
    map([], { name: 'dm-5', dev: '253:5', dmName: 'secret', dmUuid: LUKS, mapWwid: null, mapPaths: [], ...extra });
  const on = (dev: string, extra: Partial<DmDevice> = {}, more: Partial<HostSnapshot> = {}): HostSnapshot =>
    snapshot(state({ dmDevices: [luks(extra)] }), { dependencies: new Map([['secret', [dev]]]), ...more });

  it.each([
    ['on a device that is gone', on('8:16'), 'candidate'],
    ['on a device that is there', on('254:0'), 'foreign'],
    ['on one that is gone, and open', on('8:16', { openCount: 1 }), 'foreign'],
    ['that crypttab names', on('8:16', {}, { configured: ['secret', 'UUID=x'] }), 'foreign'],
    [
      'whose header crypttab names',
      on('8:16', {}, { configured: ['data', 'UUID=01234567-89ab-cdef-0123-456789abcdef'] }),
      'foreign',
    ],
    ['when crypttab could not be read', on('8:16', {}, { configured: null }), 'unknown'],
    ['when no device could be listed', on('8:16', {}, { blockNumbers: null }), 'unknown'],
    ['of another kind', on('8:16', { dmUuid: 'CRYPT-PLAIN-secret' }), 'foreign'],
  ])('%s', (_, seen, expected) => {
    expect(verdict(seen, 'mapping')).toBe(expected);
  });
});

describe('an LVM volume', () => {
  const [group, other] = ['g'.repeat(32), 'o'.repeat(32)];
  /** two volumes, each on one device: the first on one that is gone unless told otherwise */
  const volumes = (second: string, dev: string, first = '8:16'): HostSnapshot => {
    const lv = (name: string, dm: number, uuid: string): DmDevice =>
      map([], { name: `dm-${dm}`, dev: `253:${dm}`, dmName: name, dmUuid: uuid, mapWwid: null, mapPaths: [] });
    const dmDevices = [lv('vg-a', 5, `LVM-${group}${'a'.repeat(32)}`), lv('vg-b', 6, `LVM-${second}${'b'.repeat(32)}`)];
    const dependencies = new Map([
      ['vg-a', [first]],
      ['vg-b', [dev]],
    ]);
    return snapshot(state({ dmDevices }), { dependencies });
  };

  it.each([
    ['whose device is there is left alone', volumes(other, '254:0', '254:0'), 'foreign'],
    ['whose device is gone may go beside another group', volumes(other, '254:0'), 'candidate'],
    ['whose device is gone may go with its whole group', volumes(group, '8:32'), 'candidate'],
    ['whose device is gone stays while another volume of its group has its device', volumes(group, '254:0'), 'unknown'],
  ])('%s', (_, seen, expected) => {
    expect(judgeHost(seen, [], new Map()).find(({ key }) => key.includes('aaaa'))?.class).toBe(expected);
  });
});

describe('a session and a record', () => {
  const made = { ...record(0), mark: 'made' } as const;
  const down = session(0, { state: 'FAILED' });
  const missed = new Map([[PORTALS[0], 1]]);

  it.each([
    ['down, and nobody misses its portal', snapshot(state({ sessions: [down] })), new Map(), 'candidate'],
    ['down, and others through its portal too', snapshot(state({ sessions: [down] })), missed, 'unknown'],
    [
      'logged in by a record that Longshore made',
      snapshot(state({ sessions: [session(0)], nodeRecords: [made] })),
      new Map(),
      'candidate',
    ],
    [
      'logged in by a record of others',
      snapshot(state({ sessions: [session(0)], nodeRecords: [record(0)] })),
      new Map(),
      'foreign',
    ],
    [
      'to a boot target',
      snapshot(state({ sessions: [down] }), { bootTargets: new Set([TARGET]) }),
      new Map(),
      'foreign',
    ],
    [
      'by a record for the next boot',
      snapshot(state({ sessions: [down], nodeRecords: [{ ...made, startup: 'onboot' }] })),
      new Map(),
      'foreign',
    ],
    ['that carries a disk', snapshot(state({ sessions: [down], scsiDevices: [free(0)] })), new Map(), 'foreign'],
    [
      'of which something could not be read',
      snapshot(
        state({
          sessions: [down],
          unknowns: [{ subject: '/sys/class/iscsi_session/session1/device/target0:0:0', reason: 'x' }],
        }),
      ),
      new Map(),
      'unknown',
    ],
  ])('session %s', (_, seen, portals, expected) => {
    expect(verdict(seen, 'session', claimsOf([]), portals)).toBe(expected);
    expect(verdict(seen, 'session', claimsOf([volume()]), portals)).not.toBe('candidate');
  });

  it.each([
    ['that Longshore made', snapshot(state({ nodeRecords: [made] })), 'candidate'],
    ['of others', snapshot(state({ nodeRecords: [record(0)] })), 'foreign'],
    [
      'with a session',
      snapshot(state({ nodeRecords: [made], sessions: [session(0)], scsiDevices: [free(0)] })),
      'foreign',
    ],
    [
      'that is there twice',
      snapshot(state({ nodeRecords: [made, { ...made, iface: 'iser', filePath: '/x' }] })),
      'unknown',
    ],
    [
      'when sysfs cannot be read',
      snapshot(state({ nodeRecords: [made], unknowns: [{ subject: '/sys', reason: 'x' }] })),
      'unknown',
    ],
    [
      'that is empty',
      snapshot(state({ unknowns: [{ subject: made.filePath, reason: 'holds no node record' }] })),
      'candidate',
    ],
    [
      'that cannot be read',
      snapshot(state({ unknowns: [{ subject: made.filePath, reason: 'Permission denied' }] })),
      undefined,
    ],
  ])('record %s', (_, seen, expected) => {
    expect(verdict(seen, 'record')).toBe(expected);
    expect(RECORD_MARKS.made).toContain('longshore');
  });
});

describe('a plan', () => {
  const look: HostLook = { snapshot: snapshot(attached('failed'), { answers: both(GONE) }), claims: [] };
  const now = 1_800_000_000_000;
  const options = { now, graceMs: 600_000, perHost: 10, perRun: 50, only: null };
  const digests = auditFleet(new Map([['a', look]]), 100).hosts.get('a')?.digests ?? new Map<string, string>();
  const earlier = (...looks: readonly { readonly at: number; readonly candidates: ReadonlyMap<string, string> }[]) =>
    new Map([['a', looks]]);
  const states = (looks: Parameters<typeof planSweep>[1], more: Partial<typeof options> = {}, percent = 100) =>
    planSweep(auditFleet(new Map([['a', look]]), percent), looks, new Map(), { ...options, ...more });

  it('has nothing ready at the first look, and all of it after the grace period', () => {
    expect(states(new Map()).objects.map((one) => one.state)).toEqual(['waiting', 'waiting', 'waiting']);
    expect(states(new Map()).hash).toBeNull();
    const ready = states(earlier({ at: now - 600_000, candidates: digests }));
    expect(ready.objects.map((one) => one.state)).toEqual(['ready', 'ready', 'ready']);
    expect(ready.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('counts anew when a look in between saw it otherwise, or a clock was ahead', () => {
    const old = { at: now - 3_600_000, candidates: digests };
    for (const candidates of [new Map<string, string>(), new Map([...digests].map(([key]) => [key, 'another']))]) {
      expect(states(earlier({ at: now - 60_000, candidates }, old)).hash).toBeNull();
    }
    expect(states(earlier({ at: now + 3_600_000, candidates: digests })).hash).toBeNull();
  });

  it('stays under its limits from the top of the stack down, and leaves out what is in quarantine', () => {
    const looks = earlier({ at: 0, candidates: digests });
    const two = states(looks, { perHost: 2 }).objects;
    expect(two.map(({ state: shown, removal }) => `${removal.kind} ${shown}`)).toEqual([
      'map ready',
      'device ready',
      'device over-limit',
    ]);
    const [key = ''] = [...digests.keys()];
    const held = planSweep(
      auditFleet(new Map([['a', look]]), 100),
      looks,
      new Map([[quarantineKey('a', key), 'busy']]),
      options,
    );
    expect(held.objects.map((one) => one.state)).toEqual(['quarantined', 'ready', 'ready']);
  });

  it('is none at all in an outage', () => {
    const hosts = new Map(['a', 'b'].map((name) => [name, look] as const));
    const plan = planSweep(auditFleet(hosts, 30), earlier({ at: 0, candidates: digests }), new Map(), options);
    expect(plan.outage).toContain('6 of 10 sessions, disks and maps are broken');
    expect(plan.hash).toBeNull();
  });
});
