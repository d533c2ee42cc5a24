import type { HostResult } from './fleet-result.js';
import { worstOutcome } from './outcome.js';

/** One result for a host of several pieces of work: the worst outcome, its error, and all costs. */
export function joinedResult(before: HostResult | undefined, next: HostResult): HostResult {
  if (before === undefined) return next;
  const outcome = worstOutcome([before.outcome, next.outcome]);
  const worst = outcome === before.outcome ? before : next;
  const volumes = new Map([...(before.volumes ?? []), ...(next.volumes ?? [])]);
  const command = next.command ?? before.command;
  return {
    outcome,
    ...(worst.error === undefined ? {} : { error: worst.error }),
    ...(volumes.size === 0 ? {} : { volumes }),
    ...(command === undefined ? {} : { command }),
    roundTrips: before.roundTrips + next.roundTrips,
    remoteProcesses: before.remoteProcesses + next.remoteProcesses,
    bytesIn: before.bytesIn + next.bytesIn,
    bytesOut: before.bytesOut + next.bytesOut,
    durationMs: before.durationMs + next.durationMs,
  };
}
