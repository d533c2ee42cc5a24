import type { FleetResult } from '../fleet/fleet-result.js';
import { OUTCOMES } from '../fleet/outcome.js';
import type { ResultDocument } from './result-schema.js';

/** Hosts by outcome, and what the run cost in all. */
export function totalsOf(result: FleetResult): ResultDocument['totals'] {
  const hosts = [...result.hosts.values()];
  const sum = (field: 'roundTrips' | 'remoteProcesses' | 'bytesIn' | 'bytesOut') =>
    hosts.reduce((total, host) => total + host[field], 0);
  const byOutcome = { ok: 0, changed: 0, failed: 0, refused: 0, unreachable: 0, unknown: 0 };
  for (const outcome of OUTCOMES) byOutcome[outcome] = hosts.filter((host) => host.outcome === outcome).length;
  return {
    hosts: hosts.length + result.notRun.length,
    ...byOutcome,
    notRun: result.notRun.length,
    roundTrips: sum('roundTrips'),
    remoteProcesses: sum('remoteProcesses'),
    bytesIn: sum('bytesIn'),
    bytesOut: sum('bytesOut'),
    durationMs: Math.round(result.durationMs),
  };
}
