import { disksOf, isInMap, mapsOf, sessionsWithDisks } from '../multipath-use.js';
import type { HostRule } from '../rule.js';
import { LONG_REPLACEMENT, REPLACEMENT } from './values.js';

/** How sessions, disks and maps stand now. */
export const STATE_RULES: readonly HostRule[] = [
  {
    id: 'iscsi-recovery-slow',
    severity: 'warning',
    reads: 'recovery_tmo of each session in sysfs; the disks of the session',
    when: `more than ${LONG_REPLACEMENT} s in force on a session whose disks are in multipath maps`,
    reason: 'A path that is lost keeps its I/O for that long before multipath may send it through another one.',
    instead: `${REPLACEMENT} = 5 in iscsid.conf, and fast_io_fail_tmo 5 in multipath.conf`,
    source: 'open-iscsi, iscsid.conf: about 5 s with multipath; incident F3',
    find: (facts) =>
      sessionsWithDisks(facts, true).flatMap(({ sid, targetName, portal }) => {
        const tmo = facts.health.recoveryTimeouts.get(sid) ?? 0;
        return tmo > LONG_REPLACEMENT ? [`recovery_tmo = ${tmo} on ${targetName} through ${portal ?? 'unknown'}`] : [];
      }),
  },
  {
    id: 'iscsi-recovery-hasty',
    severity: 'notice',
    reads: 'recovery_tmo of each session in sysfs; the disks of the session',
    when: `1 to ${LONG_REPLACEMENT - 1} s in force on a session whose disks are in no map`,
    reason: 'Without another path, an outage of a few seconds becomes an I/O error, and file systems turn read-only.',
    instead: `${REPLACEMENT} = 120 for volumes with a single path, or multipath`,
    source: 'incident F3',
    find: (facts) =>
      sessionsWithDisks(facts, false).flatMap(({ sid, targetName }) => {
        const tmo = facts.health.recoveryTimeouts.get(sid) ?? 0;
        return tmo > 0 && tmo < LONG_REPLACEMENT ? [`recovery_tmo = ${tmo} on ${targetName}`] : [];
      }),
  },
  {
    id: 'iscsi-session-down',
    severity: 'warning',
    reads: 'state of sessions in sysfs',
    when: 'not LOGGED_IN',
    reason: 'The paths through it carry nothing.',
    instead: 'look for the portal and its network; do not log out, iscsid logs in again by itself',
    source: 'incidents F1, F2, C6',
    find: ({ sessions }) =>
      sessions
        .filter(({ state }) => state !== 'LOGGED_IN')
        .map(({ targetName, portal, state }) => `${targetName} through ${portal ?? 'unknown'} is ${state}`),
  },
  {
    id: 'iscsid-not-there',
    severity: 'problem',
    reads: "iscsid's control socket in /proc/net/unix; processes",
    when: 'nobody listens; or only systemd does, while there are sessions',
    reason:
      'Without iscsid nothing logs in, and a session that is lost is not made again. Only with no session may systemd start it on demand.',
    instead: 'systemctl enable --now iscsid.socket; with sessions: systemctl start iscsid',
    source: 'open-iscsi: iscsiadm exits 20',
    find: ({ iscsid, processes, sessions, tools }) => {
      if (!tools.has('iscsiadm') || processes === null) return [];
      if (!iscsid.listening) return ['nobody listens on its control socket'];
      return sessions.length > 0 && !processes.iscsidRuns ? ['it does not run, and there are sessions'] : [];
    },
  },
  {
    id: 'initiator-name-missing',
    severity: 'warning',
    reads: '/etc/iscsi/initiatorname.iscsi',
    when: 'no InitiatorName in it, on a host with open-iscsi',
    reason: 'No target lets this host in. Debian makes the name at the first start of iscsid.',
    instead: 'systemctl start iscsid, or InitiatorName=IQN with the output of iscsi-iname',
    source: 'incident E5, rule S40',
    find: ({ initiatorName, tools, unknowns }) =>
      tools.has('iscsiadm') &&
      initiatorName === null &&
      !unknowns.some(({ subject }) => subject.endsWith('initiatorname.iscsi'))
        ? ['the host has no iSCSI name']
        : [],
  },
  {
    id: 'disk-without-map',
    severity: 'warning',
    reads: 'disks of iSCSI sessions, their identity, and the maps on them',
    when: 'the same volume has two disks, and one of them is in no map',
    reason: 'Whoever uses that disk has one path only, and writes beside the map if there is one.',
    instead: 'look at blacklist and find_multipaths, then `multipathd add path DISK`; detach and attach if it is used',
    source: 'os-brick returns a single path where no map forms, and only warns',
    find: (facts) => {
      const disks = disksOf(facts);
      const outside = disks.filter(
        (disk) =>
          disk.cachedWwid !== null &&
          disks.filter((other) => other.cachedWwid === disk.cachedWwid).length > 1 &&
          !isInMap(disk, facts),
      );
      return outside.map((disk) => `${disk.block?.name ?? disk.hctl} of ${disk.cachedWwid ?? ''}`);
    },
  },
  {
    id: 'map-without-path',
    severity: 'problem',
    reads: 'dmsetup status',
    when: 'a multipath map without any active path',
    reason:
      'Its I/O waits or fails. It is an outage until the array says that the volume is gone: do not remove the map.',
    instead: 'bring a path back; look at portals, network and the mapping on the array',
    source: 'incident B9, rule S8',
    find: (facts) =>
      mapsOf(facts)
        .filter(({ mapPaths }) => mapPaths !== null && !mapPaths.some(({ active }) => active))
        .filter(({ name }) => !facts.unknowns.some(({ subject }) => subject === `/sys/block/${name}`))
        .map(({ dmName, mapPaths }) => `map ${dmName}: none of ${mapPaths?.length ?? 0} paths is active`),
  },
  {
    id: 'map-degraded',
    severity: 'warning',
    reads: 'dmsetup status',
    when: 'a multipath map some paths of which failed',
    reason: 'The next failure may be the last path.',
    instead: 'bring the path back; look at its portal and network',
    source: 'incidents F2, C8',
    find: (facts) =>
      mapsOf(facts).flatMap(({ dmName, mapPaths }) => {
        const active = (mapPaths ?? []).filter((path) => path.active).length;
        const all = mapPaths?.length ?? 0;
        return active > 0 && active < all ? [`map ${dmName}: ${active} of ${all} paths active`] : [];
      }),
  },
];
