import { describe, expect, it, test } from 'vitest';
import type { HostFacts } from '../../../src/doctor/host-facts.js';
import { judgeFleet, RULES } from '../../../src/doctor/judge.js';
import type { DmDevice } from '../../../src/linux/storage-state.js';
import { conf, disk, HEALTHY, map, multipathConfig, record, session, TARGET } from './healthy-host.js';

const TMO = 'node.session.timeo.replacement_timeout';

function findingsOf(change: Partial<HostFacts>): string[] {
  const found = judgeFleet(new Map([['h', { ...HEALTHY, ...change }]])).get('h') ?? [];
  return found.map(({ rule, what }) => `${rule.id}: ${what}`);
}

const iscsid = (change: Partial<HostFacts['iscsid']>): Partial<HostFacts> => ({
  iscsid: { ...HEALTHY.iscsid, ...change },
});
const health = (change: Partial<HostFacts['health']>): Partial<HostFacts> => ({
  health: { ...HEALTHY.health, ...change },
});
const multipath = (defaults: Readonly<Record<string, string>>, rest = ''): Partial<HostFacts> => ({
  multipath: { running: true, config: multipathConfig(defaults, rest) },
});
const blocked = (...ranAtSeconds: (number | null)[]): Partial<HostFacts> => ({
  processes: {
    iscsidRuns: true,
    blocked: ranAtSeconds.map((at, index) => ({
      pid: 10 + index,
      name: 'kworker/u2:1',
      ranAtSeconds: at,
      processor: 0,
      sleepsIn: null,
    })),
  },
});
const times = (one: number, two: number): Partial<HostFacts> =>
  health({
    recoveryTimeouts: new Map([
      [1, one],
      [2, two],
    ]),
  });
/** The same disks without their map. */
const unmapped = { dmDevices: [], scsiDevices: [disk(1)], sessions: [session(1)], expectsMultipath: false } as const;
const partition: DmDevice = map({ name: 'dm-1', dmName: 'x-part1', dmUuid: 'part1-mpath-3600', slaves: ['dm-0'] });

/** For each rule: what makes it speak, what it then says, and something near by that must leave it silent. */
const CASES: Readonly<
  Record<string, { when: Partial<HostFacts>; says: RegExp | null; butNot: readonly Partial<HostFacts>[] }>
