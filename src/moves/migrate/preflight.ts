import { LongshoreError } from '../../errors/longshore-error.js';
import { asLongshoreError } from '../../fleet/outcome.js';
import { isLoss } from '../../transport/executor.js';
import { elsewhereError, lookElsewhere } from '../elsewhere.js';
import { attachPlan } from '../look-at.js';
import { initiatorOf, requireTwoInitiators } from './initiators.js';
import type { MoveOptions } from './migrate.js';
import type { MoveSide } from './move-step.js';

/**
 * What an attach at the destination would fail with is found before the source gives the volume up. Throws it; gives what could not be found out
 * and does not stop a move.
 */
export async function preflight(options: MoveOptions): Promise<readonly string[]> {
  const { volume, from, to, others = [], connectorFor } = options;
  if (from.reached instanceof LongshoreError || to.reached instanceof LongshoreError) return [];
  try {
    const name = await initiatorOf(to.reached);
    requireTwoInitiators([await initiatorOf(from.reached), name], { volume, from: from.name, to: to.name });
    for (const { host, reached } of others) {
      if (reached instanceof LongshoreError) continue;
      const theirs = await initiatorOf(reached).catch(nullWhenLost);
      requireTwoInitiators([theirs, name], { volume, from: host, to: to.name });
    }
    const unknown = await requireNowhereElse(options, 'to');
    const plan = await attachPlan(to.reached, to.volume, connectorFor);
    if (plan.error !== undefined) throw asLongshoreError(plan.error, to.name);
    return unknown;
  } catch (error) {
    if (!isLoss(error)) throw error;
    throw new LongshoreError('E_MOVE_REFUSED', `${error.message}; nothing was changed`, {
      remedy: 'run this again when both hosts answer',
    });
  }
}

/**
 * No host beside the two of a move has anything of the volume when one of the two is given it (rule S40). Throws `E_TWO_HOSTS`. Gives those that cannot be
 * asked: the move does not make them more of a danger than they are, since one host has the volume before it and one after it.
 */
export async function requireNowhereElse(
  { volume, others = [], connectorFor, ...move }: MoveOptions,
  side: MoveSide,
): Promise<readonly string[]> {
  const { found, unknown } = await lookElsewhere(others, move[side].volume, connectorFor);
  if (found.length > 0) throw elsewhereError(volume, move[side].name, found);
  return unknown;
}

function nullWhenLost(error: unknown): null {
  if (isLoss(error)) return null;
  throw error;
}
