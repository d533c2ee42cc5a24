import type { ConnectorContext, HostSight, VerbOptions, VolumeResult, VolumeSpec } from '../connector.js';
import { type EngineResult, reach } from '../engine/engine.js';
import { engineOptions } from '../engine/verb-options.js';
import { planAttach } from './attach-plan.js';
import { planDetach } from './detach-plan.js';
import { undoScope } from './detach-scope.js';
import { FLUSH_IN_DOUBT } from './flush-doubt.js';
import { foundVolume } from './found-volume.js';
import { type IscsiGoal, iscsiGoal } from './goal.js';
import { attachObservation, detachObservation, type IscsiObservation, lookFurther } from './observation.js';
import { prepareGoal } from './prepare.js';
import { withRecordsBefore } from './records-before.js';
import { attachResult, leftBehind } from './volume-result.js';

/** Attaches a volume, or undoes what it did and says why not. */
export async function attachVolume(
  context: ConnectorContext,
  volume: VolumeSpec,
  options: VerbOptions = {},
): Promise<VolumeResult> {
  const { executor, deadline } = context;
  const hadMs = deadline.remainingMs();
  const { goal, warnings } = await prepareGoal(context, iscsiGoal(volume), options.planOnly === true);
  const { softDeadlineMs } = goal;
  const spentMs = (): number => hadMs - deadline.remainingMs();
  const patience = (): number | null => (softDeadlineMs === null ? null : softDeadlineMs - spentMs());
  const asBefore = (first: IscsiObservation) => withRecordsBefore(first, options.recordsBefore);
  const run = await reach<IscsiObservation>(
    {
      observe: (clues) => attachObservation(goal, clues),
      plan: (observation, history, first) =>
        lookFurther(observation) ?? planAttach(goal, observation, history, asBefore(first), patience()),
    },
    executor,
    deadline,
    {
      ...engineOptions(context, volume.name, options, goal.targets.length),
      onFirst: (first) => {
        options.journal?.found(foundVolume(goal, first));
        options.gate?.arrived(sightOf(first));
      },
      mayChange: async () => options.gate?.mayChange(),
    },
  );
  const attached = attachResult(goal, run);
  const doubt = options.flushInDoubt === true ? [FLUSH_IN_DOUBT] : [];
  const result = { ...attached, warnings: [...warnings, ...doubt, ...attached.warnings] };
  if (result.error === undefined || !run.changed || run.first === null) return result;
  return { ...result, ...(await undo(context, goal, asBefore(run.first), run, options)) };
}

function sightOf({ storage }: IscsiObservation): HostSight {
  const wwids = storage.scsiDevices.flatMap(({ cachedWwid }) => (cachedWwid === null ? [] : [cachedWwid]));
  return { initiatorName: storage.initiatorName, wwids: [...new Set(wwids)] };
}

/** Takes back what a failed attach has made, and nothing that was there before. Its own errors never replace the first one. */
async function undo(
  context: ConnectorContext,
  goal: IscsiGoal,
  before: IscsiObservation,
  attach: EngineResult<IscsiObservation>,
  options: VerbOptions,
): Promise<Pick<VolumeResult, 'warnings' | 'steps' | 'paths' | 'left'>> {
  const scope = undoScope(goal, before);
  const run = await reach<IscsiObservation>(
    {
      observe: (clues) => detachObservation(goal, null, clues),
      plan: (observation, history, first) => lookFurther(observation) ?? planDetach(scope, observation, history, first),
    },
    context.executor,
    context.deadline,
    { ...engineOptions(context, goal.volume, options) },
  );
  const steps = [...attach.steps, ...run.steps];
  if (run.reached) return { warnings: [...attach.warnings, 'what this attach had done was undone'], steps, paths: [] };
  // what the host showed last may be from before the steps that were run since
  const left = run.last === null ? attach.steps.flatMap(({ changes }) => changes) : leftBehind(goal, run.last);
  const why = run.error === undefined ? '' : ` (${run.error.message})`;
  const what = left.length === 0 ? ['the host could not be read'] : [...new Set(left)];
  return {
    warnings: [...attach.warnings, `may be left on the host${why}: ${what.join(', ')}`],
    steps,
    paths: [],
    left: what,
  };
}
