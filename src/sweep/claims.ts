import { iscsiGoal, type TargetTriple } from '../connectors/iscsi/goal.js';
import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Iqn, Portal, Wwid } from '../linux/identifiers.js';
import { wwidOrNull } from '../linux/wwid.js';
import type { IscsiSession, ScsiDevice, StorageState } from '../linux/storage-state.js';

/** A volume that somebody says this host has: then nothing of it is swept, in whatever state it is. */
export interface Claim {
  readonly volume: string;
  readonly wwid: Wwid | null;
  /** the ways to it, and so the sessions and node records that belong to it; empty for other protocols */
  readonly targets: readonly TargetTriple[];
  /** it may be attached on several hosts at once */
  readonly shared: boolean;
}

/** What the inventory declares for a host. A volume of another protocol counts by its identity alone. */
export function claimsOf(volumes: Iterable<VolumeSpec>): readonly Claim[] {
  return [...volumes].map((volume) => ({
    volume: volume.name,
    wwid: volume.wwid === undefined ? null : wwidOrNull(volume.wwid),
    targets: targetsOf(volume),
    shared: volume.shared === true || volume.accessMode === 'ro',
  }));
}

function targetsOf(volume: VolumeSpec): readonly TargetTriple[] {
  try {
    return iscsiGoal(volume, { credentials: false }).targets;
  } catch (error) {
    // no iSCSI volume, or not one that could be attached: there is nothing to claim but its name
    if (error instanceof LongshoreError && (error.code === 'E_VOLUME' || error.code === 'E_PARSE')) return [];
    throw error;
  }
}

/** The volume to whose target a session or a record leads, through whatever portal; undefined when no volume claims it. */
export function claimOfTarget(claims: readonly Claim[], targetName: Iqn): Claim | undefined {
  return claims.find(({ targets }) => targets.some((triple) => triple.targetName === targetName));
}

/** The volume that a disk is: by identity where both are known, else by its place at the target. */
export function claimOfDisk(claims: readonly Claim[], device: ScsiDevice, storage: StorageState): Claim | undefined {
  const session = storage.sessions.find(({ sid }) => sid === device.sid);
  return claims.find((claim) => {
    if (claim.wwid !== null && device.cachedWwid !== null) return claim.wwid === device.cachedWwid;
    return claim.targets.some(
      (triple) => session !== undefined && triple.targetName === session.targetName && triple.lun === device.lun,
    );
  });
}

/** Sessions through each portal that are down and that somebody misses: those that carry disks, or lead to a volume of their host. */
export type PortalsDown = ReadonlyMap<Portal, number>;

export function missedSessions(storage: StorageState, claims: readonly Claim[]): readonly IscsiSession[] {
  return storage.sessions.filter(
    (session) =>
      session.state !== 'LOGGED_IN' &&
      (storage.scsiDevices.some(({ sid }) => sid === session.sid) ||
        claimOfTarget(claims, session.targetName) !== undefined),
  );
}
