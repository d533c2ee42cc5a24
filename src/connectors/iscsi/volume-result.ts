import type { EngineResult } from '../engine/engine.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import type { DeviceInfo, VolumePath, VolumeResult } from '../connector.js';
import { outcomeOfError } from '../outcome.js';
import type { IscsiGoal } from './goal.js';
import type { IscsiObservation } from './observation.js';
import { privateLinkOf } from './private-link.js';
import { diskName, isLive, type PathView, viewVolume, type VolumeView } from './volume-view.js';

/** The device that users of the volume get, as os-brick describes it; null when there is none. */
export function deviceInfoOf(observation: IscsiObservation, view: VolumeView): DeviceInfo | null {
  const map = view.maps[0];
  if (map !== undefined) {
    const wwid = map.mapWwid ?? '';
    return { type: 'block', path: `/dev/${map.name}`, scsi_wwn: wwid, multipath_id: wwid };
  }
  const disk = view.devices.find((device) => isLive(observation.storage, device)) ?? view.devices[0];
  if (disk === undefined) return null;
  const live = observation.live.get(diskName(disk));
  const wwid = live?.kind === 'match-source' ? live.wwid : (disk.cachedWwid ?? '');
  return { type: 'block', path: `/dev/${diskName(disk)}`, scsi_wwn: wwid };
}

/** Each wanted path and each further one of the volume, with its state and how its identity is known. */
export function pathsOf(observation: IscsiObservation, view: VolumeView): readonly VolumePath[] {
  const seen = new Set<string>();
  const wanted = view.paths.flatMap((path) => {
    for (const device of path.devices) seen.add(device.hctl);
    return wantedPath(observation, view, path);
  });
  const further = view.devices
    .filter((device) => !seen.has(device.hctl))
    .map((device) => {
      const session = observation.storage.sessions.find((one) => one.sid === device.sid);
      return pathOf(observation, view, device.hctl, session?.portal ?? '');
    });
  return [...wanted, ...further];
}

function wantedPath(observation: IscsiObservation, view: VolumeView, path: PathView): readonly VolumePath[] {
  if (path.devices.length === 0) {
    return [{ device: '', hctl: '', portal: path.triple.portal, state: 'missing', identity: 'unknown' }];
  }
  return path.devices.map((device) => pathOf(observation, view, device.hctl, path.triple.portal));
}

function pathOf(observation: IscsiObservation, view: VolumeView, hctl: string, portal: string): VolumePath {
  const device = view.devices.find((one) => one.hctl === hctl);
  const name = device === undefined ? '' : diskName(device);
  const answer = observation.live.get(name);
  const live = answer?.kind === 'match-source' ? answer.wwid : null;
  const wwid = live ?? device?.cachedWwid ?? null;
  return {
    device: name,
    hctl,
    portal,
    state: stateOf(observation, view, hctl),
    identity: live !== null ? 'live' : wwid !== null ? 'cached' : 'unknown',
    ...(wwid === null ? {} : { wwid }),
  };
}

function stateOf(observation: IscsiObservation, view: VolumeView, hctl: string): string {
  const device = view.devices.find((one) => one.hctl === hctl);
  if (device === undefined) return 'missing';
  if (!isLive(observation.storage, device)) return device.state === 'running' ? 'session down' : device.state;
  const inMap = view.maps[0]?.mapPaths?.find((path) => path.dev === device.block?.dev);
  return inMap === undefined ? device.state : inMap.active ? 'active' : 'failed';
}

/** What an engine run means for a volume that is to be there. */
export function attachResult(goal: IscsiGoal, run: EngineResult<IscsiObservation>): VolumeResult {
  const shown = run.last === null ? { paths: [] } : attachedPart(goal, run.last);
  const base = { warnings: run.warnings, steps: run.steps };
  if (run.reached) return { ...shown, ...base, outcome: run.changed ? 'changed' : 'ok' };
  if (run.error !== undefined)
    return { ...base, paths: shown.paths, outcome: outcomeOfError(run.error), error: run.error };
  return { ...shown, ...base, outcome: 'changed' };
}

/** What is attached of a volume, as one observation shows it. */
export function attachedPart(
  goal: IscsiGoal,
  observation: IscsiObservation,
): Pick<VolumeResult, 'paths' | 'deviceInfo' | 'sizeBytes'> {
  const view = viewVolume(observation.storage, goal, goal.expectedWwid);
  const deviceInfo = deviceInfoOf(observation, view);
  const sizeBytes = view.maps[0]?.sizeBytes ?? view.devices[0]?.block?.sizeBytes;
  return {
    paths: pathsOf(observation, view),
    ...(deviceInfo === null
      ? {}
      : { deviceInfo: goal.encrypted ? { ...deviceInfo, path: privateLinkOf(deviceInfo.path) } : deviceInfo }),
    ...(sizeBytes === undefined || deviceInfo === null ? {} : { sizeBytes }),
  };
}

/** What an engine run means for a volume that is to be gone. Given-up steps of a forced detach are errors all the same. */
export function detachResult(
  goal: IscsiGoal,
  run: EngineResult<IscsiObservation>,
  options: { readonly force: boolean; readonly ignoreErrors: boolean; readonly planOnly: boolean },
): VolumeResult {
  const base = { steps: run.steps };
  const paths = run.last === null ? [] : attachedPart(goal, run.last).paths.filter((path) => path.device !== '');
  const error = run.error ?? (options.force && run.reached ? forcedError(run.failures) : undefined);
  if (error === undefined) {
    if (run.reached) return { ...base, paths: [], warnings: run.warnings, outcome: run.changed ? 'changed' : 'ok' };
    return { ...base, paths, warnings: run.warnings, outcome: 'changed' };
  }
  if (options.force && options.ignoreErrors && run.reached) {
    const warnings = [...run.warnings, ...run.failures.map((failure) => failure.message)];
    return { ...base, paths: [], warnings, outcome: 'changed' };
  }
  const left = run.reached || run.last === null ? [] : leftBehind(goal, run.last);
  const ended = { ...base, paths, outcome: outcomeOfError(error), error };
  if (!run.changed || left.length === 0) return { ...ended, warnings: run.warnings };
  return { ...ended, warnings: [...run.warnings, `may be left on the host: ${left.join(', ')}`], left };
}

function forcedError(failures: readonly Error[]): Error | undefined {
  const [first, ...others] = failures;
  if (first === undefined) return undefined;
  const code = first instanceof LongshoreError ? first.code : 'E_INTERNAL';
  return new LongshoreError(code, `detached by force, with errors: ${failures.map((one) => one.message).join('; ')}`, {
    cause: first,
    also: others,
  });
}

/** Objects of the volume that an observation still shows, for a warning. */
export function leftBehind(goal: IscsiGoal, observation: IscsiObservation): readonly string[] {
  const view = viewVolume(observation.storage, goal, goal.expectedWwid);
  return [
    ...view.maps.map((map) => `map ${map.dmName}`),
    ...view.devices.map((device) => `device ${diskName(device)}`),
    ...view.paths
      .flatMap((path) => path.sessions)
      .map((session) => `session ${session.sid} at ${session.portal ?? 'its portal'}`),
    ...view.paths.flatMap((path) => (path.record === null ? [] : [`node record at ${path.triple.portal}`])),
  ];
}
