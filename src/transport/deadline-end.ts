import { setMaxListeners } from 'node:events';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';

/** Calls back when the deadline ends, with its error: `E_INTERRUPTED` or `E_COMMAND_TIMEOUT`; at once when it has ended. Gives the way to stop. */
export function onDeadlineEnd(deadline: Deadline, listener: (error: LongshoreError) => void): () => void {
  const { signal } = deadline;
  const onAbort = (): void => listener(endOf(deadline));
  // one deadline serves all sequences of a host at once; Node would warn of a leak at the 11th
  setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return () => signal.removeEventListener('abort', onAbort);
}

/** A promise's value; rejects with the deadline's own error when that ends before. */
export async function withinDeadline<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
  let stop: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    stop = onDeadlineEnd(deadline, reject);
  });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    stop();
  }
}

function endOf(deadline: Deadline): LongshoreError {
  try {
    deadline.check();
  } catch (error) {
    if (error instanceof LongshoreError) return error;
  }
  return new LongshoreError('E_COMMAND_TIMEOUT', 'the time for this host is up');
}
