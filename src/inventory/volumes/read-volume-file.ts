import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { VolumeSpec } from '../../connectors/connector.js';
import { errorCode } from '../source/error-code.js';
import type { SecretContext } from '../hosts/secrets.js';
import { check } from '../source/check.js';
import { type Located, type LocatedMap, withoutSchemaKey } from '../source/located.js';
import { type DocumentPath, ProblemList, type SourcePosition, quoted } from '../source/problems.js';
import { readDocument } from '../source/read-document.js';
import { buildVolume, looksLikeVolume } from './build-volume.js';
import { volumeNameSchema } from './volume-schema.js';

export interface ReadVolumeOptions {
  /** for `{env: NAME}` and `~`; the CLI passes its own environment */
  readonly env: SecretContext['env'];
  /** `deferred`: a secret that cannot be had fails when it is used. Default `resolved` */
  readonly secrets?: SecretContext['secrets'];
}

/**
 * Volumes of a JSON or YAML file, by name: one volume, a list, or a mapping from name to volume (also under `volumes:`). A volume is
 * `{driver_volume_type, data}`, the same under `connection_info`, or `data` alone. A single volume without a name is called by its
 * `volume_id`, else as the file.
 *
 * Throws `E_VOLUME` with one line for each problem, `E_SECRET` when only secrets are missing.
 */
export async function readVolumeFile(
  filePath: string,
  options: ReadVolumeOptions,
): Promise<ReadonlyMap<string, VolumeSpec>> {
  const problems = new ProblemList();
  const start: SourcePosition = { filePath, line: 1, column: 1 };
  let text = '';
  try {
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    problems.add(start, [], `cannot be read (${errorCode(error)}); check the path and its permissions`);
    problems.throwIfAny('E_VOLUME');
  }
  const document = readDocument(text, filePath, problems);
  const root = document === null ? null : withoutSchemaKey(document);
  problems.throwIfAny('E_VOLUME');
  const context: SecretContext = { env: options.env, secrets: options.secrets ?? 'resolved' };
  const volumes = new Map<string, VolumeSpec>();
  if (root === null || (root.kind === 'scalar' && root.value === null))
    problems.add(start, [], 'is empty; write a volume');
  else if (looksLikeVolume(root)) {
    const volume = buildVolume(root, [], null, context, problems);
    const fallback = path.basename(filePath, path.extname(filePath)).replaceAll(/[\s/,]+|^-+/g, '_');
    if (volume !== null)
      addVolume(volumes, { ...volume, name: volume.name === '' ? fallback : volume.name }, root.position, [], problems);
  } else readMany(root, volumes, context, problems);
  problems.throwIfAny('E_VOLUME');
  return volumes;
}

function readMany(
  root: Located,
  volumes: Map<string, VolumeSpec>,
  context: SecretContext,
  problems: ProblemList,
): void {
  const inner = root.kind === 'map' && root.entries.size === 1 ? root.entries.get('volumes')?.value : undefined;
  const list = inner !== undefined && !looksLikeVolume(inner) ? inner : root;
  const base: DocumentPath = list === root ? [] : ['volumes'];
  if (list.kind === 'map') {
    for (const [name, volume] of readVolumeMap(list, base, context, problems)) volumes.set(name, volume);
    if (list.entries.size === 0) problems.add(list.position, base, 'holds no volume; write one');
  } else if (list.kind === 'list') {
    for (const [index, item] of list.items.entries()) {
      const path = [...base, index];
      const volume = buildVolume(item, path, null, context, problems);
      if (volume !== null) addVolume(volumes, volume, item.position, path, problems);
    }
    if (list.items.length === 0) problems.add(list.position, base, 'holds no volume; write one');
  } else
    problems.add(list.position, base, 'holds no volume; write driver_volume_type and data as Cinder hands them over');
}

/** A mapping from name to volume, as it stands under `volumes:` in an inventory. */
export function readVolumeMap(
  map: LocatedMap,
  path: DocumentPath,
  context: SecretContext,
  problems: ProblemList,
): Map<string, VolumeSpec> {
  const volumes = new Map<string, VolumeSpec>();
  for (const [name, entry] of map.entries) {
    const at = [...path, name];
    const key: Located = { kind: 'scalar', value: name, text: name, position: entry.key };
    const checked = check(volumeNameSchema, key, at, problems);
    const node = entry.value.kind === 'scalar' ? { ...entry.value, position: entry.key } : entry.value;
    const volume = buildVolume(node, at, checked ?? name, context, problems);
    if (volume !== null && checked !== undefined) volumes.set(name, volume);
  }
  return volumes;
}

function addVolume(
  volumes: Map<string, VolumeSpec>,
  volume: VolumeSpec,
  position: SourcePosition,
  path: DocumentPath,
  problems: ProblemList,
): void {
  const named: Located = { kind: 'scalar', value: volume.name, text: volume.name, position };
  if (volume.name === '') problems.add(position, path, 'a volume in a list needs a name; add "name: NAME"');
  else if (volumes.has(volume.name))
    problems.add(position, path, `a second volume is named ${quoted(volume.name)}; rename one`);
  else if (check(volumeNameSchema, named, [...path, 'name'], problems) !== undefined) volumes.set(volume.name, volume);
}
