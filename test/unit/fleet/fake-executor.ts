import type { Counters, Executor, LaneReply, LaneRequest, RepliesTo } from '../../../src/transport/executor.js';
import type { Deadline } from '../../../src/time/deadline.js';

/** An executor that answers from a function; `closed` says whether it was given back. */
export function fakeExecutor(
  host: string,
  answer: (request: LaneRequest, deadline: Deadline) => Promise<LaneReply> | LaneReply,
): Executor & { readonly state: { closed: number; roundTrips: number } } {
  const state = { closed: 0, roundTrips: 0 };
  return {
    host,
    state,
    async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R) {
      state.roundTrips += 1;
      const replies: LaneReply[] = [];
      for (const request of requests) replies.push(await answer(request, deadline));
      return replies as unknown as RepliesTo<R>;
    },
    prepareLanes: () => undefined,
    counters: (): Counters => ({
      roundTrips: state.roundTrips,
      remoteProcesses: 1,
      bytesIn: 10,
      bytesOut: 20,
      connectMs: 1,
    }),
    close: () => {
      state.closed += 1;
      return Promise.resolve();
    },
  };
}

export function ran(stdout: string, exit = 0, stderr = ''): LaneReply {
  return { kind: 'run', ok: exit === 0, exit, stdout, stderr, timedOut: false, truncated: false };
}
