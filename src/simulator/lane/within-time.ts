import type { Clock } from '../clock.js';

/** Runs work that gives up when its signal aborts; aborts it when the time is up or the lane ends. */
export async function withinTime<T>(
  clock: Clock,
  timeoutMs: number,
  laneEnds: AbortSignal,
  work: (killed: AbortSignal) => Promise<T>,
): Promise<{ readonly value: T; readonly timedOut: boolean }> {
  const kill = new AbortController();
  let timedOut = false;
  const cancel = clock.after(timeoutMs, () => {
    timedOut = true;
    kill.abort();
  });
  const onEnd = (): void => kill.abort();
  laneEnds.addEventListener('abort', onEnd);
  if (laneEnds.aborted) kill.abort();
  try {
    return { value: await work(kill.signal), timedOut };
  } finally {
    cancel();
    laneEnds.removeEventListener('abort', onEnd);
  }
}
