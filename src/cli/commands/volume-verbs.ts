import type { VolumeVerb } from '../../fleet/volume-task.js';
import { planText, volumeTable } from '../../report/volume-text.js';
import type { Command, CommandContext } from '../command.js';
import { exitCodeOfRun, type ExitCode } from '../exit-codes.js';
import { presentResult } from '../present-result.js';
import { runVolumeVerb } from '../run-volume-verb.js';

export const attach: Command = (context) => volumeVerb('attach', context);
export const detach: Command = (context) => volumeVerb('detach', context);
export const extend: Command = (context) => volumeVerb('extend', context);
export const status: Command = (context) => volumeVerb('status', context);

async function volumeVerb(verb: VolumeVerb, context: CommandContext): Promise<ExitCode> {
  const result = await runVolumeVerb(verb, context);
  presentResult(context, result, context.options.plan ? planText : volumeTable);
  return exitCodeOfRun(result);
}
