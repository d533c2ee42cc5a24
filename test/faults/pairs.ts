import { iscsiCase } from './iscsi-cases.js';
import { PLAIN_KINDS } from './kinds.js';
import { randomBelow } from './random.js';
import { type FaultKind, type PointResult, requestsOf, summary, type SweepResult, tryPoint } from './sweep.js';

const SWEEP = iscsiCase({ verb: 'detach', multipath: true, beside: 'nothing', resume: 'again' });

/** First part of the names of its points. */
export const PAIRS = `${SWEEP.name}/pair:`;

/** An end before a request is the end after the one before it: single faults have both, pairs would take twice the time. */
const KINDS = PLAIN_KINDS.filter(({ name }) => !name.endsWith('-before'));
/** Kinds after which a controller goes on, so that a second fault can strike it. */
const FIRST_KINDS = KINDS.filter(({ name }) => !name.startsWith('kill'));
const COMBINATIONS = FIRST_KINDS.flatMap((first) => KINDS.map((second) => ({ first, second })));

/**
 * Every pair of faults in one detach with two paths: one with each request, and another with each later one, until the work is over before the second could
 * strike. `share` of `shares`: a part of them, so that several processes can work side by side.
 */
export async function sweepPairs(share: number, shares: number): Promise<SweepResult> {
  const requests = await requestsOf(SWEEP);
  const results: PointResult[] = [];
  for (const [index, { first, second }] of COMBINATIONS.entries()) {
    if (index % shares !== share) continue;
    for (let n = 1; n <= requests; n += 1) {
      for (let m = n + 1; ; m += 1) {
        const result = await tryPair(first, n, second, m);
        if (!result.hasStruck) break;
        results.push(result);
      }
    }
  }
  return summary(results);
}

/** Some pairs, chosen by a seed. */
export async function samplePairs(seed: number, count: number): Promise<SweepResult> {
  const requests = await requestsOf(SWEEP);
  const below = randomBelow(seed);
  const results: PointResult[] = [];
  for (let index = 0; index < count; index += 1) {
    const pair = COMBINATIONS[below(COMBINATIONS.length)];
    const n = 1 + below(requests);
    if (pair !== undefined) results.push(await tryPair(pair.first, n, pair.second, n + 1 + below(requests)));
  }
  return summary(results.filter(({ hasStruck }) => hasStruck));
}

/** The pair of a name such as `detach-multipath/again/pair:fail@3+cut-after@9`; null for another name. */
export function pairNamed(name: string): (() => Promise<PointResult>) | null {
  const [, a = '', n = '', b = '', m = ''] = /pair:([\w-]+)@(\d+)\+([\w-]+)@(\d+)$/.exec(name) ?? [];
  const first = PLAIN_KINDS.find((kind) => kind.name === a);
  const second = PLAIN_KINDS.find((kind) => kind.name === b);
  if (!name.startsWith(PAIRS) || first === undefined || second === undefined) return null;
  return () => tryPair(first, Number(n), second, Number(m));
}

function tryPair(first: FaultKind, n: number, second: FaultKind, m: number): Promise<PointResult> {
  const name = `pair:${first.name}@${n}+${second.name}@${m}`;
  return tryPoint(SWEEP, { name, faults: [...first.at(n), ...second.at(m)] });
}
