import type { Fact } from '../../linux/fact.js';
import type { History } from './history.js';
import type { Step, StepReport } from './step.js';

/** What the next observation may build on: names are only good for choosing what to ask, never for acting. */
export interface Clues<S> {
  readonly previous: S | null;
  /** paths that the waits of the last steps found */
  readonly matches: readonly string[];
  /** the last plan could not decide on what it was shown, and wants to see all */
  readonly again: boolean;
}

/** How to reach one goal on one host: what to read, and what remains to be done given what was read. */
export interface Procedure<S> {
  observe(clues: Clues<S>): Fact<S>;
  /** pure; `first` is what the host showed before anything was done */
  plan(state: S, history: History, first: S): Plan;
}

export type Plan =
  | { readonly kind: 'done'; readonly warnings: readonly string[] }
  /** ask the host again, because the answer so far cannot be decided on; `afresh`: as long as nothing was changed, that look is the first */
  | { readonly kind: 'look'; readonly why: string; readonly afresh?: true }
  | {
      readonly kind: 'steps';
      readonly steps: readonly Step[];
      /** what will follow once these have shown what they show; only for people who read the plan */
      readonly later?: readonly StepReport[];
    }
  | { readonly kind: 'stop'; readonly error: Error };
