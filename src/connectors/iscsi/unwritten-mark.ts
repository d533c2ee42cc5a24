import { LongshoreError } from '../../errors/longshore-error.js';
import type { Fact } from '../../linux/fact.js';
import type { Wwid } from '../../linux/identifiers.js';
import type { LaneReply } from '../../transport/executor.js';
import type { Plan } from '../engine/engine.js';
import { type History, UNWRITTEN } from '../engine/history.js';
import type { Step } from '../engine/step.js';
import type { ScopedView } from './detach-scope.js';
import type { IscsiObservation } from './observation.js';
import { diskName } from './volume-view.js';

/**
 * Linux reports data that could not be written back once: to the first who syncs. Then it is gone from memory, and the next sync goes well. So a detach
 * whose flush failed leaves a mark on the host, which later ones find; a restart takes it away, as it does what was in memory.
 */
const DIRECTORY = '/run/longshore-unwritten';

/** What is marked on a host, by WWID: what was not written, in words. Read by the shell itself. */
export function unwrittenFact(): Fact<ReadonlyMap<string, string>> {
  return { requests: [{ kind: 'read', patterns: [`${DIRECTORY}/*`] }], parse: ([reply]) => parseMarks(reply) };
}

function parseMarks(reply: LaneReply | undefined): ReadonlyMap<string, string> {
  if (reply?.kind !== 'read') return new Map();
  const unread = reply.unreadable.map((filePath): [string, string] => [filePath, 'the mark cannot be read']);
  return new Map([...reply.files, ...unread].map(([filePath, text]) => [filePath.slice(DIRECTORY.length + 1), text]));
}

/** Leaves the mark. `error` is that of the flush. */
export function markStep(wwid: Wwid, error: Error): Step {
  return {
    id: `mark unwritten data of ${wwid}`,
    what: `note on the host that data of ${wwid} could not be written`,
    changes: [`file ${DIRECTORY}/${wwid}`],
    after: [],
    requests: [
      {
        kind: 'run',
        argv: ['install', '-D', '-m', '0644', '/dev/stdin', `${DIRECTORY}/${wwid}`],
        input: `${error.message}\n`,
        timeoutMs: 10_000,
      },
    ],
    main: 0,
    maxAttempts: 2,
  };
}

/** Takes the mark away, when the volume is gone from the host or its data was given up. */
export function unmarkStep(wwid: Wwid): Step {
  return {
    id: `forget unwritten data of ${wwid}`,
    what: `remove the note that data of ${wwid} could not be written`,
    changes: [`file ${DIRECTORY}/${wwid}`],
    after: [],
    requests: [{ kind: 'run', argv: ['rm', '-f', '--', `${DIRECTORY}/${wwid}`], timeoutMs: 10_000 }],
    main: 0,
    maxAttempts: 2,
  };
}

/** Why a marked volume is not detached, although a flush would go well by now. */
export function markedError(volume: string, wwid: Wwid, mark: string): LongshoreError {
  return new LongshoreError(
    'E_FLUSH_FAILED',
    `data that was written to ${volume} before is lost: an earlier detach could not bring it to the array (${mark.trim()}), and the host no longer has it`,
    {
      remedy: `nothing was removed; have the data written again, or check what lies on the volume, then use --force, or remove ${DIRECTORY}/${wwid} on the host when nothing is missing`,
    },
  );
}

/**
 * What follows a flush that failed in this run: the mark, and then the error. null when none has. What was never written to since it is on the host has
 * lost nothing, so that is looked at first.
 */
export function afterFailedFlush(
  wwid: Wwid | null,
  { disks, maps }: ScopedView,
  { written }: IscsiObservation,
  history: History,
): Plan | null {
  if (!history.notes.has(UNWRITTEN)) return null;
  const failures = [...history.failures.values()].map(({ error }) => error);
  const error = failures.find((one) => one instanceof LongshoreError && one.code === 'E_FLUSH_FAILED');
  if (error === undefined) return null;
  if (wwid === null) return { kind: 'stop', error };
  const step = markStep(wwid, error);
  if (history.succeeded.has(step.id)) return { kind: 'stop', error };
  if (written === undefined) return { kind: 'look', why: error.message };
  const names = [...maps.map((map) => map.name), ...disks.map(diskName)];
  if (names.every((name) => written.get(name) === false)) return { kind: 'stop', error: neverWritten(error) };
  if (history.failures.get(step.id)?.final !== true) return { kind: 'steps', steps: [step] };
  return { kind: 'stop', error: notMarked(error) };
}

function neverWritten(error: Error): LongshoreError {
  return new LongshoreError(
    'E_FLUSH_FAILED',
    `${error.message}; nothing was written to it since it is on the host, so no data is lost`,
    {
      remedy: 'nothing was removed; bring the volume back and run this again',
      cause: error,
    },
  );
}

function notMarked(error: Error): LongshoreError {
  return new LongshoreError(
    'E_FLUSH_FAILED',
    `${error.message}; this could not be noted on the host: do not detach it again, the next flush would go well`,
    { ...(error instanceof LongshoreError ? error.details : {}), cause: error },
  );
}
