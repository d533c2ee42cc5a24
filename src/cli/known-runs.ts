import type { LongshoreError } from '../errors/longshore-error.js';
import type { LineType } from '../journal/journal-lines.js';
import type { RunRecord } from '../journal/run-record.js';
import { runState } from '../journal/run-state.js';
import { readRun, readRuns, runIds, SUMMARY_LINES } from '../journal/run-store.js';
import type { KnownRun } from '../report/runs-document.js';
import { controllerState } from './controller.js';
import { usageError } from './parse-options.js';

const START_LINE: ReadonlySet<LineType> = new Set(['run-started']);

/** The run that a word on the command line means: its id, `last`, or a beginning of it that only one has. Throws `E_USAGE`. */
export async function runNamed(stateDirectory: string, word: string): Promise<string> {
  const ids = await runIds(stateDirectory);
  if (ids.includes(word)) return word;
  const latest = ids.at(-1);
  if (word === 'last' && latest !== undefined) return latest;
  const like = ids.filter((id) => id.startsWith(word));
  const [only] = like;
  if (only === undefined) {
    throw usageError(
      `there is no run${word === 'last' ? '' : ` ${word}`} in ${stateDirectory}`,
      latest === undefined
        ? 'Runs that change hosts leave a journal there; --state-dir names another place.'
        : `The last one there is ${latest}; longshore runs lists them, --state-dir names another place.`,
    );
  }
  if (like.length > 1) throw usageError(`${word} may be any of ${like.length} runs: ${like.slice(0, 5).join(', ')}`);
  return only;
}

/** What the journal has of the run that a word means. Throws `E_USAGE`, also for a run that left nothing but its name. */
export async function recordNamed(stateDirectory: string, word: string): Promise<RunRecord> {
  const run = await runNamed(stateDirectory, word);
  const record = await readRun(stateDirectory, run);
  if (record !== null) return record;
  throw usageError(`run ${run} died before it had written anything: it has changed nothing`);
}

/** Runs with what became of them, and which later run resumed them. */
export async function knownRuns(
  stateDirectory: string,
  ids: readonly string[],
  kinds: ReadonlySet<LineType> | 'all' = SUMMARY_LINES,
): Promise<{ readonly runs: readonly KnownRun[]; readonly problems: readonly LongshoreError[] }> {
  const { runs, problems } = await readRuns(stateDirectory, ids, kinds === 'all' ? undefined : kinds);
  const [first] = ids;
  const later = (await runIds(stateDirectory)).filter((id) => first !== undefined && id > first && !ids.includes(id));
  const starts = await readRuns(stateDirectory, later, START_LINE);
  const all = [...runs, ...starts.runs];
  return { runs: runs.map((record) => knownRun(record, all)), problems };
}

export function knownRun(record: RunRecord, others: readonly RunRecord[]): KnownRun {
  const { run, controller } = record.start;
  const resumedBy = others.filter(({ start }) => start.resumes?.run === run).map(({ start }) => start.run);
  return { record, state: runState(record, controllerState(controller)), resumedBy };
}
