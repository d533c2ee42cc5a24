import type { MultipathSection } from '../linux/multipath-settings.js';
import type { DmDevice, IscsiSession, ScsiDevice } from '../linux/storage-state.js';
import type { HostFacts } from './host-facts.js';

/** Multipath maps, not the partitions and volumes on them. */
export function mapsOf({ dmDevices }: HostFacts): readonly DmDevice[] {
  return dmDevices.filter(({ dmUuid }) => dmUuid.startsWith('mpath-'));
}

/** Whether this host does or is to reach volumes through several paths: maps, several sessions to one target, or the inventory says so. */
export function usesMultipath(facts: HostFacts): boolean {
  const targets = facts.sessions.map(({ targetName }) => targetName);
  return facts.expectsMultipath || mapsOf(facts).length > 0 || new Set(targets).size < targets.length;
}

/** Disks that came through iSCSI sessions. */
export function disksOf({ scsiDevices }: HostFacts): readonly ScsiDevice[] {
  return scsiDevices.filter(({ type, block }) => type === 0 && block !== null);
}

export function isInMap(disk: ScsiDevice, facts: HostFacts): boolean {
  const name = disk.block?.name ?? '';
  return mapsOf(facts).some((map) => map.slaves.includes(name));
}

/** Sessions with at least one disk, all or none of which are in maps. */
export function sessionsWithDisks(facts: HostFacts, inMaps: boolean): readonly IscsiSession[] {
  return facts.sessions.filter((session) => {
    const disks = disksOf(facts).filter(({ sid }) => sid === session.sid);
    return disks.length > 0 && disks.every((disk) => isInMap(disk, facts) === inMaps);
  });
}

/** A setting as written in one section of multipath's configuration. */
export interface PlacedSetting {
  readonly place: string;
  readonly value: string;
}

/** Every value of a setting, in `defaults`, `overrides`, `devices` and `multipaths`; what is built in counts as written. */
export function multipathSetting({ multipath }: HostFacts, name: string): readonly PlacedSetting[] {
  return (multipath.config?.sections ?? []).flatMap((section) =>
    [section, ...section.sections].flatMap((part) =>
      part.entries
        .filter((entry) => entry.name === name)
        .map(({ value }) => ({ place: placeOf(section, part), value })),
    ),
  );
}

/** The value in `defaults`, which holds where nothing else is said; null when there is none. */
export function multipathDefault({ multipath }: HostFacts, name: string): string | null {
  const defaults = multipath.config?.sections.find((section) => section.name === 'defaults');
  return defaults?.entries.findLast((entry) => entry.name === name)?.value ?? null;
}

function placeOf(section: MultipathSection, part: MultipathSection): string {
  if (part === section) return section.name;
  const entry = (name: string): string | undefined => part.entries.find((one) => one.name === name)?.value;
  const title = entry('wwid') ?? [entry('vendor'), entry('product')].filter((word) => word !== undefined).join(' ');
  return title === '' ? `${section.name}/${part.name}` : `${part.name} "${title}"`;
}
