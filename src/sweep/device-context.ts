import type { DmDevice, ScsiDevice } from '../linux/storage-state.js';
import { unknownsAbout } from '../linux/unknowns.js';
import type { Claim } from './claims.js';
import type { DeadDisk, ObjectClass, ObjectKind, Removal, SweepObject } from './sweep-object.js';
import type { MapLife } from './dead-disks.js';
import type { HostSnapshot } from './host-snapshot.js';

/** What stacks of devices are judged by, worked out once for a host. */
export interface DeviceContext {
  readonly snapshot: HostSnapshot;
  readonly claims: readonly Claim[];
  /** kernel names of what the host itself runs from */
  readonly system: ReadonlySet<string>;
  readonly mapLives: ReadonlyMap<DmDevice, MapLife>;
  readonly vanished: ReadonlyMap<DmDevice, Vanished>;
}

/** Why a mapping has nothing under it any more. */
export interface Vanished {
  /** numbers of devices that are not there */
  readonly gone: readonly string[];
  /** maps and mappings under it that are dead themselves */
  readonly on: readonly DmDevice[];
  /** dead disks under it, through dead maps too */
  readonly disks: readonly DeadDisk[];
  readonly why: readonly string[];
}

export const SYSTEM = 'the host itself runs from it';
export const BOOT = 'the host may have booted from this target';

/** Makes verdicts about one object. */
export function describer(kind: ObjectKind, key: string, title: string) {
  return (verdict: ObjectClass, reasons: readonly string[], removal?: Removal): SweepObject => ({
    kind,
    key,
    title,
    class: verdict,
    reasons,
    ...(removal === undefined ? {} : { removal }),
  });
}

/** What could not be read and may be about these: then nothing is decided. */
export function blindSpots(
  { storage, blockNumbers, dependencies, unknowns }: HostSnapshot,
  disks: readonly ScsiDevice[],
  dmNames: readonly string[],
): readonly string[] {
  const concern = { sids: disks.map(({ sid }) => sid), hctls: disks.map(({ hctl }) => hctl), dmNames, targetNames: [] };
  const isBlind = blockNumbers === null || dependencies === null;
  const nothing = { subject: 'block devices', reason: 'could not be listed' };
  const general = isBlind ? [nothing, ...unknowns] : [];
  return [...unknownsAbout(storage, concern), ...general].map(({ subject, reason }) => `${subject}: ${reason}`);
}
