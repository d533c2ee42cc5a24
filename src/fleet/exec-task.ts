import { LongshoreError } from '../errors/longshore-error.js';
import type { RunReply } from '../transport/executor.js';
import type { CommandFinding, HostFindings } from './fleet-result.js';
import type { FleetHost, HostTask } from './run-host.js';

/** Left of the host's time for the reply to travel after the host itself ended the command. */
const REPLY_MARGIN_MS = 2_000;

/** Runs one command, an argv and not a shell line, within the host's time. Exit 0 is ok, anything else failed. */
export function execTask<H extends FleetHost>(argv: readonly string[]): HostTask<H> {
  return async (host, { executor, deadline }) => {
    const timeoutMs = Math.max(1, Math.floor(deadline.remainingMs() - REPLY_MARGIN_MS));
    const [reply] = await executor.sequence(deadline, [{ kind: 'run', argv, timeoutMs }]);
    if (reply.kind === 'skipped') throw new LongshoreError('E_INTERNAL', 'the first request of a sequence was skipped');
    return commandFindings(reply, argv, host.name, timeoutMs);
  };
}

function commandFindings(reply: RunReply, argv: readonly string[], host: string, timeoutMs: number): HostFindings {
  const { exit, stdout, stderr, timedOut, truncated } = reply;
  const command: CommandFinding = { exit, stdout, stderr, timedOut, truncated };
  if (reply.ok) return { outcome: 'ok', command };
  const error = timedOut
    ? new LongshoreError('E_COMMAND_TIMEOUT', `the command was ended after ${Math.round(timeoutMs / 1000)} s`, { host })
    : new LongshoreError('E_COMMAND', `exit ${exit ?? 'unknown'}`, { host, ...remedyFor(exit, argv) });
  return { outcome: 'failed', error, command };
}

/** Users of clush and pdsh write shell lines; here a command is an argv, so say how to get a shell. */
function remedyFor(exit: number | null, argv: readonly string[]): { readonly remedy?: string } {
  const [only = ''] = argv;
  if (exit !== 127 || argv.length !== 1 || !/\s/.test(only)) return {};
  return { remedy: 'A command is given word by word; for a shell line use: exec -- sh -c "LINE"' };
}
