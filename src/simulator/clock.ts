import type { Clock } from '../time/clock.js';

/** Time as the simulated hosts see it: the computer's, or moved by hand in tests. */
export interface StoppableClock extends Clock {
  /** Cancels everything that is pending; nothing runs any more. */
  stop(): void;
}

/** The computer's time. A stopped fleet leaves no timer behind. */
export function realClock(): StoppableClock {
  const start = performance.now();
  const pending = new Set<NodeJS.Timeout>();
  let stopped = false;
  return {
    now: () => performance.now() - start,
    after(delayMs, action) {
      if (stopped) return () => undefined;
      const timer = setTimeout(() => {
        pending.delete(timer);
        action();
      }, delayMs);
      pending.add(timer);
      return () => {
        pending.delete(timer);
        clearTimeout(timer);
      };
    },
    stop() {
      stopped = true;
      for (const timer of pending) clearTimeout(timer);
      pending.clear();
    },
  };
}

export interface ManualClock extends StoppableClock {
  /**
   * Moves time on, running what falls due in order. Promises that an action settles get to run before the next action
   * does.
   */
  advance(byMs: number): Promise<void>;
  /**
   * Moves time on from one thing that falls due to the next, for as long as the work takes: an hour of waiting passes in a moment. Only for work
   * that waits for nothing but this clock: it does not know of sockets and files. Rejects when nothing is due any more and the work is not done.
   */
  drive<T>(work: Promise<T>): Promise<T>;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that stands still until a test moves it. */
export function manualClock(): ManualClock {
  let time = 0;
  let order = 0;
  const due = new Set<Due>();
  const first = (): Due | undefined => {
    let earliest: Due | undefined;
    for (const one of due) {
      if (earliest === undefined || one.at < earliest.at || (one.at === earliest.at && one.order < earliest.order)) {
        earliest = one;
      }
    }
    return earliest;
  };
  const run = (entry: Due): void => {
    due.delete(entry);
    time = entry.at;
    entry.action();
  };
  return {
    now: () => time,
    after(delayMs, action) {
      const entry = { at: time + Math.max(0, delayMs), order: order++, action };
      due.add(entry);
      return () => due.delete(entry);
    },
    stop() {
      due.clear();
    },
    async advance(byMs) {
      const end = time + byMs;
      for (;;) {
        await settle();
        const next = first();
        if (next === undefined || next.at > end) break;
        run(next);
      }
      time = end;
    },
    async drive(work) {
      const state = { isDone: false };
      const done = work.finally(() => (state.isDone = true));
      // whoever asks for it below hears of a rejection
      done.catch(() => undefined);
      for (;;) {
        // twice: what is answered in one turn may be asked further in the next
        await settle();
        await settle();
        if (state.isDone) return done;
        const next = first();
        if (next === undefined) throw new Error('the work waits for something that no time brings');
        run(next);
      }
    },
  };
}

/** One turn of the event loop: all promises that can settle have settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
