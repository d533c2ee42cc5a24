import type { Step, StepVerdict } from './step.js';

/** What became of a step so far. */
export interface Failure {
  readonly attempts: number;
  readonly error: Error;
  /** no further try: the plan has to do without this step, or give up */
  readonly final: boolean;
}

/** What one run of the engine has done so far; plans may look at it, only the engine writes it. */
export interface History {
  readonly failures: ReadonlyMap<string, Failure>;
  readonly succeeded: ReadonlySet<string>;
  /** what failed steps have learnt */
  readonly notes: ReadonlySet<string>;
  /** how often the host was observed */
  readonly observations: number;
}

/** Note of a flush that failed: the kernel has told of data that is lost, and tells it once. */
export const UNWRITTEN = 'data could not be written';

/** Note of a step that flushes, of whose end nothing was heard. */
export const UNHEARD_FLUSH = 'a flush of which nothing was heard';

const DEFAULT_MAX_ATTEMPTS = 3;

export const EMPTY_HISTORY: History = {
  failures: new Map(),
  succeeded: new Set(),
  notes: new Set(),
  observations: 0,
};

/** The same, with one more step result in it. */
export function withVerdict(history: History, step: Step, verdict: StepVerdict): History {
  const failures = new Map(history.failures);
  const succeeded = new Set(history.succeeded);
  if (verdict.ok) {
    failures.delete(step.id);
    succeeded.add(step.id);
  } else {
    const attempts = (failures.get(step.id)?.attempts ?? 0) + 1;
    const final = verdict.weight !== 'retry' || attempts >= (step.maxAttempts ?? DEFAULT_MAX_ATTEMPTS);
    failures.set(step.id, { attempts, error: verdict.error, final });
  }
  const notes = verdict.ok ? history.notes : new Set([...history.notes, ...(verdict.notes ?? [])]);
  return { ...history, failures, succeeded, notes };
}

/** Pause before the next try of the steps in a plan: 0 for new ones, then 1, 2, 4 s ... of the most tried. */
export function pauseBeforeMs(history: History, steps: readonly Step[]): number {
  const tried = Math.max(0, ...steps.map((step) => history.failures.get(step.id)?.attempts ?? 0));
  return tried === 0 ? 0 : Math.min(1000 * 2 ** (tried - 1), 16_000);
}
