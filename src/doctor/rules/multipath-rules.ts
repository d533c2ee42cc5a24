import { multipathDefault, multipathSetting, usesMultipath } from '../multipath-use.js';
import type { HostFacts } from '../host-facts.js';
import type { HostRule } from '../rule.js';
import { hidingLines } from './multipath-blacklist.js';

const CONFIG = 'multipathd show config local';

/** Where I/O waits for ever once all paths are gone: multipath.conf says so in two ways. */
function endlessQueues(facts: HostFacts): string[] {
  const retries = multipathSetting(facts, 'no_path_retry');
  const features = multipathSetting(facts, 'features').filter(
    ({ place, value }) => value.includes('queue_if_no_path') && !retries.some((retry) => retry.place === place),
  );
  return [
    ...retries.filter(({ value }) => value === 'queue').map(({ place }) => `${place}: no_path_retry queue`),
    ...features.map(({ place }) => `${place}: features queue_if_no_path`),
  ];
}

function findMultipaths(facts: HostFacts, ...values: readonly string[]): string[] {
  const value = multipathDefault(facts, 'find_multipaths');
  return value !== null && values.includes(value) ? [`find_multipaths ${value}`] : [];
}

/** A number of seconds; null for words such as off and infinity. */
function secondsOf(value: string | null | undefined): number | null {
  return value !== null && value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : null;
}

