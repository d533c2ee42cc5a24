import { LongshoreError } from '../../errors/longshore-error.js';
import { type Executor, isLoss } from '../../transport/executor.js';
import { UNHEARD_FLUSH } from './history.js';
import type { Step, StepVerdict } from './step.js';

/** Lost connections in one run of the engine after which it gives up. */
const MAX_LOSSES = 3;

/** What becomes of a step whose sequence was lost: it may be tried again. */
export function lostVerdict(step: Step, error: Error, reason: unknown): StepVerdict {
  const mayHaveRun = !(reason instanceof LongshoreError) || reason.code !== 'E_UNREACHABLE';
  const notes = step.flushes === true && mayHaveRun ? [UNHEARD_FLUSH] : [];
  return { ok: false, error, weight: 'retry', notes };
}

/** The first error, which is the news, and why the run then ended. */
export function beside(news: Error, ended: Error): Error {
  if (!(news instanceof LongshoreError) || news === ended) return news;
  return new LongshoreError(news.code, `${news.message}; then: ${ended.message}`, { ...news.details, also: [ended] });
}

/** What is not known since the connection was lost, until the host has been looked at again. */
export class Losses {
  #count = 0;
  #unknown: LongshoreError | null = null;
  #mustLookAgain = false;

  /** nothing has been seen since: the next look takes the host's lock first */
  get mustLookAgain(): boolean {
    return this.#mustLookAgain;
  }

  /**
   * Notes one lost connection by the rejections that it has made, `undefined` where there is none. Throws one that is no loss, or when there is no way to
   * look again; else gives the gravest.
   */
  take(reasons: readonly unknown[], executor: Executor): LongshoreError {
    const losses = reasons.filter(isLoss);
    const other = reasons.find((reason) => reason !== undefined && !isLoss(reason));
    const unknown = losses.find(({ code }) => code === 'E_OUTCOME_UNKNOWN');
    if (unknown !== undefined) this.#unknown ??= unknown;
    const gravest = unknown ?? losses[0];
    if (other !== undefined || gravest === undefined) throw other;
    this.#count += 1;
    if (executor.reconnects !== true || this.#count > MAX_LOSSES) throw gravest;
    this.#mustLookAgain = true;
    return gravest;
  }

  /** The host was looked at, so nothing is unknown any more. Gives a warning when something was. */
  looked(): readonly string[] {
    const warnings = this.#mustLookAgain
      ? ['the connection was lost at work; it went on from what the host showed on a new one']
      : [];
    this.#mustLookAgain = false;
    this.#unknown = null;
    return warnings;
  }

  /** What ends the run: as long as a change's outcome is not known, that is the news, and why it could not be looked at comes second. */
  explain(error: Error): Error {
    const unknown = this.#unknown;
    if (unknown === null || unknown === error) return error;
    return new LongshoreError(unknown.code, `${unknown.message}; the host could not be looked at: ${error.message}`, {
      ...unknown.details,
      also: [error],
    });
  }
}
