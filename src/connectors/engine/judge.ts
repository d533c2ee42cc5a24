import { LongshoreError } from '../../errors/longshore-error.js';
import type { LaneReply, LaneRequest } from '../../transport/executor.js';
import { showRequest } from './show-command.js';
import type { Step, StepVerdict } from './step.js';

/** The default verdict: ok when every reply is ok, otherwise the first one that is not, and worth another try. */
export function judgeReplies(step: Step, replies: readonly LaneReply[]): StepVerdict {
  const index = failedAt(replies);
  if (index === -1) return { ok: true };
  return { ok: false, error: replyError(step.id, step.what, step.requests[index], replies[index]), weight: 'retry' };
}

/** Index of the first reply that is not ok, or -1. */
export function failedAt(replies: readonly LaneReply[]): number {
  return replies.findIndex((reply) => !reply.ok);
}

/** An error that says which request of a step went wrong and what the host said. */
export function replyError(
  step: string,
  what: string,
  request: LaneRequest | undefined,
  reply: LaneReply | undefined,
): LongshoreError {
  const command = request === undefined ? {} : { command: showRequest(request) };
  if (reply?.kind === 'run') {
    const stderr = lastOf(reply.stderr.trim() === '' ? reply.stdout : reply.stderr);
    return reply.timedOut
      ? new LongshoreError('E_COMMAND_TIMEOUT', `${what}: no answer in time`, { step, stderr, ...command })
      : new LongshoreError('E_COMMAND', `${what}: exit ${reply.exit ?? 'none'}: ${firstLine(stderr)}`, {
          step,
          stderr,
          ...command,
        });
  }
  if (reply?.kind === 'write') {
    return new LongshoreError('E_COMMAND', `${what}: ${reply.error}`, {
      step,
      ...command,
    });
  }
  if (reply?.kind === 'wait') {
    const left = [...reply.remaining].join(', ');
    return new LongshoreError('E_COMMAND_TIMEOUT', `${what}: not so in time${left === '' ? '' : ` (still: ${left})`}`, {
      step,
    });
  }
  return new LongshoreError('E_INTERNAL', `${what}: was not run`, { step });
}

function lastOf(text: string): string {
  return text.slice(-2048).trim();
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
