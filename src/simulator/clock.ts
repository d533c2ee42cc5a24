/** Time as the simulated hosts see it: real with short delays, or moved by hand in tests. */
export interface Clock {
  /** milliseconds since the clock was made */
  now(): number;
  /** Runs `action` once, after `delayMs`; the returned function cancels it. */
  after(delayMs: number, action: () => void): () => void;
}

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
  let due: Due[] = [];
  return {
    now: () => time,
    after(delayMs, action) {
      const entry = { at: time + Math.max(0, delayMs), order: order++, action };
      due.push(entry);
      return () => {
        due = due.filter((other) => other !== entry);
      };
    },
    stop() {
      due = [];
    },
    async advance(byMs) {
      const end = time + byMs;
      for (;;) {
        await settle();
        const next = due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
        if (next === undefined) break;
        due = due.filter((other) => other !== next);
        time = next.at;
        next.action();
      }
      time = end;
    },
  };
}

/** One turn of the event loop: all promises that can settle have settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
