import { LongshoreError } from '../../errors/longshore-error.js';
import type { Intent, VolumeJournal } from '../change-journal.js';
import type { Step, StepVerdict } from './step.js';

/** What was announced of the steps of one wave. Every intent gets an outcome, whatever becomes of its step. */
export class WaveIntents {
  readonly #open = new Map<string, Intent>();

  /** Announces the steps, and comes back when they may leave. Throws `E_JOURNAL`: then they may not. */
  static async announce(journal: VolumeJournal | undefined, steps: readonly Step[]): Promise<WaveIntents> {
    const intents = new WaveIntents();
    if (journal === undefined) return intents;
    const announced = await journal.intend(steps);
    steps.forEach((step, index) => {
      const intent = announced[index];
      if (intent !== undefined) intents.#open.set(step.id, intent);
    });
    return intents;
  }

  ended(step: Step, verdict: StepVerdict): void {
    if (verdict.ok) this.#open.get(step.id)?.ended('ok');
    else this.#open.get(step.id)?.ended('failed', verdict.error);
    this.#open.delete(step.id);
  }

  /** The host has stopped the sequence before these. */
  notRun(steps: readonly Step[]): void {
    for (const step of steps) this.#end(step, 'not-run');
  }

  /** The sequence of these was rejected: only of a connection that was never there is it known that nothing has run. */
  lost(steps: readonly Step[], reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    const nothing = error instanceof LongshoreError && error.code === 'E_UNREACHABLE';
    for (const step of steps) this.#end(step, nothing ? 'not-run' : 'unknown', error);
  }

  #end(step: Step, result: 'not-run' | 'unknown', error?: Error): void {
    this.#open.get(step.id)?.ended(result, error);
    this.#open.delete(step.id);
  }
}
