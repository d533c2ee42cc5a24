import type { Intent } from '../connectors/change-journal.js';
import { showRequest } from '../connectors/engine/show-command.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { HostJournal } from '../journal/task-journal.js';
import type { Deadline } from '../time/deadline.js';
import type { Executor, LaneReply, LaneRequest, RepliesTo } from '../transport/executor.js';
import { onlyLooks } from '../transport/read-only-executor.js';

/**
 * The same host, where no change leaves before the journal has it on disk (rule S15). Steps of a plan were announced by the engine; for
 * whatever else may change the host this writes a line of its own, and calls `onLeave` when it has.
 */
export function journaledExecutor(
  executor: Executor,
  journal: HostJournal,
  onLeave: (what: string) => void = () => undefined,
): Executor {
  const isQuiet = (request: LaneRequest): boolean =>
    request.kind === 'lock' || onlyLooks(request) || journal.isAnnounced(request);
  return {
    host: executor.host,
    reconnects: executor.reconnects === true,
    sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
      // without a turn of the event loop in between: what is asked together leaves together
      return requests.every(isQuiet)
        ? executor.sequence(deadline, requests)
        : announced(executor, journal, deadline, requests, isQuiet, onLeave);
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}

async function announced<const R extends readonly LaneRequest[]>(
  executor: Executor,
  journal: HostJournal,
  deadline: Deadline,
  requests: R,
  isQuiet: (request: LaneRequest) => boolean,
  onLeave: (what: string) => void,
): Promise<RepliesTo<R>> {
  const changes = requests.flatMap((request, index) => (isQuiet(request) ? [] : [{ request, index }]));
  const intents = await journal.intend(
    changes.map(({ request }) => {
      const command = showRequest(request);
      return { id: request.kind, what: command, changes: [], command };
    }),
  );
  const tell = (end: (intent: Intent, index: number) => void): void => {
    changes.forEach(({ index }, place) => {
      const intent = intents[place];
      if (intent !== undefined) end(intent, index);
    });
  };
  for (const { request } of changes) onLeave(showRequest(request));
  try {
    const replies = await executor.sequence(deadline, requests);
    tell((intent, index) => endBy(intent, (replies as readonly LaneReply[])[index]));
    return replies;
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const nothing = error instanceof LongshoreError && error.code === 'E_UNREACHABLE';
    tell((intent) => intent.ended(nothing ? 'not-run' : 'unknown', error));
    throw thrown;
  }
}

function endBy(intent: Intent, reply: LaneReply | undefined): void {
  if (reply === undefined || reply.kind === 'skipped') return intent.ended('not-run');
  if (reply.kind === 'run' && reply.timedOut) return intent.ended('unknown');
  return intent.ended(reply.ok ? 'ok' : 'failed');
}
