import type { Deadline } from '../../src/time/deadline.js';
import type { Executor, LaneReply, LaneRequest, RepliesTo, RunReply } from '../../src/transport/executor.js';

/** Looks at a request before the host gets it. Gives the reply itself, so that the host never sees it, or undefined. */
export type Meddler = (request: LaneRequest) => LaneReply | undefined | Promise<LaneReply | undefined>;

/**
 * A host in whose way a test puts itself: things happen between two requests of a sequence, and commands answer what the test says. A
 * sequence still ends at the first request that is not ok.
 */
export function meddled(meddle: Meddler): (executor: Executor) => Executor {
  return (executor) => ({
    host: executor.host,
    async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
      const replies: LaneReply[] = [];
      // what a find has left is there for the requests of its sequence only
      const finds: LaneRequest[] = [];
      for (const request of requests) {
        const isOver = replies.some((reply) => !reply.ok);
        const own = isOver ? ({ kind: 'skipped', ok: false } as const) : await meddle(request);
        const asked: readonly LaneReply[] =
          own === undefined ? await executor.sequence(deadline, [...finds, request]) : [judged(request, own)];
        replies.push(asked.at(-1) ?? { kind: 'skipped', ok: false });
        if (request.kind === 'find') finds.push(request);
      }
      return replies as unknown as RepliesTo<R>;
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  });
}

/** A command's own answer is as ok as the request takes it, whatever the test says. */
function judged(request: LaneRequest, reply: LaneReply): LaneReply {
  if (request.kind !== 'run' || reply.kind !== 'run') return reply;
  const { okExits = [0], expectStdout } = request;
  const isListed = okExits === 'any' || (!reply.timedOut && reply.exit !== null && okExits.includes(reply.exit));
  return { ...reply, ok: isListed && (expectStdout === undefined || reply.stdout.trimEnd() === expectStdout) };
}

/** Before the first request that is `wanted`, once. */
export function justBefore(
  wanted: (request: LaneRequest) => boolean,
  happens: () => void | Promise<void>,
): (executor: Executor) => Executor {
  let isOver = false;
  return meddled(async (request) => {
    if (isOver || !wanted(request)) return undefined;
    isOver = true;
    await happens();
    return undefined;
  });
}

/** Whether a request runs a command that begins so. */
export function runs(...words: readonly string[]): (request: LaneRequest) => boolean {
  return (request) => request.kind === 'run' && words.every((word, index) => request.argv[index] === word);
}

/** Whether a request writes to a file whose path ends so. */
export function writesTo(end: string): (request: LaneRequest) => boolean {
  return (request) => request.kind === 'write' && [request.filePath].flat().some((one) => one.endsWith(end));
}

export function ended(exit: number, { stdout = '', stderr = '', timedOut = false } = {}): RunReply {
  return { kind: 'run', ok: exit === 0 && !timedOut, exit, stdout, stderr, timedOut, truncated: false };
}
