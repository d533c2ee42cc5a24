import { LongshoreError } from '../../errors/longshore-error.js';
import type { DmDevice, ScsiDevice } from '../../linux/storage-state.js';
import type { LaneRequest } from '../../transport/executor.js';
import type { Plan } from '../engine/engine.js';
import type { History } from '../engine/history.js';
import type { Step } from '../engine/step.js';
import type { IscsiGoal } from './goal.js';
import { describe } from './identity.js';
import type { IscsiObservation } from './observation.js';
import { privateLinkOf } from './private-link.js';
import { diskName, isLive, type VolumeView } from './volume-view.js';

/** How long the kernel and multipathd may take to take over a changed write protection, ms. */
const ACCESS_MS = 10_000;

/** Wanted ways with a disk that can be expected to answer. */
export function livePaths(observation: IscsiObservation, view: VolumeView): number {
  return view.paths.filter(({ devices }) => devices.some((device) => isLive(observation.storage, device))).length;
}

/** `min_paths` is not met, and nothing is left to try. */
export function tooFewPaths(goal: IscsiGoal, live: number, reasons: readonly string[]): Error {
  const why = reasons.length === 0 ? '' : `; ${reasons.join('; ')}`;
  return new LongshoreError('E_TOO_FEW_PATHS', `${live} of at least ${goal.minPaths} paths came up${why}`, {
    remedy: 'bring the portals back, or lower min_paths; what this attach had done is undone',
  });
}

/** What must still happen for the wanted access mode, or null. */
export function accessWork(
  goal: IscsiGoal,
  observation: IscsiObservation,
  view: VolumeView,
  history: History,
  first: IscsiObservation,
): Plan | null {
  const map = view.maps[0];
  const live = view.devices.filter((device) => isLive(observation.storage, device));
  const readOnly = map?.readOnly ?? live.some((device) => device.block?.readOnly === true);
  if (goal.accessMode === null || readOnly === (goal.accessMode === 'ro')) return null;
  const step = goal.accessMode === 'ro' ? readOnlyStep(map, live) : writableStep(map, live);
  if (goal.accessMode === 'ro' && wasThere(first, map, live)) {
    return {
      kind: 'stop',
      error: new LongshoreError('E_DEVICE_BUSY', `${goal.volume} is attached for writing already; access_mode is ro`, {
        remedy: 'detach it first: to make it read-only now would fail the writes of whoever uses it',
      }),
    };
  }
  const failure = history.failures.get(step.id);
  if (failure?.final !== true) return { kind: 'steps', steps: [step] };
  const error = new LongshoreError('E_DEVICE_READ_ONLY', `${goal.volume} is wanted for writing, but stays read-only`, {
    cause: failure.error,
    remedy: 'make the volume writable on the array, or set access_mode: ro',
  });
  return { kind: 'stop', error: goal.accessMode === 'ro' ? failure.error : error };
}

/** The link that an encrypted volume is handed out by, or null when it is right. Who has replaced its target keeps it. */
export function linkWork(
  goal: IscsiGoal,
  observation: IscsiObservation,
  view: VolumeView,
  history: History,
): Plan | null {
  if (!goal.encrypted) return null;
  const map = view.maps[0];
  const disk = view.devices.find((device) => isLive(observation.storage, device));
  const name = map?.name ?? (disk === undefined ? '' : diskName(disk));
  const link = privateLinkOf(`/dev/${name}`);
  const target = observation.links?.get(link);
  const holders = map?.holders ?? disk?.block?.holders ?? [];
  if (target === `/dev/${name}` || holders.some((holder) => target === `/dev/${holder}`)) return null;
  const step: Step = {
    id: `link ${name}`,
    what: `make the private link of the encrypted volume to /dev/${name}`,
    changes: [`link ${link}`],
    after: [],
    requests: [{ kind: 'run', argv: ['ln', '-sfn', `/dev/${name}`, link], timeoutMs: 10_000 }],
    main: 0,
    maxAttempts: 2,
  };
  const failure = history.failures.get(step.id);
  if (failure?.final === true) return { kind: 'stop', error: failure.error };
  if (history.succeeded.has(step.id)) return { kind: 'look', why: `${link} does not lead to /dev/${name}` };
  return { kind: 'steps', steps: [step] };
}

function wasThere(first: IscsiObservation, map: DmDevice | undefined, live: readonly ScsiDevice[]): boolean {
  const { dmDevices, scsiDevices } = first.storage;
  if (map !== undefined) return dmDevices.some((old) => old.dmUuid === map.dmUuid);
  return scsiDevices.some((old) => live.some((device) => device.hctl === old.hctl && device.sid === old.sid));
}

function readOnlyStep(map: DmDevice | undefined, live: readonly ScsiDevice[]): Step {
  const names = map === undefined ? live.map(diskName) : [map.name];
  return {
    id: 'set read-only',
    what: `set ${names.join(', ')} read-only on the host`,
    changes: names.map((name) => `device ${name}`),
    after: [],
    requests: [
      ...guards(map, live),
      ...names.map((name): LaneRequest => ({ kind: 'run', argv: ['blockdev', '--setro', `/dev/${name}`] })),
      becomes(names, '1'),
    ],
    main: guards(map, live).length,
  };
}

/** Has the kernel ask the disks again whether they are write-protected; multipathd follows, at last told to, this map only. */
function writableStep(map: DmDevice | undefined, live: readonly ScsiDevice[]): Step {
  const names = live.map(diskName);
  const reload: LaneRequest[] =
    map === undefined
      ? []
      : [
          {
            kind: 'run',
            argv: ['multipathd', 'reload', 'map', map.name],
            timeoutMs: 30_000,
            okExits: 'any',
          },
          becomes([map.name], '0'),
        ];
  return {
    id: 'wait until writable',
    what: `read the write protection of ${live.map(describe).join(', ')} again, and wait until it is gone`,
    changes: names.map((name) => `device ${name}`),
    after: [],
    requests: [
      ...guards(map, live),
      ...live.map((device): LaneRequest => ({
        kind: 'write',
        filePath: `/sys/class/scsi_device/${device.hctl}/device/rescan`,
        content: '1',
      })),
      becomes(names, '0'),
      ...reload,
    ],
    main: guards(map, live).length,
  };
}

/** The names still mean what they meant when they were looked at (rule S4). */
function guards(map: DmDevice | undefined, live: readonly ScsiDevice[]): LaneRequest[] {
  return [
    {
      kind: 'wait',
      present: live.map((device) => `/sys/class/scsi_device/${device.hctl}/device/block/${diskName(device)}`),
      contents: map === undefined ? [] : [{ filePath: `/sys/block/${map.name}/dm/uuid`, values: [map.dmUuid] }],
      timeoutMs: 0,
    },
  ];
}

function becomes(names: readonly string[], value: '0' | '1'): LaneRequest {
  const contents = names.map((name) => ({ filePath: `/sys/block/${name}/ro`, values: [value] }));
  return { kind: 'wait', contents, timeoutMs: ACCESS_MS };
}
