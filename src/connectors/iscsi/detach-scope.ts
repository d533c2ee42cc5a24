import { parseWwid, type Wwid } from '../../linux/identifiers.js';
import { NODE_RECORDS } from '../../linux/node-records.js';
import type { DmDevice, IscsiSession, NodeRecord, ScsiDevice, StorageState } from '../../linux/storage-state.js';
import type { FoundRecord, FoundSession } from '../change-journal.js';
import type { DeviceInfo } from '../connector.js';
import type { IscsiGoal } from './goal.js';
import type { IscsiObservation } from './observation.js';
import { diskName, type PathView, viewVolume, type VolumeView } from './volume-view.js';

/** What a removal may touch, and how careful it has to be. */
export interface DetachScope {
  readonly goal: IscsiGoal;
  /** what the caller says the volume is; null: then it is what its disks were when the kernel found them */
  readonly expectedWwid: Wwid | null;
  readonly force: boolean;
  /**
   * What there was before an attach that is being undone: all of it stays. null for a detach, which takes everything of the volume.
   * What an undo removes was never handed out: it has nothing to flush, and may well be the wrong volume.
   */
  readonly keep: IscsiObservation | null;
  /** sessions that stay although nothing is left on them: they were there before what is undone. Absent: none */
  readonly keepSessions?: readonly FoundSession[];
  /** records that were there before the run that this one resumes; absent: not known */
  readonly recordsBefore?: readonly FoundRecord[];
  /** the run that this one resumes began a flush, and did not hear how it ended */
  readonly flushInDoubt?: boolean;
}

export function detachScope(goal: IscsiGoal, deviceInfo: DeviceInfo | null, force: boolean): DetachScope {
  const told = deviceInfo?.multipath_id ?? deviceInfo?.scsi_wwn;
  const fromInfo = told === undefined || told === '' ? null : parseWwid(told);
  return { goal, expectedWwid: goal.expectedWwid ?? fromInfo, force, keep: null };
}

export function undoScope(goal: IscsiGoal, before: IscsiObservation): DetachScope {
  return { goal, expectedWwid: null, force: false, keep: before };
}

/** By what it connects and not by its number: after a reboot that is another's. */
export function isKept({ keepSessions = [] }: DetachScope, { targetName, portal, iface }: IscsiSession): boolean {
  return keepSessions.some(
    (kept) =>
      kept.target === targetName &&
      kept.portal === (portal ?? '') &&
      (kept.iface === undefined || kept.iface === iface),
  );
}

/** The part of the host that a scope is about. */
export interface ScopedView {
  readonly view: VolumeView;
  readonly disks: readonly ScsiDevice[];
  /** devices at the wanted LUNs for which the kernel has no disk (yet): a scan was begun a moment ago */
  readonly unprobed: readonly ScsiDevice[];
  readonly maps: readonly DmDevice[];
  readonly paths: readonly PathView[];
}

/** A record that the attach made, or wrote its settings into; null for one that is as it was. */
function changedRecord(record: NodeRecord | null, before: StorageState): NodeRecord | null {
  // a first look that could not read the records says nothing of what was there
  const wasRead = !before.unknowns.some(({ subject }) => subject === NODE_RECORDS);
  if (!wasRead && record?.mark === undefined) return null;
  const old = before.nodeRecords.find((one) => one.filePath === record?.filePath);
  return old === undefined || (record?.mark === 'used' && old.mark === undefined) ? record : null;
}

/** Picks what the scope may remove out of an observation. */
export function viewScope(scope: DetachScope, observation: IscsiObservation, wwid: Wwid | null): ScopedView {
  const view = viewVolume(observation.storage, scope.goal, scope.keep === null ? wwid : null);
  const before = scope.keep?.storage;
  const unprobed = observation.storage.scsiDevices.filter(
    (device) =>
      device.block === null &&
      view.paths.some(
        ({ triple, sessions }) => triple.lun === device.lun && sessions.some(({ sid }) => sid === device.sid),
      ) &&
      before?.scsiDevices.some((old) => old.hctl === device.hctl && old.sid === device.sid) !== true,
  );
  if (before === undefined) return { view, unprobed, disks: view.devices, maps: view.maps, paths: view.paths };
  const made = view.devices.filter(
    (device) => !before.scsiDevices.some((old) => old.hctl === device.hctl && old.sid === device.sid),
  );
  const names = new Set(made.map(diskName));
  const maps = view.maps.filter(
    (map) =>
      map.slaves.every((slave) => names.has(slave)) && !before.dmDevices.some((old) => old.dmUuid === map.dmUuid),
  );
  // a new path that joined a map which stays is a path of that map now: taking it away is not an undo any more (S6)
  const joined = new Set(view.maps.filter((map) => !maps.includes(map)).flatMap((map) => map.slaves));
  const disks = made.filter((device) => !joined.has(diskName(device)));
  const paths = view.paths.map((path): PathView => ({
    ...path,
    sessions: path.sessions.filter((session) => !before.sessions.some((old) => old.sid === session.sid)),
    record: changedRecord(path.record, before),
  }));
  return { view, unprobed, disks, maps, paths };
}
