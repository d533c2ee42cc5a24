import { LongshoreError } from '../../errors/longshore-error.js';
import type { ScsiDevice } from '../../linux/storage-state.js';
import type { ConnectorContext, VolumeSpec } from '../connector.js';
import { type Plan, reach } from '../engine/engine.js';
import { engineOptions } from '../engine/verb-options.js';
import type { History } from '../engine/history.js';
import type { Step } from '../engine/step.js';
import { type IscsiGoal, iscsiGoal } from './goal.js';
import { describe } from './identity.js';
import { attachObservation, type IscsiObservation } from './observation.js';
import { diskName, isLive, viewVolume } from './volume-view.js';

/**
 * Makes the host see a volume's new size: all paths must be live first, each is rescanned, then this volume's map alone is
 * resized. Returns the size, in bytes, that every layer shows.
 */
export async function extendVolume(context: ConnectorContext, volume: VolumeSpec): Promise<number> {
  const goal = iscsiGoal(volume);
  const run = await reach<IscsiObservation>(
    {
      observe: (clues) => attachObservation({ ...goal, sizeBytes: null }, clues),
      plan: (observation, history) => planExtend(goal, observation, history),
    },
    context.executor,
    context.deadline,
    engineOptions(context, volume.name, {}),
  );
  if (!run.reached || run.last === null)
    throw run.error ?? new LongshoreError('E_STUCK', 'the new size was not reached');
  const view = viewVolume(run.last.storage, goal, goal.expectedWwid);
  return view.maps[0]?.sizeBytes ?? view.devices[0]?.block?.sizeBytes ?? 0;
}

/** Remaining work of an extend (pure). */
export function planExtend(goal: IscsiGoal, observation: IscsiObservation, history: History): Plan {
  const { storage } = observation;
  const view = viewVolume(storage, goal, goal.expectedWwid);
  if (view.devices.length === 0) {
    return {
      kind: 'stop',
      error: new LongshoreError('E_DEVICE_NOT_FOUND', `${goal.volume} is not attached to this host`),
    };
  }
  const dead = view.devices.find((device) => !isLive(storage, device));
  if (dead !== undefined) {
    return {
      kind: 'stop',
      error: new LongshoreError(
        'E_DEVICE_NOT_FOUND',
        `all paths must be up to extend, but ${describe(dead)} is not; nothing was changed`,
      ),
    };
  }
  const unasked = view.devices.find((device) => observation.live.get(diskName(device))?.kind !== 'match-source');
  if (unasked !== undefined) return { kind: 'look', why: `${describe(unasked)} has not said who it is` };
  const rescans = view.devices.map(rescanStep).filter((step) => !history.succeeded.has(step.id));
  if (rescans.length > 0) return { kind: 'steps', steps: rescans };
  const sizes = new Set(view.devices.map((device) => device.block?.sizeBytes ?? 0));
  const [size = 0] = sizes;
  if (sizes.size > 1 || (goal.sizeBytes !== null && size !== goal.sizeBytes)) {
    const shown = view.devices.map((device) => `${describe(device)} ${device.block?.sizeBytes ?? 0}`).join(', ');
    return {
      kind: 'stop',
      error: new LongshoreError('E_IDENTITY_MISMATCH', `the paths do not show one new size: ${shown}`),
    };
  }
  const map = view.maps[0];
  if (map === undefined || map.sizeBytes === size) return { kind: 'done', warnings: [] };
  const step: Step = {
    id: `resize ${map.dmUuid}`,
    what: `resize map ${map.dmName} to ${size} bytes`,
    changes: [`map ${map.dmName}`],
    after: [],
    requests: [
      { kind: 'wait', contents: [{ filePath: `/sys/block/${map.name}/dm/uuid`, values: [map.dmUuid] }], timeoutMs: 0 },
      { kind: 'run', argv: ['multipathd', 'resize', 'map', map.name], timeoutMs: 30_000 },
      {
        kind: 'wait',
        contents: [{ filePath: `/sys/block/${map.name}/size`, values: [String(size / 512)] }],
        timeoutMs: 10_000,
      },
    ],
    main: 1,
  };
  const failure = history.failures.get(step.id);
  return failure?.final === true ? { kind: 'stop', error: failure.error } : { kind: 'steps', steps: [step] };
}

function rescanStep(device: ScsiDevice): Step {
  return {
    id: `rescan ${device.hctl}`,
    what: `have the kernel read the size of ${describe(device)} again`,
    changes: [`device ${device.hctl}`],
    after: [],
    lane: 'rescan',
    requests: [{ kind: 'write', filePath: `/sys/class/scsi_device/${device.hctl}/device/rescan`, content: '1' }],
    main: 0,
  };
}
