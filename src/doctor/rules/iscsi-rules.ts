import { multipathDefault, usesMultipath } from '../multipath-use.js';
import type { HostFacts } from '../host-facts.js';
import type { HostRule } from '../rule.js';
import { LONG_REPLACEMENT, plain, REPLACEMENT, seconds } from './values.js';

/** open-iscsi's own values, for lines that iscsid.conf does not have */
const BUILT_IN = { replacement: 120, loginTimeout: 15, loginRetries: 8, noopInterval: 5, noopTimeout: 5 } as const;
const LONG_LOGIN = 60;
const LONG_NOOP = 30;

/** multipathd writes fast_io_fail_tmo into each session it has a path of, but neither `off` nor 0. */
function fastIoFail(facts: HostFacts): number | null {
  const value = multipathDefault(facts, 'fast_io_fail_tmo');
  return facts.multipath.running && value !== null && /^[1-9]\d*$/.test(value) ? Number(value) : null;
}

/** What a new record gets; NaN, which is neither more nor less than anything, when iscsid.conf cannot be read. */
function defaultOf({ iscsid }: HostFacts, name: string, builtIn: number): number {
  return iscsid.defaults === null ? NaN : (seconds(iscsid.defaults.get(name)) ?? builtIn);
}

/** iscsid.conf and every record, for settings that a session takes from them. */
function everywhere(facts: HostFacts, name: string): { readonly place: string; readonly value: number }[] {
  const places = [
    { place: 'iscsid.conf', settings: facts.iscsid.defaults ?? new Map<string, string>() },
    ...facts.iscsid.records.map(({ filePath, settings }) => ({ place: filePath, settings })),
  ];
  return places.flatMap(({ place, settings }) => {
    const value = seconds(settings.get(name));
    return value === null ? [] : [{ place, value }];
  });
}

/** Records whose sessions iscsid makes by itself when the host starts, and whether there is such a session now. */
function automaticRecords(facts: HostFacts): { readonly what: string; readonly isLoggedIn: boolean }[] {
  return facts.iscsid.records
    .filter(({ settings }) => ['node.startup', 'node.conn[0].startup'].some((one) => settings.get(one) === 'automatic'))
    .map(({ targetName, portal }) => ({
      what: `${targetName} through ${portal}`,
      isLoggedIn: facts.sessions.some((session) => session.targetName === targetName && session.portal === portal),
    }));
}

