import type { SimulatedHost } from '../host-model.js';
import type { FileTree } from './file-tree.js';

const TOTAL_KIB = 1_000_000;

/** Settings that a doctor reads. */
export function addSettingsFiles(tree: FileTree, host: SimulatedHost): void {
  const { iscsidConf, machineId, hostNqn } = host.condition.now;
  const conf = Object.entries(iscsidConf).map(([name, value]) => `${name} = ${value}\n`);
  tree.file('/etc/iscsi/iscsid.conf', conf.join(''));
  tree.file('/etc/machine-id', `${machineId}\n`);
  if (hostNqn !== null) tree.file('/etc/nvme/hostnqn', `${hostNqn}\n`);
}

/** How the host feels: what a doctor reads in /proc. */
export function addHealthFiles(tree: FileTree, host: SimulatedHost): void {
  const { availableMemoryPercent, clockOffsetMs, iscsid } = host.condition.now;
  tree.file('/proc/285/status', 'Name:\tsh\nUid:\t0\t0\t0\t0\n');
  const available = Math.round((TOTAL_KIB * availableMemoryPercent) / 100);
  tree.file('/proc/meminfo', `MemTotal: ${TOTAL_KIB} kB\nMemFree: ${available} kB\nMemAvailable: ${available} kB\n`);
  tree.file('/proc/vmstat', 'nr_free_pages 100\npswpin 0\npswpout 0\n');
  tree.file('/proc/sys/kernel/tainted', '0\n');
  for (const [pid, name, state] of processes(host)) tree.file(`/proc/${pid}/stat`, `${pid} (${name}) ${state} 1 1 1\n`);
  const socket = '0000000000000000: 00000002 00000000 00010000 0001 01 15431 @ISCSIADM_ABSTRACT_NAMESPACE\n';
  tree.file('/proc/net/unix', `Num RefCount Protocol Flags Type St Inode Path\n${iscsid === 'absent' ? '' : socket}`);

  // both go on while the files are looked at: the wall clock is their sum
  const sinceBoot = (): number => host.uptimeMs() / 1000;
  tree.liveFile('/proc/uptime', () => `${sinceBoot().toFixed(2)} ${sinceBoot().toFixed(2)}\n`);
  tree.liveFile(
    '/proc/stat',
    () => `cpu0 1 2 3 4 5 0 0 0 0 0\nbtime ${Math.floor((Date.now() + clockOffsetMs) / 1000 - sinceBoot())}\n`,
  );
}

function processes(host: SimulatedHost): (readonly [pid: number, name: string, state: string])[] {
  const { iscsid, blockedTasks } = host.condition.now;
  return [
    [1, 'systemd', 'S'],
    [285, 'sh', 'R'],
    ...(host.multipath.running ? [[301, 'multipathd', 'S'] as const] : []),
    ...(iscsid === 'running' ? [[302, 'iscsid', 'S'] as const] : []),
    ...blockedTasks.map(({ pid, name }) => [pid, name, 'D'] as const),
  ];
}
