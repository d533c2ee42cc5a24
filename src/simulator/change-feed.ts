import type { Clock } from '../time/clock.js';

/** Tells whoever waits that the model has changed. Carries no news itself: listeners look at the model. */
export class ChangeFeed {
  readonly #listeners = new Set<() => void>();
  #version = 0;

  /** Grows with each change, so that views of the model can be kept until it does. */
  get version(): number {
    return this.#version;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    this.#version += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}

export interface UntilOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits for a condition on the model without polling: it is looked at now and after each change. True when it held, false
 * when the time was up or the signal came first.
 */
export function until(
  feeds: readonly ChangeFeed[],
  clock: Clock,
  condition: () => boolean,
  { timeoutMs, signal }: UntilOptions = {},
): Promise<boolean> {
  if (condition()) return Promise.resolve(true);
  if (signal?.aborted === true || timeoutMs === 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (held: boolean): void => {
      for (const unsubscribe of unsubscribes) unsubscribe();
      cancelTimer?.();
      signal?.removeEventListener('abort', onAbort);
      resolve(held);
    };
    const onAbort = (): void => end(false);
    const unsubscribes = feeds.map((feed) =>
      feed.subscribe(() => {
        if (condition()) end(true);
      }),
    );
    const cancelTimer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => end(condition()));
    signal?.addEventListener('abort', onAbort);
  });
}
