import type { Rollout } from '../fleet/run-batches.js';
import { limitsOf } from '../runbook/play-head.js';
import type { CliOptions } from './options.js';

/** What --serial and --max-failures mean: the same as `serial` and `max_failures` in a playbook. */
export function rolloutOf(
  { serial, maxFailures }: Pick<CliOptions, 'serial' | 'maxFailures'>,
  changes: boolean,
): Rollout {
  return { serial, limits: limitsOf(maxFailures, serial.length > 0), watches: changes };
}
