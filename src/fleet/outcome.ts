import type { Outcome } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';

/** From best to worst: what a host counts as is the worst of its volumes. */
export const OUTCOMES = [
  'ok',
  'changed',
  'unreachable',
  'failed',
  'refused',
  'unknown',
] as const satisfies readonly Outcome[];

/** The worst of them; `ok` when there are none. */
export function worstOutcome(outcomes: Iterable<Outcome>): Outcome {
  let worst = 0;
  for (const outcome of outcomes) worst = Math.max(worst, OUTCOMES.indexOf(outcome));
  return OUTCOMES[worst] ?? 'unknown';
}

/** Any thrown value as an error with a code: what was not raised on purpose is `E_INTERNAL`. */
export function asLongshoreError(thrown: unknown, host?: string): LongshoreError {
  if (thrown instanceof LongshoreError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LongshoreError('E_INTERNAL', `unexpected error: ${message}`, {
    cause: thrown,
    remedy: 'This is a defect of Longshore; --log-level debug shows where it happened.',
    ...(host === undefined ? {} : { host }),
  });
}
