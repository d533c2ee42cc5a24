import type { IfaceName, Wwid } from '../../linux/identifiers.js';
import type { DmDevice, IscsiSession, NodeRecord, ScsiDevice, StorageState } from '../../linux/storage-state.js';
import type { IscsiGoal, TargetTriple } from './goal.js';

/** One wanted way to the volume, and what there is of it on the host. */
export interface PathView {
  readonly triple: TargetTriple;
  /** several when `nr_sessions` is above 1 */
  readonly sessions: readonly IscsiSession[];
  readonly record: NodeRecord | null;
  /** the disks at the triple's LUN, one for each session */
  readonly devices: readonly ScsiDevice[];
}

/** What one observation shows of one volume. */
export interface VolumeView {
  readonly paths: readonly PathView[];
  /** every disk of the volume: at the wanted LUNs, and through any other session when its WWID is known */
  readonly devices: readonly ScsiDevice[];
  /** multipath maps over any of those disks, or with the volume's WWID */
  readonly maps: readonly DmDevice[];
}

/** Picks one volume out of an observation. `wwid` finds disks of the volume outside the wanted portals too. */
export function viewVolume(state: StorageState, goal: IscsiGoal, wwid: Wwid | null): VolumeView {
  const paths = goal.targets.map((triple) => viewPath(state, triple, goal.iface));
  const atLuns = new Set(paths.flatMap((path) => path.devices));
  const devices = state.scsiDevices.filter(
    (device) => atLuns.has(device) || (wwid !== null && device.block !== null && device.cachedWwid === wwid),
  );
  const names = new Set(devices.flatMap((device) => (device.block === null ? [] : [device.block.name])));
  const maps = state.dmDevices.filter(
    (dm) => dm.mapWwid !== null && (dm.mapWwid === wwid || dm.slaves.some((slave) => names.has(slave))),
  );
  return { paths, devices, maps };
}

function viewPath(state: StorageState, triple: TargetTriple, iface: IfaceName | null): PathView {
  const sessions = state.sessions.filter(
    (session) =>
      session.targetName === triple.targetName &&
      session.portal === triple.portal &&
      (iface === null || session.iface === iface),
  );
  const sids = new Set(sessions.map((session) => session.sid));
  return {
    triple,
    sessions,
    record:
      state.nodeRecords.find(
        (record) =>
          record.targetName === triple.targetName &&
          record.portal === triple.portal &&
          (iface === null || record.iface === iface),
      ) ?? null,
    devices: state.scsiDevices.filter(
      (device) => sids.has(device.sid) && device.lun === triple.lun && device.block !== null,
    ),
  };
}

/** The session that a disk hangs under, or undefined when it went away between two reads. */
export function sessionOf(state: StorageState, device: ScsiDevice): IscsiSession | undefined {
  return state.sessions.find((session) => session.sid === device.sid);
}

/** Can the disk be expected to answer: only then is it asked, so that a dead path delays nothing. */
export function isLive(state: StorageState, device: ScsiDevice): boolean {
  return device.state === 'running' && sessionOf(state, device)?.state === 'LOGGED_IN';
}

/** Kernel name of the disk; only called for devices that have one. */
export function diskName(device: ScsiDevice): string {
  return device.block?.name ?? '';
}
