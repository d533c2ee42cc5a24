import type { Outcome } from '../connectors/connector.js';
import { outcomeOfError } from '../connectors/outcome.js';
import { asLongshoreError, worstOutcome } from '../fleet/outcome.js';
import type { HostFindings } from '../fleet/fleet-result.js';
import type { FleetHost, HostTask } from '../fleet/run-host.js';
import { type Approved, applySweep, type HostSweep, type RemovalState } from './apply-sweep.js';
import type { FleetAudit } from './audit-fleet.js';

export interface SweepTaskOptions {
  /** the look on which the plan was made */
  readonly audit: FleetAudit;
  readonly approved: readonly Approved[];
  readonly onSwept: (host: string, sweep: HostSweep) => void;
}

/** Removes what was approved for one host, and nothing else. */
export function sweepTask<H extends FleetHost>({ audit, approved, onSwept }: SweepTaskOptions): HostTask<H> {
  return async (host, { executor, deadline, runId, emit }) => {
    const own = approved.filter((one) => one.host === host.name);
    const sweep = await applySweep({ executor, deadline, runId }, own, {
      claims: audit.hosts.get(host.name)?.claims ?? [],
      portalsDown: audit.portalsDown,
      onEvent: (event) => emit({ ...event, host: host.name }),
    });
    onSwept(host.name, sweep);
    return findingsOf(sweep, host.name);
  };
}

/** What became of one object, as a host's outcome. */
export const REMOVAL_OUTCOMES: Readonly<Record<RemovalState, Outcome>> = {
  removed: 'changed',
  gone: 'ok',
  changed: 'refused',
  failed: 'failed',
  unknown: 'unknown',
};

function findingsOf({ results, error }: HostSweep, host: string): HostFindings {
  const outcomes = results.map(({ state }) => REMOVAL_OUTCOMES[state]);
  // an error before anything was tried, such as a lock that is held, says more than that nothing is known
  const isUntouched = error !== undefined && results.every(({ state }) => state === 'unknown' || state === 'gone');
  const outcome = isUntouched ? outcomeOfError(error) : worstOutcome(outcomes);
  const worst =
    results.find((one) => REMOVAL_OUTCOMES[one.state] === outcome && one.error !== undefined)?.error ?? error;
  return { outcome, ...(worst === undefined ? {} : { error: asLongshoreError(worst, host) }) };
}
