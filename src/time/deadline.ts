import { LongshoreError } from '../errors/longshore-error.js';

/**
 * The time that one operation on one host may take, made once and passed down as the first argument of everything that
 * waits. It also carries the user's interrupt, so that nothing has to look at two clocks.
 */
export interface Deadline {
  /** aborts when the time is up or the user interrupts */
  readonly signal: AbortSignal;
  /** milliseconds left; never below 0 */
  remainingMs(): number;
  /** throws `E_INTERRUPTED` when the user interrupted, `E_COMMAND_TIMEOUT` when the time is up */
  check(): void;
}

/** A deadline `timeoutMs` from now, which also ends when `interrupt` does. */
export function deadlineIn(timeoutMs: number, interrupt?: AbortSignal): Deadline {
  const end = performance.now() + timeoutMs;
  const timeout = AbortSignal.timeout(Math.min(Math.ceil(timeoutMs), 0x7fffffff));
  const signal = interrupt === undefined ? timeout : AbortSignal.any([timeout, interrupt]);
  return {
    signal,
    remainingMs: () => Math.max(0, end - performance.now()),
    check() {
      if (interrupt?.aborted === true) throw new LongshoreError('E_INTERRUPTED', 'interrupted');
      if (timeout.aborted) {
        throw new LongshoreError('E_COMMAND_TIMEOUT', `the time for this host is up (${timeoutMs / 1000} s)`);
      }
    },
  };
}
