import { createHash } from 'node:crypto';
import type { SimulatedHost } from '../host-model.js';
import type { FileTree } from './file-tree.js';

/** /proc, as far as somebody reads it: mounts of all namespaces, swaps, what the machine is. */
export function addProcFiles(tree: FileTree, host: SimulatedHost): void {
  const { mounts, swaps } = host.mounts;
  const pids = [...new Set([1, 285, ...mounts.map((mount) => mount.pid)])];
  for (const pid of pids) tree.file(`/proc/${pid}/mountinfo`, mountinfo(host, pid));
  tree.link('/proc/self', '/proc/285');
  tree.link('/proc/mounts', '/proc/285/mounts');
  tree.file('/proc/285/oom_score_adj', '0\n', (content) =>
    Promise.resolve(/^-?\d+\n?$/.test(content) ? null : 'Invalid argument'),
  );
  const rows = swaps.map(({ devicePath }) => `${devicePath.padEnd(39)} partition\t1048572\t\t0\t\t-2`);
  tree.file('/proc/swaps', ['Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority', ...rows, ''].join('\n'));
  tree.file('/proc/version', 'Linux version 6.1.0-56-amd64 (simulated)\n');
  tree.file('/proc/sys/kernel/hostname', `${host.name}\n`);
  tree.file('/proc/sys/kernel/osrelease', '6.1.0-56-amd64\n');
  tree.file('/proc/sys/kernel/random/boot_id', `${bootId(`${host.name} ${host.bootedAt}`)}\n`);
}

/** A mounted file system shows under its type in sysfs, in whatever namespace it is mounted. */
export function addFileSystemFiles(tree: FileTree, host: SimulatedHost): void {
  for (const { dev, fsType } of host.mounts.mounts) {
    const device = host.blocks.nameOf(dev);
    if (device !== null) tree.directory(`/sys/fs/${fsType}/${device}`);
  }
}

/** Everybody sees what process 1 mounted; a namespace of its own has that and more. */
function mountinfo(host: SimulatedHost, pid: number): string {
  const own = host.mounts.mounts.filter((mount) => mount.pid === 1 || mount.pid === pid);
  const lines = own.map(
    ({ dev, mountPoint, fsType, source }, index) =>
      `${40 + index} 22 ${dev} / ${escapeField(mountPoint)} rw,relatime shared:${index + 2} - ${fsType} ${escapeField(source)} rw`,
  );
  return ['22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw', ...lines, ''].join('\n');
}

/** The kernel writes blanks and backslashes of paths in octal. */
function escapeField(field: string): string {
  return field.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function bootId(boot: string): string {
  const digest = createHash('sha256').update(boot).digest('hex');
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(12, 16),
    digest.slice(16, 20),
    digest.slice(20, 32),
  ].join('-');
}
