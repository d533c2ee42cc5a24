import type { Clock } from '../../time/clock.js';

/** Runs work that gives up when its signal aborts; aborts it when the time is up or the host loses its power. */
export async function withinTime<T>(
  clock: Clock,
  timeoutMs: number,
  powerEnds: AbortSignal,
  work: (killed: AbortSignal) => Promise<T>,
): Promise<{ readonly value: T; readonly timedOut: boolean }> {
  const kill = new AbortController();
  let timedOut = false;
  const cancel = clock.after(timeoutMs, () => {
    timedOut = true;
    kill.abort();
  });
  const onEnd = (): void => kill.abort();
  powerEnds.addEventListener('abort', onEnd);
  if (powerEnds.aborted) kill.abort();
  try {
    return { value: await work(kill.signal), timedOut };
  } finally {
    cancel();
    powerEnds.removeEventListener('abort', onEnd);
  }
}