/** What open-iscsi is set up to do, and what its records say. */
export const ISCSI_RULES: readonly HostRule[] = [
  {
    id: 'iscsi-replacement-long',
    severity: 'warning',
    reads: `${REPLACEMENT} in iscsid.conf; fast_io_fail_tmo of multipathd`,
    when: `multipath is used, more than ${LONG_REPLACEMENT} s, and multipathd sets nothing shorter`,
    reason: 'New sessions keep the I/O of a lost path for that long before multipath may send it through another one.',
    instead: `${REPLACEMENT} = 5, and fast_io_fail_tmo 5 in multipath.conf`,
    source: 'open-iscsi, iscsid.conf: about 5 s with multipath; incident F3',
    find: (facts) => {
      const value = defaultOf(facts, REPLACEMENT, BUILT_IN.replacement);
      const isLong = usesMultipath(facts) && value > LONG_REPLACEMENT && fastIoFail(facts) === null;
      return isLong ? [`iscsid.conf: ${REPLACEMENT} = ${value}`] : [];
    },
  },
  {
    id: 'iscsi-replacement-covered',
    severity: 'notice',
    reads: `${REPLACEMENT} in iscsid.conf; fast_io_fail_tmo of multipathd`,
    when: `multipath is used, more than ${LONG_REPLACEMENT} s, but multipathd shortens it once a disk is in a map`,
    reason: 'Until multipathd has made the map, and on sessions without one, the long time holds.',
    instead: `${REPLACEMENT} = 5 in iscsid.conf`,
    source: 'seen in the lab: 10 in the record, 5 in force on the session',
    find: (facts) => {
      const value = defaultOf(facts, REPLACEMENT, BUILT_IN.replacement);
      const short = fastIoFail(facts);
      const isLong = usesMultipath(facts) && value > LONG_REPLACEMENT && short !== null;
      return isLong ? [`iscsid.conf: ${REPLACEMENT} = ${value}, multipathd sets ${short}`] : [];
    },
  },
  {
    id: 'iscsi-replacement-extreme',
    severity: 'warning',
    reads: `${REPLACEMENT} in iscsid.conf and node records; recovery_tmo of sessions`,
    when: '0 or negative',
    reason:
      '0 fails I/O at the first lost packet; a negative value never fails it: the I/O of a lost path waits for ever.',
    instead: `${REPLACEMENT} = 5 with multipath, 120 without`,
    source: 'open-iscsi, iscsid.conf: 0 fails at once, negative never',
    find: (facts) => [
      ...everywhere(facts, REPLACEMENT)
        .filter(({ value }) => value <= 0)
        .map(({ place, value }) => `${place}: ${REPLACEMENT} = ${value}`),
      ...facts.sessions
        .filter(({ sid }) => (facts.health.recoveryTimeouts.get(sid) ?? 1) <= 0)
        .map(({ sid, targetName }) => `recovery_tmo = ${facts.health.recoveryTimeouts.get(sid)} on ${targetName}`),
    ],
  },
  {
    id: 'iscsi-noop-off',
    severity: 'warning',
    reads: 'node.conn[0].timeo.noop_out_interval and noop_out_timeout in iscsid.conf and node records',
    when: 'one of them is 0',
    reason: 'Without pings a dead portal is noticed only when I/O times out.',
    instead: 'node.conn[0].timeo.noop_out_interval = 5 and noop_out_timeout = 5',
    source: 'seen in the lab: with 5 and 5 a portal that hangs is noticed after 14 s',
    find: (facts) =>
      ['noop_out_interval', 'noop_out_timeout'].flatMap((name) =>
        everywhere(facts, `node.conn[0].timeo.${name}`)
          .filter(({ value }) => value === 0)
          .map(({ place }) => `${place}: ${name} = 0`),
      ),
  },
  {
    id: 'iscsi-noop-slow',
    severity: 'notice',
    reads: 'the same, in iscsid.conf',
    when: `together more than ${LONG_NOOP} s`,
    reason: 'A dead portal is noticed only after the interval and the timeout have passed; I/O waits until then.',
    instead: 'node.conn[0].timeo.noop_out_interval = 5 and noop_out_timeout = 5',
    source: 'seen in the lab: with 5 and 5 a portal that hangs is noticed after 14 s',
    find: (facts) => {
      const interval = defaultOf(facts, 'node.conn[0].timeo.noop_out_interval', BUILT_IN.noopInterval);
      const timeout = defaultOf(facts, 'node.conn[0].timeo.noop_out_timeout', BUILT_IN.noopTimeout);
      const isSlow = interval > 0 && timeout > 0 && interval + timeout > LONG_NOOP;
      return isSlow ? [`noop_out_interval ${interval} + noop_out_timeout ${timeout} = ${interval + timeout} s`] : [];
    },
  },
  {
    id: 'iscsi-login-patient',
    severity: 'notice',
    reads: 'node.conn[0].timeo.login_timeout and node.session.initial_login_retry_max in iscsid.conf',
    when: `their product is more than ${LONG_LOGIN} s`,
    reason:
      'A login by others (at boot, by hand) waits that long for a dead portal. Longshore sets its own records to one try of 10 s.',
    instead: 'node.session.initial_login_retry_max = 2',
    source: 'open-iscsi, iscsid.conf: 8 tries of 15 s; incident D7',
    find: (facts) => {
      const timeout = defaultOf(facts, 'node.conn[0].timeo.login_timeout', BUILT_IN.loginTimeout);
      const retries = defaultOf(facts, 'node.session.initial_login_retry_max', BUILT_IN.loginRetries);
      const isLong = facts.tools.has('iscsiadm') && timeout * retries > LONG_LOGIN;
      return isLong ? [`login_timeout ${timeout} s, ${retries} times: ${timeout * retries} s`] : [];
    },
  },
  {
    id: 'iscsi-startup-automatic',
    severity: 'notice',
    reads: 'node.startup in iscsid.conf',
    when: 'automatic',
    reason:
      'Every target that anybody discovers here is logged in to at the next boot, also when its volume has moved to another host.',
    instead: 'node.startup = manual',
    source: 'incident C14, rule S26',
    find: ({ iscsid }) =>
      iscsid.defaults?.get('node.startup') === 'automatic' ? ['iscsid.conf: node.startup = automatic'] : [],
  },
  {
    id: 'iscsi-record-stale',
    severity: 'warning',
    reads: 'node.startup of node records; sessions',
    when: 'automatic, and there is no session',
    reason: 'The volume is not attached, yet the next boot logs in to it: by then another host may have it.',
    instead: 'iscsiadm -m node -T TARGET -p PORTAL --op update -n node.startup -v manual, or --op delete',
    source: 'incident C14, rule S26',
    find: (facts) => automaticRecords(facts).flatMap(({ what, isLoggedIn }) => (isLoggedIn ? [] : [what])),
  },
  {
    id: 'iscsi-record-automatic',
    severity: 'notice',
    reads: 'node.startup of node records; sessions',
    when: 'automatic, with a session',
    reason: 'The next boot logs in by itself, also when the volume was moved while this host was off.',
    instead: 'node.startup = manual, unless the host needs the volume to start',
    source: 'incident C14, rule S26',
    find: (facts) => automaticRecords(facts).flatMap(({ what, isLoggedIn }) => (isLoggedIn ? [what] : [])),
  },
  {
    id: 'iscsi-record-empty',
    severity: 'warning',
    reads: 'files of the node database',
    when: 'a file without a record: empty, or cut',
    reason:
      'iscsiadm takes it for a record of the portal `[]:3260`; with some versions every call of iscsiadm then fails, for all targets.',
    instead: 'move the file away, then discover or attach that target again',
    source: 'incident G3 (open-iscsi#462); seen in the lab',
    find: ({ iscsid }) => [...iscsid.emptyRecords],
  },
  {
    id: 'iscsi-safe-logout-off',
    severity: 'notice',
    reads: 'iscsid.safe_logout in iscsid.conf',
    when: 'not Yes',
    reason:
      'iscsiadm then logs out below a mounted file system without a word. Longshore looks for itself; others do not.',
    instead: 'iscsid.safe_logout = Yes',
    source: 'open-iscsi, iscsid.conf; incident D1',
    find: ({ iscsid, tools }) => {
      const value = iscsid.defaults?.get('iscsid.safe_logout');
      return iscsid.defaults === null || !tools.has('iscsiadm') || /^yes$/i.test(value ?? '')
        ? []
        : [`iscsid.safe_logout is ${plain(value)}`];
    },
  },
  {
    id: 'iscsi-scan-automatic',
    severity: 'notice',
    reads: 'node.session.scan in iscsid.conf',
    when: 'not manual',
    reason:
      'A login by others makes disks of every LUN of the target, those of other hosts too. Longshore sets manual for its own.',
    instead: 'node.session.scan = manual',
    source: 'incident A19, rule S26',
    find: ({ iscsid, tools }) => {
      const value = iscsid.defaults?.get('node.session.scan');
      return iscsid.defaults === null || !tools.has('iscsiadm') || value === 'manual'
        ? []
        : [`node.session.scan is ${plain(value)}`];
    },
  },
];
