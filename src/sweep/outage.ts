import type { HostSnapshot } from './host-snapshot.js';

/** From here on what is broken is taken for an outage of an array or a network: at least so many objects, and at least this share of all. */
export const OUTAGE_DEFAULTS = { leastObjects: 5, sharePercent: 30 } as const;

/** How much of the storage of a fleet is broken at once. */
export interface Breakage {
  readonly objects: number;
  readonly broken: number;
}

/**
 * Sessions, disks and multipath maps, and how many of them do not work; whatever the reason. A LUN that the array has taken away counts too: when
 * many of them go at once, somebody has made a mistake there.
 */
export function breakageOf({ storage, answers }: HostSnapshot): Breakage {
  const disks = storage.scsiDevices.filter(({ block }) => block !== null);
  const maps = storage.dmDevices.filter(({ dmUuid }) => dmUuid.startsWith('mpath-'));
  const broken = [
    ...storage.sessions.filter(({ state }) => state !== 'LOGGED_IN'),
    ...disks.filter(({ hctl, state }) => state !== 'running' || answers.get(hctl)?.kind !== 'identity'),
    ...maps.filter(({ mapPaths }) => mapPaths !== null && !mapPaths.some(({ active }) => active)),
  ];
  return { objects: storage.sessions.length + disks.length + maps.length, broken: broken.length };
}

/** Whether that is an outage, in which a sweep only reports (rule S37); null when it is not. */
export function outageOf(all: Iterable<Breakage>, sharePercent: number): string | null {
  let objects = 0;
  let broken = 0;
  for (const one of all) {
    objects += one.objects;
    broken += one.broken;
  }
  if (broken < OUTAGE_DEFAULTS.leastObjects || broken * 100 < objects * sharePercent) return null;
  const share = Math.round((broken * 100) / objects);
  return `${broken} of ${objects} sessions, disks and maps are broken (${share}%, the limit is ${sharePercent}%)`;
}
