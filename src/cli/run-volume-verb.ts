import { connectorFor } from '../connectors/registry.js';
import { AttachGate } from '../fleet/attach-gate.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { refuseConflicts } from '../fleet/volume-conflicts.js';
import { volumeTask, type VolumeVerb } from '../fleet/volume-task.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { refusingTaken } from '../moves/dirty/refuse-dirty.js';
import { requireSecrets } from '../inventory/hosts/secrets.js';
import { readVolumeFile } from '../inventory/volumes/read-volume-file.js';
import type { VolumeSpec } from '../connectors/connector.js';
import { chooseVolumes, type VolumesOf } from './choose-volumes.js';
import type { CommandContext } from './command.js';
import { hostConnector } from './connect-host.js';
import { forcedVolume, requireForceAllowed } from './forced-volume.js';
import { moveTools } from './move-tools.js';
import { performVerb } from './perform-verb.js';
import { selectFleet } from './select-hosts.js';
import { withOwners } from './with-owners.js';
import { volumeWithoutSecrets } from './traced-connections.js';

/** Reads what the options name, then runs a storage verb on those hosts. Prints no result. */
export async function runVolumeVerb(verb: VolumeVerb, context: CommandContext): Promise<FleetResult> {
  const { options, terminal } = context;
  requireForceAllowed(options);
  const hosts = await selectFleet(context);
  const volumeFiles: string[] = [];
  const readVolumes = (filePath: string) => {
    volumeFiles.push(filePath);
    return readVolumeFile(filePath, { env: terminal.env, secrets: 'deferred' });
  };
  const chosen = await chooseVolumes(verb, hosts, options.volumes, readVolumes);
  const overrides = forcedVolume(options, hosts.map(chosen));
  const volumesOf: VolumesOf = options.replay === undefined ? chosen : (host) => chosen(host).map(volumeWithoutSecrets);
  // only logging in to a target takes a volume's secrets: a detach must go without them
  if (verb === 'attach') requireSecrets(hosts.map((host) => ({ ...host, volumes: volumesByName(volumesOf(host)) })));
  if (verb === 'attach') refuseConflicts(hosts.map((host) => ({ host: host.name, volumes: volumesOf(host) })));
  const gate = new AttachGate(
    verb === 'attach' && !options.plan ? hosts.slice(0, options.fanout).map(({ name }) => name) : [],
  );
  const { ledger } = moveTools(context, verb);
  const task = volumeTask<InventoryHost>(verb, {
    volumesOf,
    connectorFor,
    planOnly: options.plan,
    force: options.force,
    ignoreErrors: options.ignoreErrors,
    gate,
  });
  const isGuarded = verb === 'detach' && options.replay === undefined;
  const wwidsOf = (host: InventoryHost) => volumesOf(host).map(({ wwid }) => wwid);
  const result = await performVerb(context, {
    verb,
    hosts,
    onEvent: (event) => {
      if (event.type === 'host-ended' || event.type === 'host-not-run') gate.left(event.host);
    },
    task: isGuarded ? refusingTaken(task, await ledger.entries(), wwidsOf) : task,
    connect: hostConnector(context),
    changesHosts: verb !== 'status' && !options.plan,
    refusesDirty: verb === 'attach' || verb === 'extend',
    journaled: {
      options: verb === 'detach' ? { force: options.force, 'ignore-errors': options.ignoreErrors } : {},
      overrides,
      volumesOf,
      volumeFiles,
    },
  });
  if ((verb !== 'attach' && verb !== 'detach') || options.plan || options.replay !== undefined) return result;
  return withOwners(context, result, hosts, volumesOf);
}

function volumesByName(volumes: readonly VolumeSpec[]): ReadonlyMap<string, VolumeSpec> {
  return new Map(volumes.map((volume) => [volume.name, volume]));
}
