import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';
import type { LineType } from './journal-lines.js';
import { parseJournal, type ReadLines } from './read-journal.js';
import { runsDirectory } from './run-journal.js';
import { type RunRecord, runRecord } from './run-record.js';

const SUFFIX = '.jsonl';

/** Ids of the runs that have a journal below a state directory, the oldest first. */
export async function runIds(stateDirectory: string): Promise<readonly string[]> {
  const directory = runsDirectory(stateDirectory);
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw unreadable(directory, error);
  }
}

/** One run; null when its controller died before it could write anything. Throws `E_JOURNAL` when it cannot be read or is damaged. */
export async function readRun(
  stateDirectory: string,
  run: string,
  kinds?: ReadonlySet<LineType>,
): Promise<RunRecord | null> {
  const { lines, filePath } = await readRunLines(stateDirectory, run, kinds);
  return runRecord(lines, filePath);
}

/** The lines of one run, in the order in which they were written. Throws as `readRun` does. */
export async function readRunLines(
  stateDirectory: string,
  run: string,
  kinds?: ReadonlySet<LineType>,
): Promise<ReadLines & { readonly filePath: string }> {
  const filePath = path.join(runsDirectory(stateDirectory), `${run}${SUFFIX}`);
  try {
    return { ...parseJournal(await readFile(filePath, 'utf8'), filePath, kinds), filePath };
  } catch (error) {
    throw error instanceof LongshoreError ? error : unreadable(filePath, error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function unreadable(filePath: string, error: unknown): LongshoreError {
  return new LongshoreError('E_JOURNAL', `${filePath} cannot be read (${codeOf(error)})`, {
    cause: error,
    remedy: 'check the path and its permissions, or name another directory with --state-dir or LONGSHORE_STATE_DIR',
  });
}

/** Kinds of lines that tell how a run and its hosts came out, without how they got there. */
export const SUMMARY_LINES: ReadonlySet<LineType> = new Set([
  'run-started',
  'task-started',
  'host-started',
  'host-ended',
  'task-ended',
  'run-interrupted',
  'run-ended',
]);

export interface ReadRuns {
  /** the oldest first */
  readonly runs: readonly RunRecord[];
  /** journals that cannot be read or are damaged */
  readonly problems: readonly LongshoreError[];
}

/** Some runs; a journal that is damaged does not keep the others from being read. */
export async function readRuns(
  stateDirectory: string,
  ids: readonly string[],
  kinds?: ReadonlySet<LineType>,
): Promise<ReadRuns> {
  const runs: RunRecord[] = [];
  const problems: LongshoreError[] = [];
  for (const id of ids) {
    try {
      const run = await readRun(stateDirectory, id, kinds);
      if (run !== null) runs.push(run);
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      problems.push(error);
    }
  }
  return { runs, problems };
}
