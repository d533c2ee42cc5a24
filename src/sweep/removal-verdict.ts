import { LongshoreError } from '../errors/longshore-error.js';
import { failedAt, replyError } from '../connectors/engine/judge.js';
import type { StepVerdict } from '../connectors/engine/step.js';
import type { LaneReply, LaneRequest } from '../transport/executor.js';

/**
 * What a removal's replies mean. A guard that did not hold says that the host is not any more as it was when the object was judged: nothing was
 * changed, and it is not tried again.
 */
export function removalVerdict(
  id: string,
  what: string,
  { guards, requests }: { readonly guards: number; readonly requests: readonly LaneRequest[] },
  replies: readonly LaneReply[],
): StepVerdict {
  const index = failedAt(replies);
  const request = requests[index];
  if (request === undefined) return { ok: true };
  const reply = replies[index];
  const plain = replyError(id, what, request, reply);
  if (index < guards) {
    return {
      ok: false,
      weight: 'final',
      error: new LongshoreError(
        'E_PLAN_CHANGED',
        `${what}: it is not as it was a moment ago (${plain.message}); nothing was changed`,
        {
          ...plain.details,
          remedy: 'look again with `longshore audit`',
        },
      ),
    };
  }
  const busy = reply?.kind === 'run' && /in use|busy/i.test(`${reply.stdout}${reply.stderr}`);
  const code = busy ? 'E_DEVICE_BUSY' : 'E_DEVICE_NOT_REMOVED';
  const message = busy ? `${what}: it is in use` : plain.message;
  return { ok: false, weight: 'retry', error: new LongshoreError(code, message, plain.details) };
}
