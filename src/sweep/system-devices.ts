import { kernelNameOf } from '../linux/device-names.js';
import { unmangled } from '../linux/dm-status.js';
import type { HostSnapshot } from './host-snapshot.js';

/** What a host cannot run without, wherever it lies. */
const SYSTEM_MOUNTS: ReadonlySet<string> = new Set([
  '/',
  '/boot',
  '/boot/efi',
  '/efi',
  '/usr',
  '/etc',
  '/var',
  '/home',
  '/root',
]);

/**
 * Kernel names of all block devices under the host's own file systems and swap: mapped devices, partitions and disks down to the last one. None of
 * them is ever a candidate, whatever it looks like (rule S27).
 */
export function systemDevices({ storage, blockNumbers, dependencies }: HostSnapshot): ReadonlySet<string> {
  const nameOfPath = (filePath: string): string => kernelNameOf(storage, filePath) ?? filePath.replace(/^\/dev\//, '');
  const nameOf = (dev: string): string | undefined => blockNumbers?.get(dev)?.name;
  const mounted = storage.mounts
    .filter(({ mountPoint, pid }) => pid === undefined && SYSTEM_MOUNTS.has(mountPoint))
    .flatMap(({ dev, source }) => [nameOf(dev), nameOfPath(source)]);
  const swaps = storage.swaps.map(({ devicePath }) => nameOfPath(devicePath));
  const found = new Set<string>();
  const take = (name: string | null | undefined): void => {
    if (name == null || name === '' || found.has(name)) return;
    found.add(name);
    const dm = storage.dmDevices.find((one) => one.name === name);
    const parts = dm === undefined ? [] : (dependencies?.get(unmangled(dm.dmName)) ?? []);
    for (const part of [...parts.map(nameOf), ...(dm?.slaves ?? []), diskUnder(name, blockNumbers)]) take(part);
  };
  for (const name of [...mounted, ...swaps]) take(name);
  return found;
}

function diskUnder(name: string, blockNumbers: HostSnapshot['blockNumbers']): string | null {
  for (const device of blockNumbers?.values() ?? []) if (device.name === name) return device.disk;
  return null;
}
