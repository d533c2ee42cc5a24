import { existsSync } from 'node:fs';
import type { VolumeSpec } from '../connectors/connector.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { didYouMean } from '../inventory/near-misses.js';
import { foldNames } from '../inventory/patterns/fold-names.js';
import { usageError } from './parse-options.js';

export type VolumesOf = (host: InventoryHost) => readonly VolumeSpec[];

/** Reads the volumes of a file; throws `E_VOLUME` with file, line and column. */
export type ReadVolumes = (filePath: string) => Promise<ReadonlyMap<string, VolumeSpec>>;

/**
 * Which volumes a verb is about on each host, settled before any connection: names that the inventory declares, files, or `all`.
 * Without `--volume`, a host's only volume for attach, detach and extend, and all of them for status.
 */
export async function chooseVolumes(
  verb: 'attach' | 'detach' | 'extend' | 'status',
  hosts: readonly InventoryHost[],
  wanted: readonly string[],
  readVolumes: ReadVolumes,
): Promise<VolumesOf> {
  if (wanted.includes('all')) {
    if (wanted.length > 1) throw usageError('--volume all stands alone');
    requireDeclared(hosts);
    return declaredOf;
  }
  if (wanted.length === 0) {
    requireDeclared(hosts);
    if (verb !== 'status') requireOnlyOne(hosts);
    return declaredOf;
  }
  const choices = await Promise.all(wanted.map((word) => choiceFor(word, hosts, readVolumes)));
  const names = choices.flatMap((choice) => (typeof choice === 'string' ? choice : choice.map(({ name }) => name)));
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw usageError(`--volume: the name ${repeated} is there twice`);
  return (host) => choices.flatMap((choice) => (typeof choice === 'string' ? [declared(host, choice)] : choice));
}

function declaredOf(host: InventoryHost): readonly VolumeSpec[] {
  return [...host.volumes.values()];
}

function declared(host: InventoryHost, name: string): VolumeSpec {
  const volume = host.volumes.get(name);
  if (volume === undefined) throw usageError(`${host.name} declares no volume ${name}`);
  return volume;
}

/** A name that any host declares is a name, also when a file is called the same: `./name` is the file. */
async function choiceFor(
  word: string,
  hosts: readonly InventoryHost[],
  readVolumes: ReadVolumes,
): Promise<string | readonly VolumeSpec[]> {
  const without = hosts.filter((host) => !host.volumes.has(word)).map((host) => host.name);
  if (without.length === 0) return word;
  if (without.length < hosts.length) {
    throw usageError(
      `${foldNames(without)}: no volume "${word}" is declared there`,
      `Narrow the hosts with --limit, or declare the volume for a group that all of them are in.`,
    );
  }
  if (looksLikeFile(word)) return [...(await readVolumes(word)).values()];
  const names = new Set(hosts.flatMap((host) => [...host.volumes.keys()]));
  throw usageError(
    `the inventory declares no volume "${word}", and there is no such file${didYouMean(word, names)}`,
    names.size === 0 ? 'No selected host declares a volume.' : `Declared: ${[...names].join(', ')}`,
  );
}

function looksLikeFile(word: string): boolean {
  return word.includes('/') || /\.(?:json|ya?ml)$/i.test(word) || existsSync(word);
}

function requireDeclared(hosts: readonly InventoryHost[]): void {
  if (hosts.some((host) => host.volumes.size > 0)) return;
  throw usageError(
    'no selected host declares a volume',
    'Declare one under "volumes:" in the inventory, or give a file with --volume FILE.',
  );
}

function requireOnlyOne(hosts: readonly InventoryHost[]): void {
  const none = hosts.filter((host) => host.volumes.size === 0).map((host) => host.name);
  const many = hosts.filter((host) => host.volumes.size > 1);
  if (none.length > 0) throw usageError(`which volume? ${foldNames(none)}: none is declared there`);
  const [first] = many;
  if (first === undefined) return;
  throw usageError(
    `which volume? ${foldNames(many.map((host) => host.name))}: several are declared there (${[...first.volumes.keys()].join(', ')})`,
    'Name one with --volume NAME, or take them with --volume all.',
  );
}
