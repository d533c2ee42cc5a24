import { LongshoreError } from '../../errors/longshore-error.js';
import { liveIdentityRequest } from '../../linux/live-identity.js';
import type { DmDevice, ScsiDevice } from '../../linux/storage-state.js';
import { unknownsAbout } from '../../linux/unknowns.js';
import type { LaneReply, LaneRequest } from '../../transport/executor.js';
import type { ConnectorContext, VerbOptions, VolumeResult, VolumeSpec } from '../connector.js';
import { type Plan, reach } from '../engine/engine.js';
import { failedAt, replyError } from '../engine/judge.js';
import { engineOptions } from '../engine/verb-options.js';
import type { History } from '../engine/history.js';
import type { Step, StepVerdict } from '../engine/step.js';
import { foundVolume } from './found-volume.js';
import { type IscsiGoal, iscsiGoal } from './goal.js';
import { describe, strangeTarget } from './identity.js';
import { withKnownTargets } from './known-targets.js';
import { attachObservation, directRead, type IscsiObservation, lookFurther } from './observation.js';
import { attachResult } from './volume-result.js';
import { diskName, isLive, viewVolume } from './volume-view.js';

/**
 * Makes the host see a volume's new size: all paths must be live and answer first, each is rescanned, then this volume's map alone is
 * resized. `sizeBytes` of the result is what every layer shows; the outcome is `ok` when nothing has grown.
 */
export async function extendVolume(
  context: ConnectorContext,
  volume: VolumeSpec,
  options: VerbOptions = {},
): Promise<VolumeResult> {
  const wanted = iscsiGoal(volume, { credentials: false });
  const goalAt = (look: IscsiObservation | null): IscsiGoal =>
    look === null ? wanted : withKnownTargets(wanted, look.storage);
  const run = await reach<IscsiObservation>(
    {
      observe: (clues) => attachObservation(goalAt(clues.previous), clues),
      plan: (observation, history, first) =>
        lookFurther(observation) ?? planExtend(goalAt(first), observation, history, first),
    },
    context.executor,
    context.deadline,
    {
      ...engineOptions(context, volume.name, options),
      onFirst: (first) => options.journal?.found(foundVolume(goalAt(first), first)),
    },
  );
  const goal = goalAt(run.first);
  const result = attachResult(goal, run);
  if (!run.reached || run.first === null || run.last === null) return result;
  return { ...result, outcome: sizesOf(goal, run.first) === sizesOf(goal, run.last) ? 'ok' : 'changed' };
}

/** Attributes of sessions, devices and maps; not the open counts of maps, which are not asked for here. */
const LAYER_FILE = /^\/sys\/(?:class\/|block\/dm-\d+\/)./;

