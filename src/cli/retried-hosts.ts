import { failedHosts } from '../journal/failed-hosts.js';
import { readRun } from '../journal/run-store.js';
import type { CommandContext } from './command.js';
import { runNamed } from './known-runs.js';
import { usageError } from './parse-options.js';
import { stateDirectory } from './state-directory.js';

/** The hosts that `--retry RUN` means: those on which that run failed. null without the option. Throws `E_USAGE` when there are none. */
export async function retriedHosts(context: CommandContext): Promise<ReadonlySet<string> | null> {
  const { retry } = context.options;
  if (retry === undefined) return null;
  const directory = stateDirectory(context);
  const run = await runNamed(directory, retry);
  const record = await readRun(directory, run);
  const failed = record === null ? new Set<string>() : failedHosts(record);
  if (failed.size > 0) return failed;
  throw usageError(`--retry: run ${run} failed on no host`, `longshore resume ${run} goes on where it ended.`);
}
