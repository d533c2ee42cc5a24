import path from 'node:path';
import { deadlineIn } from '../time/deadline.js';
import { connectLocal } from '../transport/local.js';

/** What an executable inventory may take for one call. */
const TIMEOUT_MS = 60_000;

/** Runs an executable inventory on this machine, through the transport as everything else: bounded in time and in output. */
export async function runExecutable(
  filePath: string,
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exit: number | null }> {
  const executor = connectLocal('this machine');
  try {
    // a bare name would be looked up in PATH
    const argv = [path.resolve(filePath), ...args];
    const request = { kind: 'run', argv, timeoutMs: TIMEOUT_MS, okExits: 'any' } as const;
    const [reply] = await executor.sequence(deadlineIn(TIMEOUT_MS), [request]);
    if (reply.kind === 'skipped') return { stdout: '', stderr: 'was not run', exit: null };
    const cut = reply.truncated ? '\n(the output was cut: it is too long)' : '';
    return { stdout: reply.truncated ? '' : reply.stdout, stderr: reply.stderr + cut, exit: reply.exit };
  } finally {
    await executor.close();
  }
}
