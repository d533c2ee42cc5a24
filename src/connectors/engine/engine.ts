import { LongshoreError } from '../../errors/longshore-error.js';
import type { Deadline } from '../../time/deadline.js';
import type { Executor, LaneReply, LockRequest } from '../../transport/executor.js';
import type { VolumeJournal } from '../change-journal.js';
import { EMPTY_HISTORY, type History, pauseBeforeMs, UNWRITTEN, withVerdict } from './history.js';
import { HungCommands } from './hung-commands.js';
import { judgeReplies } from './judge.js';
import { beside, Losses, lostVerdict } from './losses.js';
import type { Procedure } from './procedure.js';
import { reportStep } from './show-command.js';
import { WaveIntents } from './wave-intents.js';
import type { Step, StepReport, StepVerdict } from './step.js';
import { type Chain, lastChain, nextWave } from './waves.js';

export type { Clues, Plan, Procedure } from './procedure.js';

export interface EngineOptions<S = unknown> {
  /** observe and plan only; nothing is changed and no lock is taken */
  readonly planOnly?: boolean;
  /** host lock to hold while at work; taken in the same round trip as the first observation */
  readonly lock?: LockRequest;
  /** lanes that the work can use; opened while the host is busy with the first steps. Default 1 */
  readonly lanes?: number;
  readonly onStep?: (step: Step, phase: 'started' | 'ok' | 'failed') => void;
  /** is told of each wave before it leaves, and of each step's outcome; a wave that it cannot take ends the run before that wave */
  readonly journal?: VolumeJournal;
  /** what the host showed before anything was done; then `mayChange` is asked before the first change, and ends the run when it rejects */
  readonly onFirst?: (first: S) => void;
  readonly mayChange?: () => Promise<void>;
}

export interface EngineResult<S> {
  /** the goal holds, proven by the last observation (with `planOnly`: it held already) */
  readonly reached: boolean;
  readonly error?: Error;
  /** the first and the last observation; null when there was none */
  readonly first: S | null;
  readonly last: S | null;
  /** steps that were run, or that would be run */
  readonly steps: readonly StepReport[];
  readonly changed: boolean;
  readonly warnings: readonly string[];
  /** errors of steps that were given up, also when the goal was reached without them */
  readonly failures: readonly Error[];
}

/** Observations in one run before it is called stuck; a four-path attach with a retry needs about 8. */
const MAX_OBSERVATIONS = 24;
const MAX_LOOKS_IN_A_ROW = 4;

/**
 * The loop that every verb of every connector runs, until the plan is empty or there is no way on. Never throws for what happens on the host: the result
 * says it. After a lost connection it looks again, under the lock, where the executor reconnects; else what became of a change is `E_OUTCOME_UNKNOWN`.
 */
export async function reach<S>(
  procedure: Procedure<S>,
  executor: Executor,
  deadline: Deadline,
  options: EngineOptions<S> = {},
): Promise<EngineResult<S>> {
  const run = new EngineRun(procedure, executor, deadline, options);
  try {
    return await run.named(await run.toTheEnd());
  } catch (error) {
    return run.named(run.result(false, run.explain(error instanceof Error ? error : new Error(String(error)))));
  }
}

class EngineRun<S> {
  readonly #procedure: Procedure<S>;
  readonly #executor: Executor;
  readonly #deadline: Deadline;
  readonly #options: EngineOptions<S>;
  #history: History = EMPTY_HISTORY;
  #first: S | null = null;
  #last: S | null = null;
  #matches: readonly string[] = [];
  #warnings: string[] = [];
  #steps: StepReport[] = [];
  #changed = false;
  #fatal: Error | undefined;
  /** of a flush that has not gone well since */
  #unwritten: Error | undefined;
  /** what travelled behind the last steps */
  #seen: S | null = null;
  /** what the host was asked to do last, for people */
  #doing: readonly Step[] = [];
  readonly #losses = new Losses();
  readonly #hung = new HungCommands();

  constructor(procedure: Procedure<S>, executor: Executor, deadline: Deadline, options: EngineOptions<S>) {
    this.#procedure = procedure;
    this.#executor = executor;
    this.#deadline = deadline;
    this.#options = options;
  }

