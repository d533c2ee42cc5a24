import { LongshoreError } from '../../errors/longshore-error.js';
import { iscsiadmOutcome } from '../../linux/iscsiadm.js';
import type { IscsiSession } from '../../linux/storage-state.js';
import type { LaneReply, LaneRequest } from '../../transport/executor.js';
import { failedAt, replyError } from '../engine/judge.js';
import type { StepVerdict } from '../engine/step.js';

/**
 * What a logout that did not end its session means: it is looked at again before it is tried again, a few times, and then left as it is
 * and named (incident D2). An exit says little: only a session that is gone is logged out.
 */
export function logoutVerdict(
  id: string,
  session: IscsiSession,
  requests: readonly LaneRequest[],
  replies: readonly LaneReply[],
): StepVerdict {
  const index = failedAt(replies);
  const reply = replies[index];
  if (reply === undefined) return { ok: true };
  const what = `log out of session ${session.sid}`;
  const plain = replyError(id, what, requests[index], reply);
  // a device is there again, or the number is another session's by now
  if (index === 0) return { ok: false, weight: 'retry', error: plain };
  const exit = reply.kind === 'run' && !reply.timedOut ? reply.exit : null;
  const { class: kind, meaning } = iscsiadmOutcome('logout', exit);
  const why =
    reply.kind === 'run'
      ? reply.timedOut
        ? 'no answer in time'
        : `iscsiadm exit ${exit ?? 'none'}, ${meaning}`
      : 'it is still there';
  return {
    ok: false,
    weight: kind === 'fatal' ? 'final' : 'retry',
    error: new LongshoreError(
      'E_DEVICE_NOT_REMOVED',
      `session ${session.sid} of ${session.targetName} at ${session.portal ?? 'its portal'} cannot be logged out: ${why}`,
      {
        ...plain.details,
        remedy:
          'the session and its node record are left as they are, and its disks are gone; run this again when the target answers, or restart the host',
      },
    ),
  };
}