export const MULTIPATH_RULES: readonly HostRule[] = [
  {
    id: 'multipathd-not-running',
    severity: 'problem',
    reads: `answer of \`${CONFIG}\``,
    when: 'no answer, on a host that uses multipath: maps, several sessions to a target, or volumes in the inventory with several portals',
    reason: 'Nobody makes maps, checks paths or brings failed ones back. An attach that enforces multipath is refused.',
    instead: 'systemctl enable --now multipathd',
    source: 'os-brick: enforce_multipath refuses, else a single path is returned',
    find: (facts) => {
      const isAmiss = !facts.multipath.running && facts.tools.has('multipathd') && usesMultipath(facts);
      return isAmiss ? ['multipathd does not answer'] : [];
    },
  },
  {
    id: 'multipath-queue-endless',
    severity: 'warning',
    reads: `no_path_retry and features in \`${CONFIG}\`, in every section`,
    when: 'queue, or queue_if_no_path without a number of tries',
    reason:
      'With all paths gone, I/O waits for ever: processes hang in state D, a flush and so a detach never ends, the host cannot shut down.',
    instead: 'no_path_retry 12, which with polling_interval 5 waits one minute; longer, but never for ever',
    source: 'incident D6; vdsm uses 16 tries, LIO has 12 built in',
    find: endlessQueues,
  },
  {
    id: 'multipath-queue-none',
    severity: 'notice',
    reads: `no_path_retry in \`${CONFIG}\`, in every section`,
    when: 'fail, or 0',
    reason: 'With all paths gone for a moment, I/O fails at once, and file systems turn read-only.',
    instead: 'no_path_retry 12, unless a cluster above wants the error',
    source: 'incident F3',
    find: (facts) =>
      multipathSetting(facts, 'no_path_retry')
        .filter(({ value }) => value === 'fail' || value === '0')
        .map(({ place, value }) => `${place}: no_path_retry ${value}`),
  },
  {
    id: 'multipath-flush-on-last-del',
    severity: 'notice',
    reads: `flush_on_last_del and no_path_retry in \`${CONFIG}\``,
    when: 'no or never, where I/O waits for ever',
    reason: 'A map whose last path was deleted then keeps its I/O for ever, and cannot be removed.',
    instead: 'flush_on_last_del yes (from 0.10 on: unused), and a bounded no_path_retry',
    source: 'incident D6; vdsm always sets it',
    find: (facts) => {
      const value = multipathDefault(facts, 'flush_on_last_del');
      const isAmiss = (value === 'no' || value === 'never') && endlessQueues(facts).length > 0;
      return isAmiss ? [`flush_on_last_del ${value}, and I/O waits for ever`] : [];
    },
  },
  {
    id: 'multipath-fast-io-fail-off',
    severity: 'warning',
    reads: `fast_io_fail_tmo in \`${CONFIG}\`, in every section`,
    when: 'off, or 0',
    reason:
      'multipathd then leaves the sessions as they are: a lost path keeps its I/O for replacement_timeout, 120 s by default.',
    instead: 'fast_io_fail_tmo 5',
    source: 'vdsm: 5, with dev_loss_tmo 30',
    find: (facts) =>
      multipathSetting(facts, 'fast_io_fail_tmo')
        .filter(({ value }) => value === 'off' || value === '0')
        .map(({ place, value }) => `${place}: fast_io_fail_tmo ${value}`),
  },
  {
    id: 'multipath-loss-order',
    severity: 'warning',
    reads: `fast_io_fail_tmo and dev_loss_tmo in \`${CONFIG}\`, in every section`,
    when: 'fast_io_fail_tmo is not less than dev_loss_tmo',
    reason: 'A Fibre Channel device would be removed before its I/O has failed over. iSCSI has no dev_loss_tmo.',
    instead: 'fast_io_fail_tmo 5 and a dev_loss_tmo of 30 or more',
    source: 'vdsm: 5 and 30',
    find: (facts) =>
      multipathSetting(facts, 'dev_loss_tmo').flatMap(({ place, value }) => {
        const own = multipathSetting(facts, 'fast_io_fail_tmo').findLast((one) => one.place === place)?.value;
        const fast = secondsOf(own ?? multipathDefault(facts, 'fast_io_fail_tmo'));
        const loss = secondsOf(value);
        return fast !== null && loss !== null && fast >= loss
          ? [`${place}: fast_io_fail_tmo ${fast}, dev_loss_tmo ${loss}`]
          : [];
      }),
  },
  {
    id: 'multipath-find-strict',
    severity: 'warning',
    reads: `find_multipaths in \`${CONFIG}\``,
    when: 'strict',
    reason:
      'Only volumes whose WWID is in /etc/multipath/wwids get a map: a new one gets none, however many paths it has, until somebody registers it. Longshore does; others do not.',
    instead: 'find_multipaths yes, or greedy where every disk is to have a map',
    source: 'multipath.conf(5)',
    find: (facts) => findMultipaths(facts, 'strict'),
  },
  {
    id: 'multipath-find-smart',
    severity: 'notice',
    reads: `find_multipaths in \`${CONFIG}\``,
    when: 'smart',
    reason:
      'A volume with a single path is held back until find_multipaths_timeout, then becomes a plain disk; a second path that comes later makes no map while it is used.',
    instead: 'find_multipaths yes for volumes with several paths, greedy for single paths that are to have a map',
    source: 'multipath.conf(5); Trident refuses smart',
    find: (facts) => findMultipaths(facts, 'smart'),
  },
  {
    id: 'multipath-find-no',
    severity: 'notice',
    reads: `find_multipaths in \`${CONFIG}\``,
    when: 'no or off',
    reason:
      'multipathd makes a map of every disk that is not blacklisted, single paths and local disks too, but udev does not wait for it: LVM or a mount may take the disk first.',
    instead: 'find_multipaths greedy when single paths are to have a map, yes when not',
    source: 'multipath.conf(5); seen in the lab',
    find: (facts) => findMultipaths(facts, 'no', 'off'),
  },
  {
    id: 'multipath-find-greedy',
    severity: 'notice',
    reads: `find_multipaths in \`${CONFIG}\``,
    when: 'greedy',
    reason: 'Every disk that is not blacklisted gets a map, single paths and local disks too.',
    instead: 'nothing, when that is meant and local disks are blacklisted; else find_multipaths yes',
    source: 'multipath.conf(5)',
    find: (facts) => findMultipaths(facts, 'greedy'),
  },
  {
    id: 'multipath-friendly-names',
    severity: 'notice',
    reads: `user_friendly_names in \`${CONFIG}\`, in every section`,
    when: 'yes',
    reason:
      'mpatha is another volume on every host and may be another one after the bindings file is lost. Longshore goes by WWID, scripts may not.',
    instead: 'user_friendly_names no; use /dev/mapper/WWID or by-id links',
    source: 'incidents B13, A10',
    find: (facts) =>
      multipathSetting(facts, 'user_friendly_names')
        .filter(({ value }) => value === 'yes')
        .map(({ place }) => `${place}: user_friendly_names yes`),
  },
  {
    id: 'multipath-partitions-mapped',
    severity: 'notice',
    reads: `skip_kpartx in \`${CONFIG}\`; dm devices`,
    when: 'not yes, and there are partition maps on multipath maps',
    reason:
      "Partitions of a guest's volume are mapped on the host. They hold the map, and whatever scans them may use them.",
    instead: 'skip_kpartx yes for volumes that guests use',
    source: 'incidents C9, D5',
    find: (facts) => {
      const isSkipped = multipathDefault(facts, 'skip_kpartx') === 'yes';
      return isSkipped
        ? []
        : facts.dmDevices
            .filter(({ dmUuid }) => /^part\d+-mpath-/.test(dmUuid))
            .map(({ dmName }) => `partition map ${dmName}`);
    },
  },
  {
    id: 'multipath-recheck-wwid-off',
    severity: 'notice',
    reads: `recheck_wwid in \`${CONFIG}\``,
    when: 'no',
    reason:
      'When the array maps another volume to the LUN of a path that was down, multipathd takes the path back into the old map. Longshore asks the device itself; multipathd does not.',
    instead: 'recheck_wwid yes',
    source: 'incidents A1, A12, A16',
    find: (facts) => (multipathDefault(facts, 'recheck_wwid') === 'no' ? ['recheck_wwid no'] : []),
  },
  {
    id: 'multipath-blacklist-hides',
    severity: 'warning',
    reads: `blacklist and blacklist_exceptions in \`${CONFIG}\`; disks of iSCSI sessions`,
    when: 'a line matches an iSCSI disk, or the next one that will come, and no exception lifts it',
    reason: 'multipathd makes no map of such a disk.',
    instead: 'blacklist local disks by wwid, or by vendor and product, not by device name',
    source: 'multipath.conf(5)',
    find: (facts) => (usesMultipath(facts) ? hidingLines(facts) : []),
  },
];
