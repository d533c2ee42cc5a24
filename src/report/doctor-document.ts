import type { HostFacts } from '../doctor/host-facts.js';
import { worstSeverity } from '../doctor/judge.js';
import type { Finding } from '../doctor/rule.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import type { DoctorDocument } from './doctor-schema.js';
import { resultDocument } from './result-document.js';

/** What `doctor` learnt and judged, by host; a host that could not be looked at is in neither. */
export interface DoctorReport {
  readonly result: FleetResult;
  readonly facts: ReadonlyMap<string, HostFacts>;
  readonly findings: ReadonlyMap<string, readonly Finding[]>;
}

/** The `--json` document of a doctor run. */
export function doctorDocument({ result, facts, findings }: DoctorReport): DoctorDocument {
  const { run, interrupted, notRun, hosts, totals } = resultDocument(result);
  const fired = [...findings.values()].flat().map(({ rule }) => rule);
  const rules = fired.map(({ id, severity, reads, when, reason, instead, source }) => {
    return [id, { severity, reads, when, reason, instead, source }] as const;
  });
  return {
    run,
    verb: 'doctor',
    ...(interrupted === undefined ? {} : { interrupted }),
    notRun,
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, host]) => {
        const { outcome, roundTrips, remoteProcesses, bytesIn, bytesOut, durationMs, error } = host;
        const own = findings.get(name) ?? [];
        return [
          name,
          {
            outcome,
            ...{ roundTrips, remoteProcesses, bytesIn, bytesOut, durationMs },
            ...(error === undefined ? {} : { error }),
            worst: worstSeverity(own),
            clock: clockOf(facts.get(name)),
            findings: own.map(({ rule, what }) => ({ rule: rule.id, severity: rule.severity, what })),
          },
        ];
      }),
    ),
    rules: Object.fromEntries(rules),
    totals,
  };
}

function clockOf(facts: HostFacts | undefined): { offsetMs: number; errorMs: number } | null {
  const clock = facts?.clock ?? null;
  return clock === null ? null : { ...clock };
}
