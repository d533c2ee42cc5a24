import { failedHosts } from '../journal/failed-hosts.js';
import type { CommandContext } from './command.js';
import { recordNamed } from './known-runs.js';
import { usageError } from './parse-options.js';
import { stateDirectory } from './state-directory.js';

/** The hosts that `--retry RUN` means: those on which that run failed. null without the option. Throws `E_USAGE` when there are none. */
export async function retriedHosts(context: CommandContext): Promise<ReadonlySet<string> | null> {
  const { retry } = context.options;
  if (retry === undefined) return null;
  const record = await recordNamed(stateDirectory(context), retry);
  const failed = failedHosts(record);
  if (failed.size > 0) return failed;
  const { run } = record.start;
  throw usageError(`--retry: run ${run} failed on no host`, `longshore resume ${run} goes on where it ended.`);
}