/** Remaining work of an extend (pure). `first` is what the host showed before anything was done. */
export function planExtend(
  goal: IscsiGoal,
  observation: IscsiObservation,
  history: History,
  first: IscsiObservation = observation,
): Plan {
  const { storage } = observation;
  const { devices, maps, paths } = viewVolume(storage, goal, goal.expectedWwid);
  const concern = {
    sids: [...paths.flatMap((path) => path.sessions), ...devices].map((one) => one.sid),
    hctls: devices.map((device) => device.hctl),
    dmNames: maps.map((map) => map.name),
    targetNames: goal.targets.map((triple) => triple.targetName),
  };
  // a layer that could not be read may have another size
  const blind = unknownsAbout(storage, concern).find(({ subject }) => LAYER_FILE.test(subject));
  if (blind !== undefined) return { kind: 'look', why: `cannot read ${blind.subject}: ${blind.reason}` };
  if (devices.length === 0) return stop('E_DEVICE_NOT_FOUND', `${goal.volume} is not attached to this host`);
  const dead = devices.find((device) => !isLive(storage, device));
  if (dead !== undefined) {
    return stop('E_DEVICE_NOT_FOUND', `all paths must be up to extend, but ${describe(dead)} is not`);
  }
  const strange = strangeTarget(storage, devices, goal);
  if (strange !== null) return { kind: 'stop', error: strange };
  const wwids = new Set([...devices.map((device) => device.cachedWwid), ...maps.map((map) => map.mapWwid)]);
  const [wwid = null] = wwids;
  if (wwid === null)
    return stop('E_IDENTITY_UNKNOWN', `the kernel has no identity of ${describe(devices[0] as ScsiDevice)}`);
  const names = new Set(devices.map(diskName));
  const foreign = maps.flatMap((map) => map.slaves).find((slave) => !names.has(slave));
  if (wwids.size > 1 || maps.length > 1 || foreign !== undefined || wwid !== (goal.expectedWwid ?? wwid)) {
    const shown = [...wwids].map((one) => one ?? 'unknown').join(', ');
    return stop('E_IDENTITY_MISMATCH', `what is attached is not only ${goal.volume}: ${foreign ?? shown}`);
  }

  const [map] = maps;
  const rescan = rescanStep(goal, devices, map, wwid);
  if (!history.succeeded.has(rescan.id) && !history.notes.has(OTHER_SIZES)) {
    const plan = stepOrError(rescan, history);
    const grows = map !== undefined && map.sizeBytes !== goal.sizeBytes;
    // in the same round trip: multipathd takes the size of the paths, whatever it is by then
    return plan.kind === 'steps' && grows
      ? { ...plan, steps: [...plan.steps, resizeStep(map, null, [rescan.id])] }
      : plan;
  }
  const sizes = new Set(devices.map((device) => device.block?.sizeBytes ?? 0));
  const [size = 0] = sizes;
  const shown = devices.map((device) => `${describe(device)} ${device.block?.sizeBytes ?? 0}`).join(', ');
  if (sizes.size > 1 || size === 0 || (goal.sizeBytes !== null && size !== goal.sizeBytes)) {
    const want = goal.sizeBytes === null ? '' : `, wanted are ${goal.sizeBytes} bytes`;
    return stop('E_IDENTITY_MISMATCH', `the paths do not show the one new size: ${shown}${want}`);
  }
  const before = sizeBefore(goal, first);
  if (size < before) {
    return stop('E_IDENTITY_MISMATCH', `the array has made the volume smaller: ${shown}, it had ${before} bytes`);
  }
  if (map !== undefined && map.sizeBytes !== size) return stepOrError(resizeStep(map, size, []), history);
  if (map?.suspended === true) return { kind: 'look', why: `map ${map.dmName} is suspended` };
  const missing = paths.filter((path) => path.devices.length === 0).map(({ triple }) => triple.portal);
  const warnings = goal.multipath && missing.length > 0 ? [`no path through ${missing.join(', ')}`] : [];
  return { kind: 'done', warnings };
}

/** What users of the volume had until now. */
function sizeBefore(goal: IscsiGoal, { storage }: IscsiObservation): number {
  const { devices, maps } = viewVolume(storage, goal, goal.expectedWwid);
  return maps[0]?.sizeBytes ?? Math.max(0, ...devices.map((device) => device.block?.sizeBytes ?? 0));
}

function sizesOf(goal: IscsiGoal, { storage }: IscsiObservation): string {
  const { devices, maps } = viewVolume(storage, goal, goal.expectedWwid);
  const sizes = [
    ...devices.map((one) => [one.hctl, one.block?.sizeBytes]),
    ...maps.map((one) => [one.name, one.sizeBytes]),
  ];
  return JSON.stringify(sizes);
}

function stop(code: 'E_DEVICE_NOT_FOUND' | 'E_IDENTITY_UNKNOWN' | 'E_IDENTITY_MISMATCH', message: string): Plan {
  return { kind: 'stop', error: new LongshoreError(code, message) };
}

function stepOrError(step: Step, history: History): Plan {
  const failure = history.failures.get(step.id);
  return failure?.final === true ? { kind: 'stop', error: failure.error } : { kind: 'steps', steps: [step] };
}

/** Note of a rescan after which the paths do not show what was hoped for; the plan says what they show. */
const OTHER_SIZES = 'other sizes than wanted';
const EXTEND_LANE = 'extend';

/**
 * All paths say who they are and answer a direct read before the first is rescanned: otherwise a map ends with mixed sizes. At its end none may
 * be smaller than what the map has: what follows in the same round trip takes the size over.
 */
