import type { VolumeSpec } from '../connectors/connector.js';

/**
 * A host's own definition of a volume that another host has: by the same name if its WWID is the same, else by the WWID. Each host may reach
 * it in its own way (portals, LUN, secrets), so the inventory of that host is asked. Null when it declares none, or several.
 */
export function sameVolumeAt(volumes: ReadonlyMap<string, VolumeSpec>, name: string, wwid: string): VolumeSpec | null {
  const named = volumes.get(name);
  if (named?.wwid === wwid) return named;
  const [only, ...others] = [...volumes.values()].filter((volume) => volume.wwid === wwid);
  return only === undefined || others.length > 0 ? null : only;
}
