import type { Deadline } from '../time/deadline.js';
import type { Executor, LaneRequest, RepliesTo } from '../transport/executor.js';
import { onlyLooks } from '../transport/read-only-executor.js';

/**
 * The same host behind a gate: right before the first change that is asked of it, `check` has to pass; when it throws, nothing was changed,
 * and nothing will be. For what must hold at the very moment at which a host is given a volume (rules S21 and S22).
 *
 * Reads and the host's lock pass freely, so that the check is the last thing before the change and not something that a wait for the lock
 * has made stale.
 */
export function gatedExecutor(executor: Executor, check: () => Promise<void>): Executor {
  let passed: Promise<void> | null = null;
  return {
    host: executor.host,
    reconnects: executor.reconnects === true,
    async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
      if (requests.some((request) => request.kind !== 'lock' && !onlyLooks(request))) await (passed ??= check());
      return executor.sequence(deadline, requests);
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}
