import path from 'node:path';
import { runHere } from '../transport/run-here.js';

/** What an executable inventory may take for one call. */
const TIMEOUT_MS = 60_000;

/** Runs an executable inventory on this machine, through the transport as everything else: bounded in time and in output. */
export async function runExecutable(
  filePath: string,
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exit: number | null }> {
  // a bare name would be looked up in PATH
  const reply = await runHere([path.resolve(filePath), ...args], { timeoutMs: TIMEOUT_MS });
  const cut = reply.truncated ? '\n(the output was cut: it is too long)' : '';
  return { stdout: reply.truncated ? '' : reply.stdout, stderr: reply.stderr + cut, exit: reply.exit };
}
