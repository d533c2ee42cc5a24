import { LongshoreError } from '../../errors/longshore-error.js';
import type { StorageScope } from '../../linux/storage-scope.js';
import type { LaneReply, LaneRequest } from '../../transport/executor.js';
import type { ConnectorContext, DeviceInfo, DisconnectOptions, VolumeResult, VolumeSpec } from '../connector.js';
import { reach } from '../engine/engine.js';
import { engineOptions } from '../engine/verb-options.js';
import { planDetach, volumeWwid } from './detach-plan.js';
import { detachScope } from './detach-scope.js';
import { foundVolume } from './found-volume.js';
import { type IscsiGoal, iscsiGoal } from './goal.js';
import { withKnownTargets } from './known-targets.js';
import { detachObservation, type IscsiObservation, lookFurther } from './observation.js';
import { deviceOfPrivateLink, privateLinkOf } from './private-link.js';
import { detachResult } from './volume-result.js';
import { diskName, viewVolume } from './volume-view.js';

/** Detaches a volume: flush, remove, log out of what carries nothing else, and prove that nothing of it is left. */
export async function detachVolume(
  context: ConnectorContext,
  volume: VolumeSpec,
  deviceInfo: DeviceInfo | null,
  options: DisconnectOptions = {},
): Promise<VolumeResult> {
  const goal = iscsiGoal(volume, { credentials: false });
  const force = options.force === true;
  const keepSessions = options.keepSessions ?? [];
  const { recordsBefore, flushInDoubt = false } = options;
  const scope = {
    ...detachScope(goal, deviceInfo, force),
    keepSessions,
    flushInDoubt,
    ...(recordsBefore === undefined ? {} : { recordsBefore }),
  };
  const known = (...looks: readonly IscsiObservation[]): IscsiGoal =>
    withKnownTargets({ ...goal, expectedWwid: scope.expectedWwid }, ...looks.map(({ storage }) => storage));
  const scopeOf = (...looks: readonly IscsiObservation[]) => ({
    ...scope,
    goal: { ...known(...looks), expectedWwid: goal.expectedWwid },
  });
  const goalSeen = (look: IscsiObservation | null): IscsiGoal => (look === null ? known() : known(look));
  let identity = scope.expectedWwid;
  const identitySeen = (look: IscsiObservation | null): StorageScope['identity'] => {
    if (look !== null) identity ??= volumeWwid(scopeOf(look), look);
    return identity ?? 'of the disks';
  };
  const run = await reach<IscsiObservation>(
    {
      observe: (clues) => detachObservation(goalSeen(clues.previous), identitySeen(clues.previous), clues),
      plan: (observation, history, first) =>
        lookFurther(observation) ?? planDetach(scopeOf(first, observation), observation, history, first),
    },
    context.executor,
    context.deadline,
    {
      ...engineOptions(context, volume.name, options, goal.targets.length),
      onFirst: (first) => options.journal?.found(foundVolume(known(first), first)),
    },
  );
  const flags = { force, ignoreErrors: options.ignoreErrors === true, planOnly: options.planOnly === true };
  const result = detachResult(run.first === null ? goal : known(run.first, run.last ?? run.first), run, flags);
  return goal.encrypted && run.reached && run.first !== null
    ? withoutLinks(context, goal, run.first, deviceInfo, result)
    : result;
}

/** Takes away the private links of what was detached. That one cannot be removed is no reason to call the detach failed. */
async function withoutLinks(
  { executor, deadline }: ConnectorContext,
  goal: IscsiGoal,
  before: IscsiObservation,
  deviceInfo: DeviceInfo | null,
  result: VolumeResult,
): Promise<VolumeResult> {
  const { devices, maps } = viewVolume(before.storage, goal, goal.expectedWwid);
  const links = [...maps.map((map) => map.name), ...devices.map(diskName)].map((name) => privateLinkOf(`/dev/${name}`));
  // what is only said to be of the volume may be of another by now, if that device is there
  const told = deviceInfo === null ? '' : deviceInfo.path;
  const device = deviceOfPrivateLink(told);
  const remove = (paths: readonly string[]): LaneRequest[] =>
    paths.length === 0 ? [] : [{ kind: 'run', argv: ['rm', '-f', '--', ...paths], timeoutMs: 10_000 }];
  const stale: LaneRequest[] =
    device === told || links.includes(told)
      ? []
      : [{ kind: 'wait', absent: [device], timeoutMs: 0 }, ...remove([told])];
  const requests = [...remove(links), ...stale];
  if (requests.length === 0) return result;
  try {
    const replies: readonly LaneReply[] = await executor.sequence(deadline, requests);
    if (replies.every((reply) => reply.ok || reply.kind !== 'run')) return result;
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
  }
  return { ...result, warnings: [...result.warnings, `the private link may be left on the host: ${links.join(', ')}`] };
}
