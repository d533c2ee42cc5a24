import { LongshoreError } from '../../errors/longshore-error.js';
import { usesOf } from '../../linux/block-stack.js';
import type { Wwid } from '../../linux/identifiers.js';
import { compareIdentity } from '../../linux/live-identity.js';
import type { DmDevice, IscsiSession, ScsiDevice, StorageState, Unknown } from '../../linux/storage-state.js';
import { unknownsAbout } from '../../linux/unknowns.js';
import { bootDisk, bootRefusal } from './boot-guard.js';
import type { DetachScope, ScopedView } from './detach-scope.js';
import { describe, strangeTarget } from './identity.js';
import { sickRecords } from './sick-records.js';
import { diskName, isLive } from './volume-view.js';

/** What could not be read and may be about this volume: absence cannot be claimed, nor a change made, without it. */
export function blindSpots(
  storage: StorageState,
  scoped: ScopedView,
  scope: DetachScope,
  wwid: Wwid | null,
): readonly Unknown[] {
  const own = [...scoped.paths.flatMap((path) => path.sessions), ...scoped.disks, ...unplaced(storage, scope)];
  const sids = own.map((one) => one.sid);
  const concern = {
    sids,
    hctls: scoped.disks.map((device) => device.hctl),
    dmNames: scoped.maps.map((map) => map.name),
    targetNames: scope.goal.targets.map((triple) => triple.targetName),
  };
  // whether multipathd runs is a value of its own
  const present = scoped.disks.length > 0 || scoped.maps.length > 0;
  const sick = sickRecords(storage, scope.goal);
  // the kernel asked a disk once, when it found it, and the answer was lost: it is asked again right before it is removed. What an undo removes
  // is known by where it is
  const unnamed = wwid === null && scope.keep === null ? [] : scoped.disks.map(({ hctl }) => `/${hctl}/wwid`);
  return unknownsAbout(storage, concern).filter(
    ({ subject, reason }) =>
      !sick.includes(subject) &&
      !unnamed.some((end) => subject.endsWith(end)) &&
      !subject.startsWith('multipathd') &&
      // what is no iSCSI name is not that of this volume's target
      !(subject.startsWith('/sys/firmware/') && !reason.startsWith('could not')) &&
      (present || !isAboutUse(subject)),
  );
}

/** Sessions to the volume's target of which the portal is not known: they may well be its own, with its disk. */
function unplaced(storage: StorageState, { goal, keep }: DetachScope): readonly IscsiSession[] {
  return storage.sessions.filter(
    ({ sid, portal, targetName }) =>
      portal === null &&
      goal.targets.some((triple) => triple.targetName === targetName) &&
      keep?.storage.sessions.some((old) => old.sid === sid) !== true,
  );
}

/** Without a disk there is nothing that could be in use. */
function isAboutUse(subject: string): boolean {
  return subject === 'mounts' || subject.startsWith('/proc/') || subject.startsWith('/sys/fs/');
}

/** Why nothing may be removed, or null: another identity, a map that is not only ours, a user. No option overrides it. */
export function refuse(
  scope: DetachScope,
  storage: StorageState,
  { disks, maps }: ScopedView,
  wwid: Wwid | null,
): Error | null {
  const boot = bootDisk(storage, disks);
  if (boot !== null) return bootRefusal(describe(boot));
  const strange = scope.keep === null ? strangeTarget(storage, disks, scope.goal) : null;
  if (strange !== null) return strange;
  for (const device of disks) {
    if (scope.keep !== null || device.cachedWwid === null || wwid === null) continue;
    if (compareIdentity(wwid, device.cachedWwid) === 'mismatch') {
      return new LongshoreError(
        'E_IDENTITY_MISMATCH',
        `${describe(device)} is ${device.cachedWwid}, the volume is ${wwid}`,
        {
          remedy: 'another volume is at this LUN: nothing was removed; correct the LUN or the wwid',
        },
      );
    }
  }
  const names = new Set(disks.map(diskName));
  for (const map of maps) {
    const foreign = map.slaves.find((slave) => !names.has(slave));
    if (foreign !== undefined || (scope.keep === null && wwid !== null && map.mapWwid !== wwid)) {
      return new LongshoreError(
        'E_IDENTITY_MISMATCH',
        `map ${map.dmName} (${map.name}) is not only of this volume: ${foreign === undefined ? `it is ${map.mapWwid ?? 'unknown'}` : `it also holds ${foreign}`}`,
        {
          remedy: 'look at the paths of the map; nothing was removed',
        },
      );
    }
  }
  return inUse(storage, disks, maps);
}

/**
 * Whether nothing but an opener without a name stands in the way: udev and multipathd open a map for a moment after each change of it, so
 * this is looked at again before it is a refusal (incident F8).
 */
export function onlyOpen(storage: StorageState, { disks, maps }: ScopedView): boolean {
  const uses = usesOf(
    storage,
    [...disks.map(diskName), ...maps.map((map) => map.name)],
    maps.map((map) => map.name),
  );
  return uses.length > 0 && uses.every((use) => use.kind === 'open');
}

/** Refusal that names every user, or null. Partition maps that nobody uses go with their map (kpartx makes them). */
function inUse(storage: StorageState, disks: readonly ScsiDevice[], maps: readonly DmDevice[]): Error | null {
  const partitions = storage.dmDevices.filter((dm) =>
    maps.some((map) => dm.dmUuid.endsWith(`-${map.dmUuid}`) && /^part\d+-/.test(dm.dmUuid)),
  );
  const own = [...maps, ...partitions].map((dm) => dm.name);
  const uses = usesOf(storage, [...disks.map(diskName), ...own], own);
  if (uses.length === 0) return null;
  const texts = [...new Set(uses.map((use) => `${use.device} ${use.by}`))];
  const isQueued = uses.every((use) => use.kind === 'open') && !disks.some((device) => isLive(storage, device));
  const dead = maps.map((map) => map.dmName).join(', ');
  return new LongshoreError('E_DEVICE_BUSY', `in use: ${texts.join('; ')}`, {
    remedy: isQueued
      ? `nothing was removed; a process may wait for I/O that no path takes: bring a path back, or give that I/O up with \`multipathd disablequeueing map ${dead}\` on the host, then run this again`
      : 'stop its users and unmount it on the host, then run this again; nothing was removed',
  });
}
