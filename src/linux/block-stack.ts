import { kernelNameOf } from './device-names.js';
import type { DmDevice, Mount, StorageState } from './storage-state.js';

/** Who uses a device, for the operator. */
export interface InUse {
  readonly kind: 'mount' | 'swap' | 'holder' | 'open';
  /** kernel name of the device that is used */
  readonly device: string;
  /** such as `mounted on /data (ext4)` */
  readonly by: string;
}

interface StackedDevice {
  readonly name: string;
  readonly dev: string;
  readonly holders: readonly string[];
  readonly partitions: readonly string[];
  readonly dm: DmDevice | null;
}

/**
 * Who uses these block devices (kernel names, such as sdb and dm-0) and what is stacked on them, apart from our own multipath maps (kernel
 * names). Partition maps that kpartx makes of an own map are no use by themselves, only what uses them is: removing the map removes them.
 *
 * An empty answer proves disuse only together with the state's unknowns, and with a known open count of each map. A process that
 * has a SCSI disk itself open shows nowhere in sysfs. udev opens a map for a moment after each change: an `open` may be gone at the next look.
 */
export function usesOf(state: StorageState, names: readonly string[], ownMapNames: readonly string[]): InUse[] {
  const devices = stackedDevices(state);
  const uses = new Map<string, InUse>();
  const note = (use: InUse): unknown => uses.set(`${use.kind} ${use.device} ${use.by}`, use);
  const ownUuids = ownMapNames.flatMap((name) => devices.get(name)?.dm?.dmUuid || []);
  const isOurs = (name: string): boolean => {
    const mapUuid = /^part\d+-(.+)$/s.exec(devices.get(name)?.dm?.dmUuid ?? '')?.[1];
    return ownMapNames.includes(name) || (mapUuid !== undefined && ownUuids.includes(mapUuid));
  };

  const visited = new Set<string>();
  const waiting = [...names, ...ownMapNames].map((name) => ({ name, ours: true }));
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (visited.has(item.name)) continue;
    visited.add(item.name);
    const device = devices.get(item.name) ?? { name: item.name, dev: '', holders: [], partitions: [], dm: null };
    const direct = directUses(state, device);
    direct.uses.forEach(note);
    for (const holder of device.holders) {
      const ours = isOurs(holder);
      if (!ours) note({ kind: 'holder', device: device.name, by: `held by ${described(devices.get(holder), holder)}` });
      waiting.push({ name: holder, ours });
    }
    for (const partition of device.partitions) waiting.push({ name: partition, ours: item.ours });

    const unexplained = (device.dm?.openCount ?? 0) - device.holders.length - direct.opens;
    if (item.ours && unexplained > 0) note({ kind: 'open', device: device.name, by: 'open by an unknown process' });
  }
  return [...uses.values()].sort((a, b) => compare(a.device, b.device) || compare(a.by, b.by));
}

/** The multipath map over any of these devices (kernel names); only a dm device whose uuid starts with `mpath-`. */
export function multipathMapOf(state: StorageState, names: readonly string[]): DmDevice | null {
  return multipathMapsOf(state, names)[0] ?? null;
}

/** All of them: more than one means that paths of one volume are spread over maps, which is never to be changed (rule S31). */
export function multipathMapsOf(state: StorageState, names: readonly string[]): DmDevice[] {
  return state.dmDevices.filter(
    (dm) => dm.dmUuid.startsWith('mpath-') && dm.slaves.some((slave) => names.includes(slave)),
  );
}

function stackedDevices(state: StorageState): Map<string, StackedDevice> {
  const devices = new Map<string, StackedDevice>();
  for (const { block } of state.scsiDevices) {
    if (block === null) continue;
    const { name, dev, holders } = block;
    devices.set(name, { name, dev, holders, partitions: block.partitions.map((part) => part.name), dm: null });
    for (const part of block.partitions) devices.set(part.name, { ...part, partitions: [], dm: null });
  }
  for (const dm of state.dmDevices) {
    devices.set(dm.name, { name: dm.name, dev: dm.dev, holders: dm.holders, partitions: [], dm });
  }
  return devices;
}

/** Uses of the device itself, and how many openers of it they explain: a file system opens it once, wherever it is mounted. */
function directUses(state: StorageState, device: StackedDevice): { uses: InUse[]; opens: number } {
  const isDevice = (path: string): boolean => kernelNameOf(state, path) === device.name;
  const use = (kind: InUse['kind'], by: string): InUse => ({ kind, device: device.name, by });

  const mounts = state.mounts.filter(
    (mount) => (device.dev !== '' && mount.dev === device.dev) || isDevice(mount.source),
  );
  const held = (state.fileSystems ?? []).filter((fileSystem) => fileSystem.device === device.name);
  const hidden = mounts.length === 0 ? held : [];
  const swaps = state.swaps.filter((swap) => isDevice(swap.devicePath));
  const loops = (state.loops ?? []).filter((loop) => isDevice(loop.backingPath));
  return {
    uses: [
      ...mounts.map((mount) => use('mount', mountedOn(mount))),
      ...hidden.map(({ fsType }) =>
        use('mount', `holds a mounted ${fsType} file system that no process shows (lazily unmounted?)`),
      ),
      ...swaps.map(() => use('swap', 'used as swap')),
      ...loops.map((loop) => use('holder', `held by loop device ${loop.name}`)),
    ],
    opens: (mounts.length + held.length > 0 ? 1 : 0) + swaps.length + loops.length,
  };
}

function mountedOn({ mountPoint, fsType, pid }: Mount): string {
  const where = pid === undefined ? '' : ` in the mount namespace of process ${pid}`;
  return `mounted on ${mountPoint} (${fsType})${where}`;
}

function described(device: StackedDevice | undefined, name: string): string {
  const dm = device?.dm;
  if (dm === undefined || dm === null) return name.startsWith('md') ? `md array ${name}` : name;
  const kinds = [
    ['mpath-', 'multipath map'],
    ['LVM-', 'LVM volume'],
    ['CRYPT-', 'encrypted device'],
  ] as const;
  const kind = kinds.find(([prefix]) => dm.dmUuid.startsWith(prefix))?.[1];
  return `${kind ?? (/^part\d+-/.test(dm.dmUuid) ? 'partition map' : 'device-mapper device')} ${dm.dmName || name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
