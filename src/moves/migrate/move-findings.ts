import type { Outcome, VolumeResult } from '../../connectors/connector.js';
import { outcomeOfError } from '../../connectors/outcome.js';
import type { HostFindings } from '../../fleet/fleet-result.js';
import { worstOutcome } from '../../fleet/outcome.js';
import type { MoveReport } from './migrate.js';

/** What a move's ending is as an outcome: frozen is unknown, since a host that could not be asked may have anything. */
export function outcomeOfMove({ ending, error }: Pick<MoveReport, 'ending' | 'error'>): Outcome {
  if (error !== undefined) return outcomeOfError(error);
  return ending === 'nothing-to-do' ? 'ok' : 'changed';
}

/** What moves did, host by host. An error is told at the host that it is about, else at the destination. */
export function findingsOfMoves(reports: readonly MoveReport[]): ReadonlyMap<string, HostFindings> {
  const volumes = new Map<string, Map<string, VolumeResult>>();
  const put = (host: string, volume: string, result: VolumeResult): void => {
    const own = volumes.get(host) ?? new Map<string, VolumeResult>();
    volumes.set(host, own.set(volume, result));
  };
  for (const report of reports) {
    const { volume, from, to, results, error } = report;
    const atSource = error?.details.host === from;
    const failed = error === undefined ? {} : { outcome: outcomeOfMove(report), error };
    put(from, volume, { ...NOTHING_DONE, ...results.from, ...(atSource ? failed : {}) });
    put(to, volume, { ...NOTHING_DONE, ...results.to, ...(atSource ? {} : failed) });
  }
  return new Map(
    [...volumes].map(([host, own]) => {
      const outcome = worstOutcome([...own.values()].map((result) => result.outcome));
      const error = reports.find((one) => one.error !== undefined && own.get(one.volume)?.error === one.error)?.error;
      return [host, { outcome, volumes: own, ...(error === undefined ? {} : { error }) }];
    }),
  );
}

const NOTHING_DONE: VolumeResult = { outcome: 'ok', paths: [], warnings: [], steps: [] };
