import { LongshoreError } from '../../errors/longshore-error.js';
import { asLongshoreError } from '../../fleet/outcome.js';
import { isLoss } from '../../transport/executor.js';
import { attachPlan } from '../look-at.js';
import { initiatorOf, requireTwoInitiators } from './initiators.js';
import type { MoveOptions } from './migrate.js';

/** What an attach at the destination would fail with is found before the source gives the volume up. Throws it. */
export async function preflight({ volume, from, to, connectorFor }: MoveOptions): Promise<void> {
  if (from.reached instanceof LongshoreError || to.reached instanceof LongshoreError) return;
  try {
    const names = await Promise.all([initiatorOf(from.reached), initiatorOf(to.reached)]);
    requireTwoInitiators(names, { volume, from: from.name, to: to.name });
    const plan = await attachPlan(to.reached, to.volume, connectorFor);
    if (plan.error !== undefined) throw asLongshoreError(plan.error, to.name);
  } catch (error) {
    if (!isLoss(error)) throw error;
    throw new LongshoreError('E_MOVE_REFUSED', `${error.message}; nothing was changed`, {
      remedy: 'run this again when both hosts answer',
    });
  }
}
