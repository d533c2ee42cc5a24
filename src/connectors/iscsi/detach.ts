import type { ConnectorContext, DeviceInfo, DisconnectOptions, VolumeResult, VolumeSpec } from '../connector.js';
import { reach } from '../engine/engine.js';
import { engineOptions } from '../engine/verb-options.js';
import { planDetach } from './detach-plan.js';
import { detachScope } from './detach-scope.js';
import { iscsiGoal } from './goal.js';
import { detachObservation, type IscsiObservation } from './observation.js';
import { detachResult } from './volume-result.js';

/** Detaches a volume: flush, remove, log out of what carries nothing else, and prove that nothing of it is left. */
export async function detachVolume(
  context: ConnectorContext,
  volume: VolumeSpec,
  deviceInfo: DeviceInfo | null,
  options: DisconnectOptions = {},
): Promise<VolumeResult> {
  const goal = iscsiGoal(volume);
  const force = options.force === true;
  const scope = detachScope(goal, deviceInfo, force);
  const run = await reach<IscsiObservation>(
    {
      observe: (clues) => detachObservation(clues),
      plan: (observation, history, first) => planDetach(scope, observation, history, first),
    },
    context.executor,
    context.deadline,
    engineOptions(context, volume.name, options, goal.targets.length),
  );
  const flags = { force, ignoreErrors: options.ignoreErrors === true, planOnly: options.planOnly === true };
  return detachResult(goal, run, flags);
}
