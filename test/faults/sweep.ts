import type { ManualClock } from '../../src/simulator/clock.js';
import type { Fault } from '../../src/simulator/faults/fault.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';

/** What a sweep needs of a simulated world: it is made anew for each fault point, so that no point knows of another. */
export interface World {
  readonly clock: ManualClock;
  /** a fault point names one of them by its index */
  readonly hosts: readonly SimulatedHost[];
  stop(): void;
}

/** How the first controller ended. */
export type Ended<R> = { readonly how: 'reported'; readonly result: R } | { readonly how: 'killed' };

/**
 * Something that is to survive any fault: a world, what a controller does in it, and what the next controller does when the first one failed or is no more.
 * `R` is what a controller reports.
 */
export interface SweepCase<W extends World, R> {
  readonly name: string;
  arrange(): Promise<W>;
  /** The first controller's work; the faults strike during it. */
  act(world: W): Promise<R>;
  /** The next controller's work: the same again, or the way back. */
  resume(world: W, ended: Ended<R>): Promise<R>;
  /** Whether a controller says that its work is done. */
  isDone(result: R): boolean;
  /** What is wrong with what a controller has just reported, one line each; the world is as it was at that moment. */
  untrue(world: W, result: R, by: 'act' | 'resume'): readonly string[];
  /** Puts right what the operator would have to put right, when a resume did not get through. */
  heal(world: W): Promise<void>;
  /** What is wrong at the end, one line each. It may work on the world to find out. */
  invariants(world: W): Promise<readonly string[]>;
  /** how long a controller may take in the world's time, ms */
  readonly limitMs: number;
}

/** One point at which something goes wrong. */
export interface FaultPoint {
  /** `KIND@N`, or several of them */
  readonly name: string;
  readonly faults: readonly Fault[];
  /** what else goes wrong in the first resume; a controller that is killed there is followed by another resume */
  readonly inResume?: readonly Fault[];
  /** all: the point counts when all its faults have struck; any: when one has. Default all */
  readonly isStruckBy?: 'all' | 'any';
  /** index of the host at which it does. Default 0 */
  readonly host?: number;
  readonly tolerates?: RegExp | undefined;
}

export interface PointResult {
  /** `CASE/POINT`: what `--only` repeats */
  readonly name: string;
  /** what its faults are, where the name does not say */
  readonly what?: string;
  /** false: the work was over before all its faults could strike */
  readonly hasStruck: boolean;
  /** what did not hold; empty: everything did */
  readonly problems: readonly string[];
  /** resumes until one was done */
  readonly resumes: number;
}

const MAX_RESUMES = 4;
const BETWEEN_RESUMES_MS = 300_000;
/** A controller that is given up for lost may take a moment more than its time. */
const LATE_MS = 60_000;

