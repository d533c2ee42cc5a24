import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import { onDeadlineEnd } from './deadline-end.js';
import type { LaneReply, LaneRequest } from './executor.js';
import type { Lane } from './lane.js';
import { DEFAULT_RUN_MS, REPLY_GRACE_MS, type WireRequest } from './lane-requests.js';
import { onlyLooks } from './read-only-executor.js';

/** A sequence on its way. */
export interface Job {
  readonly deadline: Deadline;
  readonly requests: readonly LaneRequest[];
  readonly resolve: (replies: readonly LaneReply[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends a sequence to a lane and waits for its replies, within its deadline: the host is told how much time is left, and the lane is given up when the
 * reply is overdue, or at once when the user interrupts. `join`: the lock that the lane takes a share in first.
 */
export async function dispatchChain(
  lane: Lane,
  { deadline, requests }: Job,
  join: string | null,
): Promise<readonly LaneReply[]> {
  deadline.check();
  const leftMs = Math.max(1, Math.ceil(deadline.remainingMs()));
  const joins: readonly WireRequest[] = join === null ? [] : [{ kind: 'join', name: join }];
  const replying = lane.send([...joins, ...requests.map((request) => clip(request, leftMs))], leftMs);
  const stop = giveUpAfter(deadline, lane);
  try {
    const replies = await replying;
    if (join !== null && replies[0]?.ok !== true) {
      throw new LongshoreError('E_LOCKED', `cannot take a share in the lock ${join} of this host`);
    }
    return replies.slice(joins.length);
  } catch (error) {
    throw asLook(error, requests);
  } finally {
    stop();
  }
}

function giveUpAfter(deadline: Deadline, lane: Lane): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = onDeadlineEnd(deadline, ({ code }) => {
    if (code === 'E_INTERRUPTED') lane.abandon('interrupted');
    else timer = setTimeout(() => lane.abandon('the host did not answer in time'), REPLY_GRACE_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** What was only looked at has no outcome that could be unknown. */
export function asLook(error: unknown, requests: readonly LaneRequest[]): unknown {
  const isUnknown = error instanceof LongshoreError && error.code === 'E_OUTCOME_UNKNOWN';
  if (!isUnknown || !requests.every(onlyLooks)) return error;
  const message = error.message.replace('; the command may still be running', '');
  return new LongshoreError('E_UNREACHABLE', `${message} (nothing was being changed)`, error.details);
}

/** No request may take longer on the host than the operation has left. */
export function clip(request: LaneRequest, leftMs: number): LaneRequest {
  switch (request.kind) {
    case 'run':
      return { ...request, timeoutMs: Math.min(request.timeoutMs ?? DEFAULT_RUN_MS, leftMs) };
    case 'wait':
      return { ...request, timeoutMs: Math.min(request.timeoutMs, leftMs) };
    case 'lock':
      return { ...request, waitMs: Math.min(request.waitMs, leftMs) };
    case 'read':
    case 'list':
    case 'find':
    case 'write':
      return request;
  }
}