  async toTheEnd(): Promise<EngineResult<S>> {
    let looks = 0;
    while (this.#history.observations < MAX_OBSERVATIONS) {
      this.#deadline.check();
      const state = this.#seen ?? (await this.#observe(looks > 0));
      this.#seen = null;
      if (state === null) continue;
      if (this.#fatal !== undefined) return this.result(false, this.#fatal);
      const plan = this.#procedure.plan(state, this.#history, this.#first ?? state);
      switch (plan.kind) {
        case 'done':
          this.#warnings.push(...plan.warnings);
          return this.result(true);
        case 'stop':
          return this.result(false, plan.error);
        case 'look':
          if (plan.afresh === true && !this.#changed) this.#first = null;
          looks += 1;
          if (looks > MAX_LOOKS_IN_A_ROW) return this.result(false, stuck(plan.why));
          // the first time it is only a question more; after that the host needs a moment
          if (looks > 1) await this.#deadline.pause(500 * 2 ** (looks - 2));
          break;
        case 'steps':
          looks = 0;
          if (this.#options.planOnly === true) {
            this.#steps = [...plan.steps.map((step) => reportStep(step)), ...(plan.later ?? [])];
            return this.result(false);
          }
          if (!this.#changed) await this.#options.mayChange?.();
          await this.#pauseFor(plan.steps);
          await this.#run(plan.steps);
          break;
      }
    }
    return this.result(false, stuck('the host does not settle'));
  }

  result(reached: boolean, error?: Error): EngineResult<S> {
    return {
      reached,
      ...(error === undefined ? {} : { error }),
      first: this.#first,
      last: this.#last,
      steps: this.#steps,
      changed: this.#changed,
      warnings: this.#warnings,
      failures: [...this.#history.failures.values()].filter((one) => one.final).map((one) => one.error),
    };
  }

  /** A failed flush or another identity says more than that the time was up after it. */
  explain(error: Error): Error {
    if (this.#fatal !== undefined) return this.#fatal;
    const ended = this.#losses.explain(withWork(error, this.#doing));
    return this.#unwritten === undefined ? ended : beside(this.#unwritten, ended);
  }

  async named(result: EngineResult<S>): Promise<EngineResult<S>> {
    const error = await this.#hung.named(result.error, this.#executor, this.#deadline.clock);
    return error === undefined ? result : { ...result, error };
  }

  /** null when the connection was lost, and the host can be looked at again. */
  async #observe(again: boolean): Promise<S | null> {
    const fact = this.#procedure.observe({ previous: this.#last, matches: this.#matches, again });
    const wantsLock = this.#first === null || this.#losses.mustLookAgain;
    const lock = wantsLock && this.#options.planOnly !== true ? this.#options.lock : undefined;
    const requests = lock === undefined ? fact.requests : [lock, ...fact.requests];
    let replies: readonly LaneReply[];
    try {
      replies = await this.#executor.sequence(this.#deadline, requests);
    } catch (error) {
      this.#losses.take([error], this.#executor);
      return null;
    }
    const lockReply = lock === undefined ? undefined : replies[0];
    if (lockReply?.kind === 'lock' && !lockReply.ok) {
      throw new LongshoreError('E_LOCKED', `another controller is at work on this host: ${lockReply.holder}`, {
        host: this.#executor.host,
        remedy: 'wait until it has finished, then run this again',
      });
    }
    this.#warnings.push(...this.#losses.looked());
    return this.#note(fact.parse(lock === undefined ? replies : replies.slice(1)));
  }

  #note(state: S): S {
    this.#history = { ...this.#history, observations: this.#history.observations + 1 };
    if (this.#first === null) this.#options.onFirst?.(state);
    this.#first ??= state;
    this.#last = state;
    return state;
  }

  async #pauseFor(steps: readonly Step[]): Promise<void> {
    const ms = pauseBeforeMs(this.#history, steps);
    if (ms > 0) await this.#deadline.pause(ms);
  }

  /** Runs a plan's steps wave by wave; the first wave with a failure is the last. */
  async #run(steps: readonly Step[]): Promise<void> {
    const done = new Set<string>();
    this.#matches = [];
    for (let wave = nextWave(steps, done); wave.length > 0; wave = nextWave(steps, done)) {
      this.#deadline.check();
      const intents = await WaveIntents.announce(this.#options.journal, wave.flat());
      for (const step of wave.flat()) this.#options.onStep?.(step, 'started');
      this.#changed ||= wave.flat().some((step) => step.changes.length > 0);
      this.#doing = wave.flat();
      const last = lastChain(wave, steps, done);
      const chains = wave.map((chain) => this.#runChain(chain, chain === last, intents));
      this.#executor.prepareLanes(Math.max(wave.length, this.#options.lanes ?? 1));
      const settled = await Promise.allSettled(chains);
      const lost = settled.map((one): unknown => (one.status === 'rejected' ? one.reason : undefined));
      wave.forEach((chain, index) => {
        if (lost[index] !== undefined) intents.lost(chain, lost[index]);
      });
      if (lost.some((reason) => reason !== undefined)) {
        this.#takeLosses(wave, lost);
        return;
      }
      const verdicts = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
      for (const { step, verdict } of verdicts) {
        if (verdict.ok) done.add(step.id);
      }
      if (verdicts.some(({ verdict }) => !verdict.ok)) {
        this.#seen = null;
        return;
      }
    }
  }

  async #runChain(
    chain: Chain,
    andObserve: boolean,
    intents: WaveIntents,
  ): Promise<readonly { step: Step; verdict: StepVerdict }[]> {
    const requests = chain.flatMap((step) => step.requests);
    const fact = andObserve ? this.#procedure.observe({ previous: this.#last, matches: [], again: false }) : null;
    const all = [...requests, ...(fact?.requests ?? [])];
    const replies: readonly LaneReply[] = await this.#executor.sequence(this.#deadline, all);
    const verdicts: { step: Step; verdict: StepVerdict }[] = [];
    let at = 0;
    for (const step of chain) {
      const own = replies.slice(at, at + step.requests.length);
      at += step.requests.length;
      if (own[0]?.kind === 'skipped') break;
      const verdict = step.judge?.(own) ?? judgeReplies(step, own);
      intents.ended(step, verdict);
      this.#take(step, verdict, own);
      verdicts.push({ step, verdict });
    }
    intents.notRun(chain.slice(verdicts.length));
    const behind = replies.slice(requests.length);
    // a request that was not ok has ended the sequence before anything could be looked at
    if (fact !== null && behind[0]?.kind !== 'skipped') this.#seen = this.#note(fact.parse(behind));
    return verdicts;
  }

  /** What became of these steps is not known; each counts as tried once. Throws when it cannot be looked at. */
  #takeLosses(wave: readonly Chain[], reasons: readonly unknown[]): void {
    this.#seen = null;
    wave.forEach((chain, index) => reasons[index] === undefined || chain.forEach((step) => this.#hung.lost(step)));
    const error = this.#losses.take(reasons, this.#executor);
    wave.forEach((chain, index) => {
      if (reasons[index] === undefined) return;
      for (const step of chain) this.#take(step, lostVerdict(step, error, reasons[index]), []);
    });
  }

  #take(step: Step, verdict: StepVerdict, replies: readonly LaneReply[]): void {
    this.#history = withVerdict(this.#history, step, verdict);
    this.#hung.see(step, replies);
    this.#matches = [...this.#matches, ...replies.flatMap((reply) => (reply.kind === 'wait' ? reply.matches : []))];
    this.#steps.push(reportStep(step, verdict.ok));
    this.#options.onStep?.(step, verdict.ok ? 'ok' : 'failed');
    if (verdict.ok && step.flushes === true) this.#unwritten = undefined;
    if (!verdict.ok && verdict.notes?.includes(UNWRITTEN) === true) this.#unwritten = verdict.error;
    if (verdict.ok) this.#warnings.push(...(verdict.warnings ?? []));
    else if (verdict.weight === 'fatal') this.#fatal ??= verdict.error;
  }
}

/** That the time was up, with what was going on. */
function withWork(error: Error, [step, ...others]: readonly Step[]): Error {
  if (step === undefined || !(error instanceof LongshoreError) || error.code !== 'E_COMMAND_TIMEOUT') return error;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return new LongshoreError(error.code, `${error.message}; last it was told to ${step.what}${more}`, {
    ...error.details,
    cause: error,
  });
}

function stuck(why: string): LongshoreError {
  return new LongshoreError('E_STUCK', `gave up: ${why}`, {
    remedy: 'look at the host with `longshore status`, then run this again',
  });
}
