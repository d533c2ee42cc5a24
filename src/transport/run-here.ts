import { deadlineIn } from '../time/deadline.js';
import type { RunReply } from './executor.js';
import { connectLocal } from './local.js';

/**
 * Runs one command on this machine, an argv and not a shell line, through the same lanes as on any host: bounded in time and in output, with
 * nothing on its stdin. Any exit code is an answer.
 */
export async function runHere(
  argv: readonly string[],
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<RunReply> {
  const executor = connectLocal('this machine');
  try {
    const request = { kind: 'run', argv, timeoutMs: options.timeoutMs, okExits: 'any' } as const;
    const [reply] = await executor.sequence(deadlineIn(options.timeoutMs + 10_000, options.signal), [request]);
    if (reply.kind === 'run') return reply;
    return { kind: 'run', ok: false, exit: null, stdout: '', stderr: 'was not run', timedOut: false, truncated: false };
  } finally {
    await executor.close();
  }
}
