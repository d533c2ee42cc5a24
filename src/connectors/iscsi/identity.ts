import { LongshoreError } from '../../errors/longshore-error.js';
import { compareIdentity } from '../../linux/live-identity.js';
import type { Wwid } from '../../linux/identifiers.js';
import type { ScsiDevice, StorageState } from '../../linux/storage-state.js';
import type { IscsiGoal } from './goal.js';
import type { IscsiObservation } from './observation.js';
import { diskName, isLive, sessionOf, type VolumeView } from './volume-view.js';

/** Three results, and unknown stops (rule S1). */
export type IdentityFinding =
  | { readonly kind: 'match'; readonly wwid: Wwid }
  | { readonly kind: 'mismatch'; readonly error: LongshoreError }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Proves before hand-out that all live disks of the volume are the volume: each answers a live inquiry with one and the
 * same identity, which is the expected one if there is one, the one the kernel cached, and the map's.
 */
export function proveIdentity(observation: IscsiObservation, view: VolumeView, goal: IscsiGoal): IdentityFinding {
  const strange = strangeTarget(observation.storage, view.devices, goal);
  if (strange !== null) return { kind: 'mismatch', error: strange };
  const live = view.devices.filter((device) => isLive(observation.storage, device));
  const answers: { device: ScsiDevice; wwid: Wwid }[] = [];
  for (const device of live) {
    const answer = observation.live.get(diskName(device));
    if (answer === undefined) return { kind: 'unknown', why: `${describe(device)} was not asked yet` };
    if (answer.kind === 'unknown') return { kind: 'unknown', why: `${describe(device)}: ${answer.reason}` };
    answers.push({ device, wwid: answer.wwid });
  }
  const first = answers[0];
  if (first === undefined) return { kind: 'unknown', why: 'no live path' };
  const expected = goal.expectedWwid ?? first.wwid;
  for (const { device, wwid } of answers) {
    const finding = compareIdentity(expected, wwid);
    if (finding === 'unknown') {
      return { kind: 'unknown', why: `${describe(device)} answers ${wwid}, which cannot be compared with ${expected}` };
    }
    if (finding === 'mismatch') return mismatch(device, wwid, expected, goal.expectedWwid === null);
    if (device.cachedWwid !== null && device.cachedWwid !== wwid) return stale(device, wwid);
  }
  for (const map of view.maps) {
    if (map.mapWwid !== expected) {
      return {
        kind: 'mismatch',
        error: new LongshoreError(
          'E_IDENTITY_MISMATCH',
          `map ${map.dmName} (${map.name}) is ${map.mapWwid ?? 'unknown'}, but its path ${describe(first.device)} answers ${expected}`,
          { remedy: REMAPPED },
        ),
      };
    }
  }
  return sizeFinding(view, live, goal) ?? { kind: 'match', wwid: expected };
}

/**
 * A disk with the volume's identity behind a target that nobody has named, or null. Two arrays that were set up alike give one identity to two
 * volumes, and multipath makes one map of both (incident A15).
 */
export function strangeTarget(
  storage: StorageState,
  devices: readonly ScsiDevice[],
  goal: IscsiGoal,
): LongshoreError | null {
  const named = new Set<string>(goal.targets.map(({ targetName }) => targetName));
  for (const device of devices) {
    const target = sessionOf(storage, device)?.targetName;
    if (target === undefined || named.has(target)) continue;
    return new LongshoreError(
      'E_IDENTITY_MISMATCH',
      `${describe(device)} has the identity of ${goal.volume}, but it is behind the target ${target}, which ${goal.volume} does not name`,
      {
        remedy:
          'nothing was changed; if it is the same volume, name that target too (target_portals, target_iqns, target_luns), else give one of the two another identity on its array',
      },
    );
  }
  return null;
}

const REMAPPED =
  'another volume was mapped at this LUN while an old device of it was still on the host: detach the old volume first';

function mismatch(device: ScsiDevice, actual: Wwid, expected: Wwid, amongPaths: boolean): IdentityFinding {
  const wanted = amongPaths ? `another path answers ${expected}` : `wanted is ${expected}`;
  return {
    kind: 'mismatch',
    error: new LongshoreError('E_IDENTITY_MISMATCH', `${describe(device)} answers ${actual}, ${wanted}`, {
      remedy: 'check the LUN, and the volume mapped at it on the array; nothing was handed out',
    }),
  };
}

function stale(device: ScsiDevice, actual: Wwid): IdentityFinding {
  return {
    kind: 'mismatch',
    error: new LongshoreError(
      'E_IDENTITY_MISMATCH',
      `${describe(device)} answers ${actual}, but was ${device.cachedWwid ?? 'unknown'} when the kernel found it`,
      { remedy: REMAPPED },
    ),
  };
}

/** A disk of which the kernel could not read the size has none to compare; one that is down does not matter then. */
function sizeFinding(view: VolumeView, live: readonly ScsiDevice[], goal: IscsiGoal): IdentityFinding | null {
  const sizes = [
    ...view.devices
      .map((device) => ({ name: describe(device), size: device.block?.sizeBytes ?? 0, isUp: live.includes(device) }))
      .filter(({ size, isUp }) => size > 0 || isUp),
    ...view.maps.map((map) => ({ name: `map ${map.dmName}`, size: map.sizeBytes })),
  ];
  const expected = goal.sizeBytes ?? sizes[0]?.size ?? 0;
  const blank = sizes.find(({ size }) => size === 0);
  if (blank !== undefined) return { kind: 'unknown', why: `${blank.name} shows no size` };
  const odd = sizes.find(({ size }) => size !== expected);
  if (odd === undefined) return null;
  return {
    kind: 'mismatch',
    error: new LongshoreError(
      'E_IDENTITY_MISMATCH',
      `${odd.name} has ${odd.size} bytes, ${goal.sizeBytes === null ? 'another path' : 'wanted are'} ${expected}`,
      { remedy: 'check the size on the array, or correct size_bytes; a grown volume needs an extend first' },
    ),
  };
}

/** A disk as an operator can find it. */
export function describe(device: ScsiDevice): string {
  return `${diskName(device)} (${device.hctl})`;
}
