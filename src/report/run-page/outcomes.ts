import type { Outcome } from '../../connectors/connector.js';
import { OUTCOMES } from '../../fleet/outcome.js';
import type { HostRecord } from '../../journal/run-record.js';

/** What a host came to; `not finished` when the journal ends before it did, `not run` when it was never begun. */
export type HostEnd = Outcome | 'not finished' | 'not run';

const WORST_FIRST: readonly HostEnd[] = ['not finished', ...[...OUTCOMES].reverse(), 'not run'];

export function outcomeOf(host: HostRecord): HostEnd {
  if (host.ended !== null) return host.ended.outcome;
  return host.started === null ? 'not run' : 'not finished';
}

/** The class of the style sheet that has its colour. */
export function outcomeClass(outcome: HostEnd): string {
  return outcome === 'not finished' ? 'unknown' : outcome === 'not run' ? 'none' : outcome;
}

/** Those first that somebody has to look at; else in the order of the run. */
export function worstFirst(hosts: readonly HostRecord[]): readonly HostRecord[] {
  const rank = (host: HostRecord): number => WORST_FIRST.indexOf(outcomeOf(host));
  return hosts.toSorted((a, b) => rank(a) - rank(b));
}

/** How many hosts came to what, the worst first; without those that no host came to. */
export function countsOf(hosts: readonly HostRecord[]): readonly (readonly [HostEnd, number])[] {
  return WORST_FIRST.map((end) => [end, hosts.filter((host) => outcomeOf(host) === end).length] as const).filter(
    ([, count]) => count > 0,
  );
}
