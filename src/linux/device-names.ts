import { unmangled } from './dm-status.js';
import { sameWwid } from './identifiers.js';
import type { StorageState } from './storage-state.js';
import { wwidOrNull } from './wwid.js';

/**
 * Kernel name behind a device path as mounts, swaps and loop devices show it; null when the path names no device of this observation.
 * Only by what was observed: links in /dev are not read, they may be stale or lead elsewhere.
 */
export function kernelNameOf(state: StorageState, devicePath: string): string | null {
  const [, directory, last] = /^\/dev\/(?:(.*)\/)?([^/]+)$/.exec(devicePath) ?? [];
  if (last === undefined) return null;
  switch (directory) {
    case undefined:
      return knownName(state, last);
    case 'mapper':
      return dmByName(state, last);
    case 'disk/by-id':
      return byId(state, last);
    default:
      // /dev/VG/LV: LVM joins both with a dash, and doubles the dashes within.
      return directory.includes('/') ? null : dmByName(state, `${lvmPart(directory)}-${lvmPart(last)}`);
  }
}

function knownName(state: StorageState, name: string): string | null {
  const isKnown =
    state.dmDevices.some((dm) => dm.name === name) ||
    (state.loops ?? []).some((loop) => loop.name === name) ||
    state.scsiDevices.some(({ block }) => block?.name === name || block?.partitions.some((part) => part.name === name));
  return isKnown ? name : null;
}

function dmByName(state: StorageState, name: string): string | null {
  const wanted = unmangled(name);
  return state.dmDevices.find((dm) => unmangled(dm.dmName) === wanted)?.name ?? null;
}

function byId(state: StorageState, link: string): string | null {
  const [, kind, value = ''] = /^(dm-name-|dm-uuid-|scsi-|(?=wwn-))(.+)$/.exec(link) ?? [];
  if (kind === 'dm-name-') return dmByName(state, value);
  if (kind === 'dm-uuid-') return state.dmDevices.find((dm) => unmangled(dm.dmUuid) === unmangled(value))?.name ?? null;
  if (kind === undefined) return null;
  const [, identity = '', partition] = /^(.*?)(?:-part(\d+))?$/.exec(value) ?? [];
  const wwid = wwidOrNull(identity);
  const map = state.dmDevices.find((dm) => sameWwid(dm.mapWwid, wwid));
  if (map !== undefined) {
    if (partition === undefined) return map.name;
    return state.dmDevices.find((dm) => dm.dmUuid === `part${partition}-${map.dmUuid}`)?.name ?? null;
  }
  const block = state.scsiDevices.find((device) => sameWwid(device.cachedWwid, wwid))?.block;
  if (partition === undefined) return block?.name ?? null;
  return block?.partitions.find((part) => part.name === `${block.name}${partition}`)?.name ?? null;
}

function lvmPart(name: string): string {
  return name.replace(/-/g, '--');
}