> = {
  'not-root': { when: health({ effectiveUid: 1000 }), says: /1000/, butNot: [health({ effectiveUid: null })] },
  'tool-missing': {
    when: { tools: new Set([...HEALTHY.tools].filter((name) => name !== 'scsi_id')) },
    says: /scsi_id .*udev.*systemd-udev/,
    butNot: [],
  },
  'tool-defect': {
    when: { versions: { openIscsi: [2, 1, 8], multipathTools: [0, 9, 4] } },
    says: /multipath-tools 0\.9\.4: .*fixed in 0\.9\.8/,
    butNot: [
      { versions: { openIscsi: [2, 0, 875], multipathTools: [0, 12] } },
      { versions: { openIscsi: null, multipathTools: null } },
    ],
  },
  'memory-low': {
    when: health({ memory: { totalKiB: 1000, availableKiB: 49 } }),
    says: /4\.9 %/,
    butNot: [health({ memory: { totalKiB: 1000, availableKiB: 50 } }), health({ memory: null })],
  },
  'memory-pressure': {
    when: { swappedPages: 1, ...health({ memoryStallPercent: 10.5 }) },
    says: /swapping/,
    butNot: [{ swappedPages: null }, health({ memoryStallPercent: 10 })],
  },
  'task-hung': { when: blocked(780), says: /kworker\/u2:1 \(pid 10\).* 120 s/, butNot: [blocked(781), blocked(null)] },
  'task-blocked': {
    when: blocked(890, null),
    says: /in state D for 10 s/,
    // 900 is now by the clock of tasks, which interrupts have put 100 s behind
    butNot: [blocked(891), blocked(700)],
  },
  'kernel-hung-tasks': { when: health({ hungTasks: 3 }), says: /3 hung/, butNot: [health({ hungTasks: null })] },
  'kernel-fault': { when: health({ taint: 128 + 4096 }), says: /oops/, butNot: [health({ taint: 4096 + 1 })] },
  'clock-off': {
    when: { clock: { offsetMs: -9000, errorMs: 510 } },
    says: /9\.0 s slow \(± 0\.5 s\)/,
    // within the error, it may be less
    butNot: [{ clock: { offsetMs: 9000, errorMs: 7500 } }, { clock: null }],
  },
  'cannot-tell': {
    when: { unknowns: [{ subject: '/sys/x', reason: 'could not be read' }] },
    says: /\/sys\/x: could not be read/,
    butNot: [],
  },
  'iscsi-recovery-slow': {
    when: times(5, 120),
    says: /recovery_tmo = 120 on iqn.*10\.2\.0\.1/,
    butNot: [times(30, 30), { ...unmapped, ...times(120, 120) }],
  },
  'iscsi-replacement-long': {
    when: { ...iscsid({ defaults: conf({ [TMO]: '120' }) }), ...multipath({ fast_io_fail_tmo: 'off' }) },
    says: /= 120/,
    butNot: [
      iscsid({ defaults: conf({ [TMO]: '120' }) }),
      { ...unmapped, ...iscsid({ defaults: conf({ [TMO]: '120' }) }), multipath: { running: false, config: null } },
    ],
  },
  'iscsi-replacement-covered': {
    when: iscsid({ defaults: conf({ [TMO]: '120' }) }),
    says: /120, multipathd sets 5/,
    butNot: [iscsid({ defaults: conf({ [TMO]: '20' }) })],
  },
  'iscsi-replacement-extreme': {
    when: iscsid({ records: [record(1, { [TMO]: '-1' }), record(2, { [TMO]: '0' })] }),
    says: /10\.1\.0\.1,3260: .* = -1/,
    butNot: [iscsid({ records: [record(1, { [TMO]: '1' })] }), times(1, 1)],
  },
  'iscsi-recovery-hasty': {
    when: { ...unmapped, ...times(5, 5) },
    says: /recovery_tmo = 5/,
    butNot: [{ ...unmapped, ...times(120, 120) }],
  },
  'iscsi-noop-off': {
    when: iscsid({ defaults: conf({ 'node.conn[0].timeo.noop_out_interval': '0' }) }),
    says: /noop_out_interval = 0/,
    butNot: [iscsid({ defaults: conf({ 'node.conn[0].timeo.noop_out_interval': '1' }) })],
  },
  'iscsi-noop-slow': {
    when: iscsid({ defaults: conf({ 'node.conn[0].timeo.noop_out_interval': '26' }) }),
    says: /26 \+ noop_out_timeout 5 = 31 s/,
    butNot: [iscsid({ defaults: conf({ 'node.conn[0].timeo.noop_out_interval': '25' }) })],
  },
  'iscsi-login-patient': {
    when: iscsid({ defaults: conf({ 'node.session.initial_login_retry_max': '8' }) }),
    says: /120 s/,
    butNot: [iscsid({ defaults: conf({ 'node.session.initial_login_retry_max': '4' }) })],
  },
  'iscsi-startup-automatic': {
    when: iscsid({ defaults: conf({ 'node.startup': 'automatic' }) }),
    says: /automatic/,
    butNot: [iscsid({ defaults: conf({ 'node.startup': 'onboot' }) })],
  },
  'iscsi-record-stale': {
    when: {
      sessions: [session(1)],
      ...iscsid({ records: [record(1), record(2, { 'node.conn[0].startup': 'automatic' })] }),
    },
    says: /through 10\.2\.0\.1:3260/,
    butNot: [{ sessions: [session(1)] }, iscsid({ records: [record(2, { 'node.startup': 'automatic' })] })],
  },
  'iscsi-record-automatic': {
    when: iscsid({ records: [record(2, { 'node.startup': 'automatic' })] }),
    says: new RegExp(`${TARGET} through 10\\.2`),
    butNot: [{ sessions: [], ...iscsid({ records: [record(2, { 'node.startup': 'automatic' })] }) }],
  },
  'iscsi-record-empty': { when: iscsid({ emptyRecords: ['/etc/iscsi/nodes/a/b'] }), says: /nodes\/a\/b/, butNot: [] },
  'iscsi-safe-logout-off': {
    when: iscsid({ defaults: conf({ 'iscsid.safe_logout': 'No' }) }),
    says: /is No/,
    butNot: [iscsid({ defaults: conf({ 'iscsid.safe_logout': 'yes' }) })],
  },
  'iscsi-scan-automatic': {
    when: iscsid({ defaults: conf({ 'node.session.scan': 'auto' }) }),
    says: /is auto/,
    butNot: [{ tools: new Set(), ...iscsid({ defaults: new Map() }) }],
  },
  'iscsi-session-down': {
    when: { sessions: [session(1), session(2, { state: 'FAILED' })] },
    says: /10\.2\.0\.1:3260 is FAILED/,
    butNot: [],
  },
  'iscsid-not-there': {
    when: { processes: { blocked: [], iscsidRuns: false } },
    says: /does not run, and there are sessions/,
    // started on demand is fine while nothing depends on it; and what is not known is not said
    butNot: [{ processes: { blocked: [], iscsidRuns: false }, sessions: [] }, { processes: null }],
  },
  'initiator-name-missing': {
    when: { initiatorName: null },
    says: /no iSCSI name/,
    butNot: [
      {
        initiatorName: null,
        unknowns: [{ subject: '/etc/iscsi/initiatorname.iscsi', reason: 'could not be read' }],
      },
      { initiatorName: null, tools: new Set() },
    ],
  },
  'disk-without-map': {
    when: { dmDevices: [map({ slaves: ['sda'] })] },
    says: /^disk-without-map: sdb of 36001405/,
    butNot: [unmapped],
  },
  'multipathd-not-running': {
    when: { multipath: { running: false, config: null } },
    says: /does not answer/,
    butNot: [{ ...unmapped, multipath: { running: false, config: null } }],
  },
  'multipath-queue-endless': {
    when: multipath({}, 'devices {\ndevice {\nvendor "ACME"\nproduct "X"\nno_path_retry "queue"\n}\n}'),
    says: /device "ACME X": no_path_retry queue/,
    // the number of tries bounds the queue, whatever the features say
    butNot: [multipath({ features: '1 queue_if_no_path' })],
  },
  'multipath-queue-none': {
    when: multipath({ no_path_retry: 'fail' }),
    says: /defaults: no_path_retry fail/,
    butNot: [multipath({ no_path_retry: '1' })],
  },
  'multipath-flush-on-last-del': {
    when: multipath({ no_path_retry: 'queue' }),
    says: /flush_on_last_del no/,
    butNot: [multipath({ no_path_retry: 'queue', flush_on_last_del: 'yes' })],
  },
  'multipath-fast-io-fail-off': {
    when: multipath({ fast_io_fail_tmo: 'off' }),
    says: /off/,
    butNot: [multipath({ fast_io_fail_tmo: '25' })],
  },
  'multipath-loss-order': {
    when: multipath({}, 'overrides {\ndev_loss_tmo 5\n}'),
    says: /overrides: fast_io_fail_tmo 5, dev_loss_tmo 5/,
    butNot: [multipath({ dev_loss_tmo: 'infinity' }), multipath({}, 'overrides {\ndev_loss_tmo 6\n}')],
  },
  'multipath-find-strict': {
    when: multipath({ find_multipaths: 'strict' }),
    says: /strict/,
    butNot: [multipath({ find_multipaths: 'on' })],
  },
  'multipath-find-smart': {
    when: multipath({ find_multipaths: 'smart' }),
    says: /smart/,
    butNot: [multipath({ find_multipaths: 'yes' })],
  },
  'multipath-find-no': {
    when: multipath({ find_multipaths: 'off' }),
    says: /off/,
    butNot: [multipath({ find_multipaths: 'greedy' })],
  },
  'multipath-find-greedy': {
    when: multipath({ find_multipaths: 'greedy' }),
    says: /greedy/,
    butNot: [multipath({ find_multipaths: 'no' })],
  },
  'multipath-friendly-names': {
    when: multipath({ user_friendly_names: 'yes' }),
    says: /defaults: user_friendly_names yes/,
    butNot: [],
  },
  'multipath-partitions-mapped': {
    when: { dmDevices: [map(), partition] },
    says: /partition map x-part1/,
    butNot: [{ dmDevices: [map(), partition], ...multipath({ skip_kpartx: 'yes' }) }],
  },
  'multipath-recheck-wwid-off': {
    when: multipath({ recheck_wwid: 'no' }),
    says: /no/,
    butNot: [{ multipath: { running: true, config: null } }],
  },
  'multipath-blacklist-hides': {
    when: multipath({}, 'blacklist {\ndevnode "^sd[a-z]"\n}'),
    says: /devnode "\^sd\[a-z\]"/,
    butNot: [
      multipath({}, 'blacklist {\ndevnode "^sd[a-z]"\n}\nblacklist_exceptions {\ndevnode "^sd"\n}'),
      multipath({}, 'blacklist {\ndevnode "!^(sd[a-z]|dasd[a-z]|nvme[0-9])"\ndevnode "^(vd|loop|sr|ram)[a-z0-9]*"\n}'),
    ],
  },
  'map-without-path': {
    when: { dmDevices: [map({ mapPaths: [{ dev: '8:16', active: false }] })] },
    says: /none of 1 paths/,
    butNot: [{ dmDevices: [map({ mapPaths: null })] }],
  },
  'map-degraded': {
    when: {
      dmDevices: [
        map({
          mapPaths: [
            { dev: '8:16', active: false },
            { dev: '8:32', active: true },
          ],
        }),
      ],
    },
    says: /1 of 2 paths active/,
    butNot: [{ dmDevices: [map({ mapPaths: [{ dev: '8:16', active: false }] })] }],
  },
};

