import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import type { Executor, RunRequest } from '../transport/executor.js';
import type { CommandFinding, HostFindings } from './fleet-result.js';
import type { FleetHost, HostTask } from './run-host.js';

/** Left of the host's time for the reply to travel after the host itself ended the command. */
const REPLY_MARGIN_MS = 2_000;

/** Runs one command, an argv and not a shell line, within the host's time. Exit 0 is ok, anything else failed. */
export function execTask<H extends FleetHost>(argv: readonly string[]): HostTask<H> {
  return (host, { executor, deadline }) => {
    const timeoutMs = Math.max(1, Math.floor(deadline.remainingMs() - REPLY_MARGIN_MS));
    return runCommand(executor, deadline, { kind: 'run', argv, timeoutMs }, host.name);
  };
}

/** Runs one command with a time limit of its own. An exit that the request does not take as ok is `E_COMMAND`. */
export async function runCommand(
  executor: Executor,
  deadline: Deadline,
  request: RunRequest & { readonly timeoutMs: number },
  host: string,
): Promise<HostFindings & { readonly command: CommandFinding }> {
  const [reply] = await executor.sequence(deadline, [request]);
  if (reply.kind === 'skipped') throw new LongshoreError('E_INTERNAL', 'the first request of a sequence was skipped');
  const { exit, stdout, stderr, timedOut, truncated } = reply;
  const command: CommandFinding = { exit, stdout, stderr, timedOut, truncated };
  if (reply.ok) return { outcome: 'ok', command };
  const error = timedOut
    ? new LongshoreError('E_COMMAND_TIMEOUT', `the command was ended after ${Math.round(request.timeoutMs / 1000)} s`, {
        host,
      })
    : new LongshoreError('E_COMMAND', `exit ${exit ?? 'unknown'}`, { host, ...remedyFor(exit, request.argv) });
  return { outcome: 'failed', error, command };
}

/** Users of clush and pdsh write shell lines; here a command is an argv, so say how to get a shell. */
function remedyFor(exit: number | null, argv: readonly string[]): { readonly remedy?: string } {
  const [only = ''] = argv;
  if (exit !== 127 || argv.length !== 1 || !/\s/.test(only)) return {};
  return { remedy: 'A command is given word by word; for a shell line use: exec -- sh -c "LINE"' };
}
