import type { IfaceName, Portal, Wwid } from '../../linux/identifiers.js';
import { deleteNodeArgv, logoutSessionArgv } from '../../linux/iscsiadm.js';
import { RECORD_MARKS } from '../../linux/node-records.js';
import { liveIdentityRequest } from '../../linux/live-identity.js';
import type { DmDevice, IscsiSession, NodeRecord, ScsiDevice } from '../../linux/storage-state.js';
import { wwidToSysfs } from '../../linux/wwid.js';
import type { LaneRequest, WaitRequest } from '../../transport/executor.js';
import type { Step } from '../engine/step.js';
import { NODE_DATABASE_LANE } from './attach-steps.js';
import { describe } from './identity.js';
import { logoutVerdict } from './logout-verdict.js';
import { type Labelled, removalVerdict } from './removal-verdict.js';
import { diskName } from './volume-view.js';

/** A flush may have much to write (incident B5), ms: what ends it is the time of the host (`--timeout`), or a day. */
const FLUSH_MS = 86_400_000;
/** By then the data is on the array, so that there is little left to write, ms. */
const REMOVE_MAP_MS = 300_000;
/** A path that has just failed leaves the kernel only when its error handling is through, ms. */
const DISK_GONE_MS = 60_000;
const SESSION_GONE_MS = 30_000;

export const detachStepId = {
  flushMap: (map: DmDevice): string => `flush map ${map.dmUuid}`,
  discardMap: (map: DmDevice): string => `give up map ${map.dmUuid}`,
  remove: (device: ScsiDevice): string => `remove ${device.hctl}`,
  logout: (session: IscsiSession): string => `log out of session ${session.sid}`,
  record: (record: NodeRecord): string => `delete record ${record.portal} ${record.iface}`,
};

/** A disk whose identity is to be proven right before it is acted on. */
export interface ProvenDisk {
  readonly device: ScsiDevice;
  /** it can be asked; else what the kernel cached has to do */
  readonly live: boolean;
}

/** Flushes a map and removes it by plain removal. */
export function flushMapStep(
  map: DmDevice,
  wwid: Wwid,
  disks: readonly ProvenDisk[],
  flush: boolean,
  force: boolean,
): Step {
  const id = detachStepId.flushMap(map);
  const devicePath = `/dev/${map.name}`;
  const parts: Labelled[] = [
    { label: 'guard', request: mapGuard(map) },
    ...disks.flatMap((disk) => identityParts(disk, wwid)),
    ...(flush ? flushParts(devicePath) : []),
    { label: 'change', request: { kind: 'run', argv: ['multipath', '-f', map.dmName], timeoutMs: REMOVE_MAP_MS } },
    {
      label: 'gone',
      request: {
        kind: 'wait',
        absent: disks.map(({ device }) => `/sys/block/${diskName(device)}/holders/${map.name}`),
        timeoutMs: 10_000,
      },
    },
  ];
  return {
    id,
    what: `${flush ? 'write all data of' : 'remove'} map ${map.dmName} (${map.name})${flush ? ' to the array and remove it' : ''}`,
    changes: [`map ${map.dmName}`],
    after: [],
    requests: parts.map((part) => part.request),
    main: parts.findIndex((part) => part.label === 'change'),
    flushes: flush,
    judge: (replies) => removalVerdict(id, `flush and remove map ${map.dmName}`, parts, replies, wwid, force),
  };
}

/** Forced detach of a map that cannot be flushed: queued I/O fails, then plain removal. Its data is lost, as `--force` says. */
export function discardMapStep(map: DmDevice): Step {
  return {
    id: detachStepId.discardMap(map),
    what: `let queued I/O of map ${map.dmName} fail and remove it (forced: unwritten data is lost)`,
    changes: [`map ${map.dmName}`],
    after: [],
    requests: [
      mapGuard(map),
      { kind: 'run', argv: ['dmsetup', 'message', map.dmName, '0', 'fail_if_no_path'], timeoutMs: 30_000 },
      { kind: 'run', argv: ['multipath', '-f', map.dmName], timeoutMs: 60_000 },
    ],
    main: 2,
    maxAttempts: 2,
  };
}

export interface RemoveDiskOptions {
  readonly wwid: Wwid | null;
  readonly flush: boolean;
  readonly force: boolean;
  readonly after: readonly string[];
}

/** Removes one SCSI disk: who it is and that nobody holds it are read again right before, on the host. */
export function removeDiskStep(disk: ProvenDisk, options: RemoveDiskOptions): Step {
  const { device } = disk;
  const name = diskName(device);
  const id = detachStepId.remove(device);
  const sysfs = `/sys/class/scsi_device/${device.hctl}`;
  const parts: Labelled[] = [
    { label: 'guard', request: diskGuard(device, options.wwid, options.force) },
    ...(options.wwid === null ? [] : identityParts(disk, options.wwid)),
    ...(options.flush ? flushParts(`/dev/${name}`) : []),
    {
      label: 'change',
      request: { kind: 'write', filePath: `${sysfs}/device/delete`, content: '1' },
    },
    {
      label: 'gone',
      request: {
        kind: 'wait',
        absent: [sysfs, `/sys/class/iscsi_session/session${device.sid}/device/target*/${device.hctl}`],
        timeoutMs: DISK_GONE_MS,
      },
    },
  ];
  return {
    id,
    what: `${options.flush ? 'flush and ' : ''}remove disk ${describe(device)}`,
    changes: [`device ${device.hctl}`],
    after: options.after,
    lane: sessionLane(device.sid),
    requests: parts.map((part) => part.request),
    main: parts.findIndex((part) => part.label === 'change'),
    flushes: options.flush,
    judge: (replies) =>
      removalVerdict(id, `remove disk ${describe(device)}`, parts, replies, options.wwid, options.force),
  };
}