function rescanStep(goal: IscsiGoal, devices: readonly ScsiDevice[], map: DmDevice | undefined, wwid: string): Step {
  const asks = devices.flatMap((device): LaneRequest[] => [
    {
      kind: 'wait',
      present: [`/sys/class/scsi_device/${device.hctl}/device/block/${diskName(device)}`],
      timeoutMs: 0,
    },
    { ...liveIdentityRequest(diskName(device)), okExits: [0], expectStdout: wwid },
    { ...directRead([`/sys/class/scsi_device/${device.hctl}/device/block/*`]), okExits: [0] },
  ]);
  const rescans = devices.map((device): LaneRequest => ({
    kind: 'write',
    filePath: `/sys/class/scsi_device/${device.hctl}/device/rescan`,
    content: '1',
  }));
  const requests = [...asks, ...rescans, sizeGuard(goal, devices, map)];
  const id = `rescan ${goal.volume}`;
  return {
    id,
    what: `ask ${devices.map(describe).join(', ')} who they are, then have the kernel read their sizes again`,
    changes: devices.map((device) => `device ${device.hctl}`),
    after: [],
    lane: EXTEND_LANE,
    requests,
    main: asks.length,
    maxAttempts: 1,
    judge: (replies) => rescanVerdict(id, devices, requests, replies),
  };
}

function sizeGuard(
  { sizeBytes: wanted }: IscsiGoal,
  devices: readonly ScsiDevice[],
  map: DmDevice | undefined,
): LaneRequest {
  const files = devices.map((device) => `/sys/class/scsi_device/${device.hctl}/device/block/${diskName(device)}/size`);
  const least = Math.max(map?.sizeBytes ?? 0, ...devices.map((device) => device.block?.sizeBytes ?? 0)) / 512;
  return {
    kind: 'wait',
    minimums: files.map((filePath) => ({ filePath, atLeast: least })),
    contents: wanted === null ? [] : files.map((filePath) => ({ filePath, values: [String(wanted / 512)] })),
    timeoutMs: 0,
  };
}

function rescanVerdict(
  id: string,
  devices: readonly ScsiDevice[],
  requests: readonly LaneRequest[],
  replies: readonly LaneReply[],
): StepVerdict {
  const index = failedAt(replies);
  if (index === -1) return { ok: true };
  const device = devices[Math.floor(index / 3)];
  const reply = replies[index];
  const plain = replyError(id, 'rescan', requests[index], reply);
  if (device === undefined || index >= devices.length * 3) {
    const notes = reply?.kind === 'wait' ? [OTHER_SIZES] : [];
    return { ok: false, error: plain, weight: 'final', notes };
  }
  const other = index % 3 === 1 && reply?.kind === 'run' && reply.exit === 0;
  const answer = other ? `answers ${reply.stdout.trim()}` : 'does not answer';
  const error = new LongshoreError(
    other ? 'E_IDENTITY_MISMATCH' : 'E_DEVICE_NOT_FOUND',
    `all paths must be up to extend, but ${describe(device)} ${answer}; nothing was changed`,
    { ...plain.details, cause: plain },
  );
  return { ok: false, error, weight: 'final' };
}

/** This map only, by its kernel name. Proven by what sysfs shows, not by what multipathd says: of `size`, or by the look that follows. */
function resizeStep(map: DmDevice, size: number | null, after: readonly string[]): Step {
  const shows: LaneRequest[] =
    size === null
      ? []
      : [
          {
            kind: 'wait',
            contents: [{ filePath: `/sys/block/${map.name}/size`, values: [String(size / 512)] }],
            timeoutMs: 10_000,
          },
        ];
  return {
    id: `resize ${map.dmUuid}`,
    what: `resize map ${map.dmName} to ${size === null ? 'what its paths have' : `${size} bytes`}`,
    changes: [`map ${map.dmName}`],
    after,
    lane: EXTEND_LANE,
    requests: [
      { kind: 'wait', contents: [{ filePath: `/sys/block/${map.name}/dm/uuid`, values: [map.dmUuid] }], timeoutMs: 0 },
      { kind: 'run', argv: ['multipathd', 'resize', 'map', map.name], timeoutMs: 30_000 },
      ...shows,
    ],
    main: 1,
  };
}
