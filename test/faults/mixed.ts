import { type IscsiCaseOptions, iscsiCase } from './iscsi-cases.js';
import { type Below, oneOf, randomBelow } from './random.js';
import {
  type FaultKind,
  type FaultPoint,
  type PointResult,
  requestsOf,
  summary,
  type SweepResult,
  tryPoint,
} from './sweep.js';

/** First part of the names of these points; a seed follows. */
export const MIXED = 'mixed/seed-';

const VERBS = ['attach', 'detach', 'extend'] as const;
const BESIDE = ['nothing', 'nothing', 'sessions', 'records'] as const;
const RESUMES = ['again', 'again', 'undo'] as const;
const MOST_IN_ACT = 3;
/** A fault may also be meant for a request that a controller only comes to because of the others. */
const BEYOND = 1.2;

/** What a seed stands for: one verb, and faults of different kinds in it and in its resume. */
export interface Mixed {
  readonly options: IscsiCaseOptions;
  readonly point: FaultPoint;
}

/** The same for the same seed, as long as the kinds and the requests of the verbs stay what they are. */
export async function mixedOf(seed: number, kinds: readonly FaultKind[]): Promise<Mixed> {
  const below = randomBelow(seed);
  const options: IscsiCaseOptions = {
    verb: oneOf(below, VERBS),
    multipath: below(5) > 0,
    beside: oneOf(below, BESIDE),
    resume: oneOf(below, RESUMES),
  };
  const requests = await requestsWithoutFault(options);
  const inAct = 1 + below(MOST_IN_ACT);
  const inResume = below(2) + (inAct === 1 ? 1 : 0);
  const chosen = shuffled(below, kinds).slice(0, inAct + inResume);
  const at = (): number => 1 + below(Math.ceil(requests * BEYOND));
  // in the order of their requests: only the last can be the one that ends the controller
  const places = Array.from({ length: inAct }, at).toSorted((a, b) => a - b);
  const placed = chosen.map((kind, index) => ({ kind, n: places[index] ?? at() }));
  const text = (some: typeof placed): string => some.map(({ kind, n }) => `${kind.name}@${n}`).join('+');
  const [act, resume] = [placed.slice(0, inAct), placed.slice(inAct)];
  return {
    options,
    point: {
      name: `${text(act)}${resume.length === 0 ? '' : `, then ${text(resume)}`}`,
      faults: act.flatMap(({ kind, n }) => kind.at(n)),
      inResume: resume.flatMap(({ kind, n }) => kind.at(n)),
      isStruckBy: 'any',
      tolerates: tolerance(chosen),
    },
  };
}

export async function tryMixed(seed: number, kinds: readonly FaultKind[]): Promise<PointResult> {
  const { options, point } = await mixedOf(seed, kinds);
  const result = await tryPoint(iscsiCase(options), point);
  return { ...result, name: `${MIXED}${seed}`, what: result.name };
}

/** Some seeds, from one on. */
export async function sweepMixed(first: number, count: number, kinds: readonly FaultKind[]): Promise<SweepResult> {
  const results: PointResult[] = [];
  for (let seed = first; seed < first + count; seed += 1) results.push(await tryMixed(seed, kinds));
  return summary(results.filter(({ hasStruck, problems }) => hasStruck || problems.length > 0));
}

const known = new Map<string, Promise<number>>();

function requestsWithoutFault(options: IscsiCaseOptions): Promise<number> {
  const sweep = iscsiCase(options);
  const requests = known.get(sweep.name) ?? requestsOf(sweep);
  known.set(sweep.name, requests);
  return requests;
}

function shuffled<T>(below: Below, some: readonly T[]): readonly T[] {
  const all = [...some];
  return some.map(() => all.splice(below(all.length), 1)[0] as T);
}

/**
 * Another volume at the LUN, or with the name of a disk that has just gone, and then more that goes wrong, can leave a map of two volumes: that is refused until an
 * operator has untangled it. That nothing is reported as done which is not is still held to.
 */
const FOR_AN_OPERATOR = [
  /^not done after \d+ resumes: .*"outcome":"refused"/,
  /^the last detach: refused/,
  /^left at the end: /,
  /^in no volume: /,
  /^of another tenant, (?:gone or changed|new): record /,
];
/** Linux tells of lost data once: here an operator, who goes on all the same. */
const TOLD_TO_AN_OPERATOR = /lost \(write error\)$/;

/** What any of the kinds may bring about is no problem of a controller's, whoever has reported it. */
function tolerance(kinds: readonly FaultKind[]): RegExp | undefined {
  const has = (begin: string): boolean => kinds.some(({ name }) => name.startsWith(begin));
  const all = [
    ...kinds.flatMap(({ tolerates }) => tolerates ?? []),
    ...(has('remap') || has('foreign-device') ? FOR_AN_OPERATOR : []),
    ...(has('detached-by-hand') ? [TOLD_TO_AN_OPERATOR] : []),
  ];
  // here a resume may be struck as well
  const sources = all.map(({ source }) => `(?:${source.replace('reported: ', 'reported(?: by resume 1)?: ')})`);
  return sources.length === 0 ? undefined : new RegExp(sources.join('|'));
}