/** Logs out of exactly one session, if nothing hangs under it any more at that moment (S10). */
export function logoutStep(session: IscsiSession, after: readonly string[]): Step {
  const base = `/sys/class/iscsi_session/session${session.sid}`;
  const requests: LaneRequest[] = [
    {
      kind: 'wait',
      absent: [`${base}/device/target*/*:*:*:*`],
      contents: [{ filePath: `${base}/targetname`, values: [session.targetName] }],
      timeoutMs: 0,
    },
    { kind: 'run', argv: logoutSessionArgv(session.sid), timeoutMs: 60_000, okExits: [0, 2, 21] },
    { kind: 'wait', absent: [base], timeoutMs: SESSION_GONE_MS },
  ];
  const id = detachStepId.logout(session);
  return {
    id,
    what: `log out of ${session.targetName} at ${session.portal ?? 'its portal'} (session ${session.sid})`,
    changes: [`session ${session.sid} of ${session.targetName} at ${session.portal ?? 'its portal'}`],
    after,
    lane: sessionLane(session.sid),
    requests,
    main: 1,
    judge: (replies) => logoutVerdict(id, session, requests, replies),
  };
}

/**
 * Ends the use of a node record: one that was there before is cut back to what it was, secrets of this attach included; any other is
 * deleted.
 */
export function endRecordStep(record: NodeRecord, after: readonly string[]): Step {
  return record.mark === 'used' ? restoreRecordStep(record, after) : deleteRecordStep(record, after);
}

function restoreRecordStep(record: NodeRecord, after: readonly string[]): Step {
  return {
    id: detachStepId.record(record),
    what: `put the node record of ${record.targetName} at ${record.portal} back as it was`,
    changes: [`node record of ${record.targetName} at ${record.portal}`],
    after,
    lane: NODE_DATABASE_LANE,
    requests: [{ kind: 'run', argv: ['sed', '-i', `/^${RECORD_MARKS.used}$/,$d`, record.filePath], timeoutMs: 10_000 }],
    main: 0,
  };
}

function deleteRecordStep(record: NodeRecord, after: readonly string[]): Step {
  const portal = (record.spelling ?? record.portal) as Portal;
  const iface = record.iface === 'default' ? {} : { iface: record.iface as IfaceName };
  return {
    id: detachStepId.record(record),
    what: `delete the node record of ${record.targetName} at ${record.portal}`,
    changes: [`node record of ${record.targetName} at ${record.portal}`],
    after,
    lane: NODE_DATABASE_LANE,
    requests: [
      {
        kind: 'run',
        argv: deleteNodeArgv({ targetName: record.targetName, portal, ...iface }),
        boundsItself: true,
        okExits: [0, 21],
      },
    ],
    main: 0,
    maxAttempts: 5,
  };
}

function sessionLane(sid: number): string {
  return `session ${sid}`;
}

/** Kernel name and map name both still mean this map: numbers are used again (incident A13), and aliases move (B13). */
function mapGuard(map: DmDevice): WaitRequest {
  const dm = `/sys/block/${map.name}/dm`;
  return {
    kind: 'wait',
    contents: [
      { filePath: `${dm}/uuid`, values: [map.dmUuid] },
      { filePath: `${dm}/name`, values: [map.dmName] },
    ],
    timeoutMs: 0,
  };
}

function diskGuard(device: ScsiDevice, wwid: Wwid | null, force: boolean): WaitRequest {
  const name = diskName(device);
  const sysfs = `/sys/class/scsi_device/${device.hctl}/device`;
  const cached = wwid === null ? null : wwidToSysfs(wwid);
  return {
    kind: 'wait',
    present: [`${sysfs}/block/${name}`],
    absent: force ? [] : [`/sys/block/${name}/holders/*`, `/sys/block/${name}/${name}*/holders/*`],
    contents: device.cachedWwid === null || cached === null ? [] : [{ filePath: `${sysfs}/wwid`, values: [cached] }],
    timeoutMs: 0,
  };
}

function identityParts({ device, live }: ProvenDisk, wwid: Wwid): Labelled[] {
  if (!live || wwidToSysfs(wwid) === null) return [];
  const request = { ...liveIdentityRequest(diskName(device)), expectStdout: wwid };
  return [{ label: 'identity', request, device }];
}

/**
 * fdatasync of the device writes all of its cache and has the array make it safe, and tells when that failed. `blockdev --flushbufs` does less, and
 * exits 0 all the same: there is nothing that it could add.
 */
function flushParts(devicePath: string): Labelled[] {
  return [{ label: 'flush', request: { kind: 'run', argv: ['sync', '-d', devicePath], timeoutMs: FLUSH_MS } }];
}
