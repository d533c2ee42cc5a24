import { setTimeout as sleep } from 'node:timers/promises';
import { LongshoreError } from '../errors/longshore-error.js';
import { type Clock, pause } from './clock.js';

/**
 * The time that one operation on one host may take, made once and passed down as the first argument of everything that
 * waits. It also carries the user's interrupt, so that nothing has to look at two clocks.
 */
export interface Deadline {
  /** aborts when the time is up or the user interrupts */
  readonly signal: AbortSignal;
  /** that of a simulated host, for further deadlines there; absent: the computer's */
  readonly clock?: Clock;
  /** milliseconds left; never below 0 */
  remainingMs(): number;
  /** throws `E_INTERRUPTED` when the user interrupted, `E_COMMAND_TIMEOUT` when the time is up */
  check(): void;
  /**
   * Waits `ms`, less when `until` aborts, and throws as `check` does when the deadline ends meanwhile. Whoever waits for a host waits by this:
   * a simulated host has a clock of its own.
   */
  pause(ms: number, until?: AbortSignal): Promise<void>;
}

/** A deadline `timeoutMs` from now, which also ends when `interrupt` does. `clock`: by default the computer's. */
export function deadlineIn(timeoutMs: number, interrupt?: AbortSignal, clock?: Clock): Deadline {
  const now = clock === undefined ? () => performance.now() : () => clock.now();
  const end = now() + timeoutMs;
  const timeout = clock === undefined ? AbortSignal.timeout(timerMs(timeoutMs)) : abortedAfter(clock, timeoutMs);
  const signal = interrupt === undefined ? timeout : AbortSignal.any([timeout, interrupt]);
  const remainingMs = (): number => Math.max(0, end - now());
  const check = (): void => {
    if (interrupt?.aborted === true) throw new LongshoreError('E_INTERRUPTED', 'interrupted');
    if (timeout.aborted) {
      throw new LongshoreError('E_COMMAND_TIMEOUT', `the time for this host is up (${timeoutMs / 1000} s)`);
    }
  };
  return {
    signal,
    ...(clock === undefined ? {} : { clock }),
    remainingMs,
    check,
    async pause(ms, until) {
      const ends = until === undefined ? signal : AbortSignal.any([signal, until]);
      const waitMs = Math.min(ms, remainingMs());
      if (clock !== undefined) await pause(clock, waitMs, ends);
      else await sleep(timerMs(waitMs), undefined, { signal: ends }).catch(() => undefined);
      check();
    },
  };
}

/** What a timer of Node's takes: whole milliseconds, at most 2^31 - 1. */
function timerMs(ms: number): number {
  return Math.min(Math.ceil(ms), 0x7fffffff);
}

function abortedAfter(clock: Clock, timeoutMs: number): AbortSignal {
  const controller = new AbortController();
  clock.after(timeoutMs, () => controller.abort());
  return controller.signal;
}
