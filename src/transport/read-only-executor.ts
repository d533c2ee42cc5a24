import { LongshoreError } from '../errors/longshore-error.js';
import type { Executor, LaneRequest, RepliesTo } from './executor.js';
import type { Deadline } from '../time/deadline.js';

/** The same host without any way to change it (rule S13): for plans and status. Everything else rejects with E_READ_ONLY. */
export function readOnlyExecutor(executor: Executor): Executor {
  return {
    host: executor.host,
    reconnects: executor.reconnects === true,
    async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
      const change = requests.find((request) => !onlyLooks(request));
      if (change !== undefined) {
        throw new LongshoreError('E_READ_ONLY', `a ${change.kind} was tried where nothing may be changed`, {
          host: executor.host,
        });
      }
      return executor.sequence(deadline, requests);
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}

/** Whether a request cannot change the host. The command of a wait only shows something. */
export function onlyLooks(request: LaneRequest): boolean {
  switch (request.kind) {
    case 'read':
    case 'list':
    case 'find':
    case 'wait':
      return true;
    case 'run':
      return request.readOnly === true;
    case 'write':
    case 'lock':
      return false;
  }
}
