import { connectorFor } from '../../connectors/registry.js';
import { FLEET_DEFAULTS } from '../../fleet/run-fleet.js';
import { volumeTask, type VolumeVerb } from '../../fleet/volume-task.js';
import { readVolumeFile } from '../../inventory/volumes/read-volume-file.js';
import { planText, volumeTable } from '../../report/volume-text.js';
import { chooseVolumes } from '../choose-volumes.js';
import type { Command } from '../command.js';
import { hostConnector } from '../connect-host.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { performVerb } from '../perform-verb.js';
import { presentResult } from '../present-result.js';
import { selectFleet } from '../select-hosts.js';

export const attach: Command = (context) => runVolumeVerb('attach', context);
export const detach: Command = (context) => runVolumeVerb('detach', context);
export const status: Command = (context) => runVolumeVerb('status', context);

async function runVolumeVerb(verb: VolumeVerb, context: Parameters<Command>[0]): ReturnType<Command> {
  const { options } = context;
  const hosts = await selectFleet(context);
  const volumesOf = await chooseVolumes(verb, hosts, options.volumes, (filePath) =>
    readVolumeFile(filePath, { env: context.terminal.env }),
  );
  const result = await performVerb(context, {
    verb,
    hosts,
    task: volumeTask(verb, {
      volumesOf,
      connectorFor,
      planOnly: options.plan,
      force: options.force,
      ignoreErrors: options.ignoreErrors,
    }),
    connect: hostConnector(context),
    interruptGraceMs: verb === 'status' || options.plan ? 0 : FLEET_DEFAULTS.interruptGraceMs,
  });
  presentResult(context, result, options.plan ? planText : volumeTable);
  return exitCodeOfRun(result);
}
