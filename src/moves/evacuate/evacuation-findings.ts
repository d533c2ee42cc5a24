import type { VolumeResult } from '../../connectors/connector.js';
import { outcomeOfError } from '../../connectors/outcome.js';
import type { HostFindings } from '../../fleet/fleet-result.js';
import { asLongshoreError, worstOutcome } from '../../fleet/outcome.js';
import type { EvacuationReport } from './evacuate.js';

/** What an evacuation did, host by host: what was attached is told at its destination, what was stopped at the source. */
export function findingsOfEvacuation(report: EvacuationReport): ReadonlyMap<string, HostFindings> {
  const { from, ends, stopped, error } = report;
  const findings = new Map<string, HostFindings>();
  const left = [...stopped].map(([volume, why]): [string, VolumeResult] => [
    volume,
    { outcome: outcomeOfError(why), paths: [], warnings: [], steps: [], error: why },
  ]);
  const why = error ?? [...stopped.values()][0];
  findings.set(from, {
    outcome: why === undefined ? 'ok' : outcomeOfError(why),
    volumes: new Map(left),
    ...(why === undefined ? {} : { error: why }),
  });
  for (const host of new Set(ends.map(({ to }) => to))) {
    const own = ends.filter(({ to }) => to === host);
    const failed = own.find(({ result }) => result.error !== undefined)?.result.error;
    findings.set(host, {
      outcome: worstOutcome(own.map(({ result }) => result.outcome)),
      volumes: new Map(own.map(({ volume, result }) => [volume, result])),
      ...(failed === undefined ? {} : { error: asLongshoreError(failed, host) }),
    });
  }
  return findings;
}
