import { connectorFor } from '../connectors/registry.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { FLEET_DEFAULTS } from '../fleet/run-fleet.js';
import { volumeTask, type VolumeVerb } from '../fleet/volume-task.js';
import { readVolumeFile } from '../inventory/volumes/read-volume-file.js';
import { chooseVolumes } from './choose-volumes.js';
import type { CommandContext } from './command.js';
import { hostConnector } from './connect-host.js';
import { performVerb } from './perform-verb.js';
import { selectFleet } from './select-hosts.js';

/** Reads what the options name, then runs a storage verb on those hosts. Prints no result. */
export async function runVolumeVerb(verb: VolumeVerb, context: CommandContext): Promise<FleetResult> {
  const { options, terminal } = context;
  const hosts = await selectFleet(context);
  const readVolumes = (filePath: string) => readVolumeFile(filePath, { env: terminal.env });
  const volumesOf = await chooseVolumes(verb, hosts, options.volumes, readVolumes);
  return performVerb(context, {
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
}
