import { LongshoreError } from '../errors/longshore-error.js';
import { deadlineIn, type Deadline } from '../time/deadline.js';

/** A user's interrupt in its two stages. */
export interface Interrupt {
  /** aborts at once: nothing new is begun */
  readonly stop: AbortSignal;
  /** aborts some time later: what is still in flight is given up, its outcome unknown */
  readonly abandon: AbortSignal;
}

/** An interrupt whose second stage comes `graceMs` after the first; `dispose` ends its listening. */
export function gracefulInterrupt(stop: AbortSignal, graceMs: number): Interrupt & { readonly dispose: () => void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onStop = () => {
    if (graceMs <= 0) controller.abort(stop.reason);
    else timer = setTimeout(() => controller.abort(stop.reason), graceMs);
  };
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  return {
    stop,
    abandon: controller.signal,
    dispose: () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', onStop);
    },
  };
}

/**
 * A deadline that lets a step in flight end: from the first stage of the interrupt on `check()` throws, so that no further step
 * starts, but `signal` aborts only with the second. Cutting a login or a flush in the middle would make its outcome unknown.
 */
export function hostDeadline(timeoutMs: number, interrupt: Interrupt): Deadline {
  const hard = deadlineIn(timeoutMs, interrupt.abandon);
  const check = (): void => {
    if (interrupt.stop.aborted) throw new LongshoreError('E_INTERRUPTED', 'interrupted before the next step');
    hard.check();
  };
  return {
    signal: hard.signal,
    remainingMs: () => hard.remainingMs(),
    check,
    async pause(ms, until) {
      // nothing is in flight during a pause: the first stage ends it
      await hard.pause(ms, until === undefined ? interrupt.stop : AbortSignal.any([interrupt.stop, until]));
      check();
    },
  };
}
