import { parsePortal } from '../../linux/identifiers.js';
import { byPathLun } from './addressing.js';
import type { IscsiGoal, TargetTriple } from './goal.js';

export const BY_PATH = '/dev/disk/by-path';

/** Where udev's by-path names of the volume are, as patterns. They hold the portal in whatever spelling its node record has. */
export function byPathPatterns({ targets }: IscsiGoal): readonly string[] {
  return [
    ...new Set(targets.map(({ targetName, lun }) => `${BY_PATH}/*ip-*-iscsi-${targetName}-lun-${byPathLun(lun)}`)),
  ];
}

/** Those of the listed names that lead to the volume by one of its portals. */
export function namesOfVolume({ targets }: IscsiGoal, listed: readonly string[]): readonly string[] {
  return listed.filter((name) => targets.some((triple) => isOf(triple, name))).sort();
}

function isOf({ portal, targetName, lun }: TargetTriple, name: string): boolean {
  const tail = `-iscsi-${targetName}-lun-${byPathLun(lun)}`;
  const [, address, port] = /\bip-([^/]+):(\d+)$/.exec(name.endsWith(tail) ? name.slice(0, -tail.length) : '') ?? [];
  if (address === undefined || port === undefined) return false;
  try {
    return parsePortal(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`) === portal;
  } catch {
    return false;
  }
}