test('nothing is found on a host that is well', () => {
  expect(findingsOf({})).toEqual([]);
});

test('nothing is said of an iscsid.conf that cannot be read', () => {
  expect(findingsOf(iscsid({ defaults: null }))).toEqual([]);
});

test('every rule about one host has a case', () => {
  const ofOneHost = RULES.map(({ id }) => id).filter((id) => !/-shared$|^host-listed-twice$/.test(id));
  expect(Object.keys(CASES).toSorted()).toEqual(ofOneHost.toSorted());
});

describe.each(Object.entries(CASES))('%s', (id, { when, says, butNot }) => {
  it('is found, with the evidence', () => {
    const own = findingsOf(when).filter((found) => found.startsWith(`${id}: `));
    expect(own[0]).toMatch(says ?? id);
  });

  it.each([{}, ...butNot])('is not found near by: %#', (change) => {
    expect(findingsOf(change).filter((found) => found.startsWith(`${id}: `))).toEqual([]);
  });
});

describe('a blacklist', () => {
  const lines = (text: string, change: Partial<HostFacts> = {}): string[] =>
    findingsOf({ ...multipath({}, `blacklist {\n${text}\n}`), ...change }).filter((one) => one.includes('hides'));

  it.each([
    ['wwid "36001405.*"'],
    ['protocol "scsi:iscsi"'],
    ['device {\nvendor "LIO-ORG"\nproduct ".*"\n}'],
    ['devnode ".*"'],
    ['devnode "!^nvme"'],
  ])('hides an iSCSI disk with %j', (text) => {
    expect(lines(text)).toHaveLength(1);
  });

  it.each([
    ['devnode "^sdq$"'],
    ['wwid "3500.*"'],
    ['protocol "scsi:fcp"'],
    ['device {\nvendor "ATA"\n}'],
    ['device {\nvendor "LIO-ORG"\nproduct "OTHER"\n}'],
  ])('hides none with %j', (text) => {
    expect(lines(text)).toEqual([]);
  });

  it('from a hostile host cannot keep the controller busy', () => {
    const began = performance.now();
    lines('devnode "^(([a-z])+.)+[A-Z]([a-z])+$"');
    lines('devnode "(a*)*(a*)*b"');
    lines('wwid "(3|3|6|6|0|0)*(3|6|0|1|4|5|d|7)*$x"');
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