/** Tries one point: a world of its own, the work with the faults, the resume, and what must hold. */
export async function tryPoint<W extends World, R>(sweep: SweepCase<W, R>, point: FaultPoint): Promise<PointResult> {
  const world = await sweep.arrange();
  const problems: string[] = [];
  const host = world.hosts[point.host ?? 0];
  if (host === undefined) throw new Error(`${sweep.name} has no host ${point.host ?? 0}`);
  let hasStruck = false;
  const result = (resumes: number): PointResult => ({
    name: `${sweep.name}/${point.name}`,
    hasStruck,
    problems: problems.filter((problem) => point.tolerates?.test(problem) !== true),
    resumes,
  });
  const lateness = (who: string, began: number): void => noteLateness(sweep, world, began, who, problems);
  try {
    const began = world.clock.now();
    const ended = await underFaults(world, host, point.faults, () => sweep.act(world));
    lateness('the first controller', began);
    if (ended.how === 'reported')
      problems.push(...sweep.untrue(world, ended.result, 'act').map((one) => `reported: ${one}`));
    const { length: struck } = host.faults.struck;
    hasStruck = point.isStruckBy === 'any' ? struck > 0 : struck === point.faults.length;
    if (!hasStruck && point.isStruckBy !== 'any') return result(0);
    const resumes = await resumeUntilDone(sweep, world, host, { ended, faults: point.inResume ?? [] }, problems);
    problems.push(...(await world.clock.drive(sweep.invariants(world))));
    await world.clock.advance(1000);
    for (const one of world.hosts)
      problems.push(...one.locks.held.map((name) => `lock ${name} of ${one.name} is still held`));
    return result(resumes);
  } catch (error) {
    problems.push(
      `the sweep itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return result(0);
  } finally {
    world.stop();
  }
}

/** A controller's work while faults strike a host. What has not struck when it is over does not any more. */
async function underFaults<R>(
  world: World,
  host: SimulatedHost,
  faults: readonly Fault[],
  work: () => Promise<R>,
): Promise<Ended<R>> {
  const killed = new Promise<Ended<R>>((resolve) => {
    host.faults.onControllerKilled(() => resolve({ how: 'killed' }));
  });
  host.faults.set(faults);
  const working = work().then((result): Ended<R> => ({ how: 'reported', result }));
  const ended = await world.clock.drive(Promise.race([working, killed]));
  host.faults.clear();
  return ended;
}

async function resumeUntilDone<W extends World, R>(
  sweep: SweepCase<W, R>,
  world: W,
  host: SimulatedHost,
  first: { readonly ended: Ended<R>; readonly faults: readonly Fault[] },
  problems: string[],
): Promise<number> {
  let last: Ended<R> | undefined;
  for (let tries = 1; tries <= MAX_RESUMES; tries += 1) {
    const began = world.clock.now();
    const faults = tries === 1 ? first.faults : [];
    last = await underFaults(world, host, faults, () => sweep.resume(world, first.ended));
    noteLateness(sweep, world, began, `resume ${tries}`, problems);
    if (last.how === 'reported') {
      problems.push(...sweep.untrue(world, last.result, 'resume').map((one) => `reported by resume ${tries}: ${one}`));
      if (sweep.isDone(last.result)) return tries;
    }
    await world.clock.drive(sweep.heal(world));
    await world.clock.advance(BETWEEN_RESUMES_MS);
  }
  problems.push(`not done after ${MAX_RESUMES} resumes: ${JSON.stringify(last, errorsToo)}`);
  return MAX_RESUMES;
}

function noteLateness<W extends World, R>(
  { limitMs }: SweepCase<W, R>,
  { clock }: W,
  began: number,
  who: string,
  problems: string[],
): void {
  const tookMs = clock.now() - began;
  if (tookMs > limitMs + LATE_MS) problems.push(`${who} took ${tookMs / 1000} s, may take ${limitMs / 1000} s`);
}

function errorsToo(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}

/** How many requests a host begins for the work when nothing goes wrong. */
export async function requestsOf<W extends World, R>(sweep: SweepCase<W, R>, on = 0): Promise<number> {
  const world = await sweep.arrange();
  try {
    const host = world.hosts[on];
    if (host === undefined) throw new Error(`${sweep.name} has no host ${on}`);
    host.faults.set([]);
    await world.clock.drive(sweep.act(world));
    return host.faults.requests;
  } finally {
    world.stop();
  }
}

/** What goes wrong with the nth request. */
export interface FaultKind {
  readonly name: string;
  at(n: number): readonly Fault[];
  /** problems that no controller can keep from happening, as when the world changes after its last look */
  readonly tolerates?: RegExp;
}

export interface SweepResult {
  readonly tried: number;
  readonly failures: readonly PointResult[];
  /** points that needed more than one resume */
  readonly slow: number;
}

export function summary(results: readonly PointResult[]): SweepResult {
  return {
    tried: results.length,
    failures: results.filter(({ problems }) => problems.length > 0),
    slow: results.filter(({ resumes }) => resumes > 1).length,
  };
}

/**
 * Tries a kind of fault with every request, first to last, on each of the hosts: it goes on until the work is over before the fault could strike, so that no
 * number of requests is ever assumed. `every`: only each nth point.
 */
export async function sweepKind<W extends World, R>(
  sweep: SweepCase<W, R>,
  kind: FaultKind,
  { every = 1, hosts = [0] }: { readonly every?: number; readonly hosts?: readonly number[] } = {},
): Promise<SweepResult> {
  const results: PointResult[] = [];
  for (const host of hosts) {
    for (let n = 1; ; n += every) {
      const at = hosts.length === 1 ? '' : `${host}:`;
      const result = await tryPoint(sweep, {
        name: `${at}${kind.name}@${n}`,
        faults: kind.at(n),
        host,
        tolerates: kind.tolerates,
      });
      if (result.hasStruck || result.problems.length > 0) results.push(result);
      if (!result.hasStruck) break;
    }
  }
  return summary(results);
}
