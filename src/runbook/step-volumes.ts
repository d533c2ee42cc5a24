import type { VolumeSpec } from '../connectors/connector.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { didYouMean } from '../inventory/near-misses.js';
import type { Located, LocatedMap } from '../inventory/source/located.js';
import type { DocumentPath } from '../inventory/source/problems.js';
import { buildVolume } from '../inventory/volumes/build-volume.js';
import { quoted } from '../inventory/source/problems.js';
import type { PlayContext } from './read-playbook.js';
import type { StepKind } from './steps/step-kind.js';

/** The volumes that a step is about on one host; null when `problems` has the reason. */
export function volumesOfStep(
  kind: StepKind,
  options: LocatedMap,
  path: DocumentPath,
  host: InventoryHost,
  context: PlayContext,
): readonly VolumeSpec[] | null {
  const given = options.entries.get('volume')?.value;
  const isGiven = given !== undefined && !(given.kind === 'scalar' && given.value === null);
  if (kind.volumes === 'never' || (kind.volumes === 'named' && !isGiven)) return [];
  const at = [...path, 'volume'];
  if (!isGiven) return onlyVolume(options, path, host, context);
  if (given.kind === 'map') {
    const volume = buildVolume(given, at, null, context.secrets, context.problems);
    return volume === null ? null : [{ ...volume, name: volume.name === '' ? 'volume' : volume.name }];
  }
  const names = given.kind === 'list' ? given.items : [given];
  const texts = names.map((name) => (name.kind === 'scalar' ? name.text : ''));
  const again = texts.findIndex((text, index) => texts.indexOf(text) !== index);
  if (again !== -1) {
    const position = names[again]?.position ?? given.position;
    context.problems.add(position, at, `names ${quoted(texts[again] ?? '')} twice; remove one`);
    return null;
  }
  if (texts.length === 1 && texts[0] === 'all') return allVolumes(given, at, host, context);
  const volumes = names.map((name, index) => declared(name, texts[index] ?? '', at, host, context));
  return volumes.every((volume) => volume !== null) ? volumes : null;
}

function onlyVolume(
  { position }: LocatedMap,
  path: DocumentPath,
  host: InventoryHost,
  { problems }: PlayContext,
): readonly VolumeSpec[] | null {
  const [only, other] = host.volumes.values();
  if (only !== undefined && other === undefined) return [only];
  const why = only === undefined ? 'declares no volume' : `declares several (${[...host.volumes.keys()].join(', ')})`;
  const fix =
    only === undefined
      ? 'declare one in the inventory, or write "volume:" with its connection info'
      : 'name one, or write "all"';
  problems.add(position, path, `which volume? ${host.name} ${why}; ${fix}`);
  return null;
}

function allVolumes(
  node: Located,
  path: DocumentPath,
  host: InventoryHost,
  { problems }: PlayContext,
): readonly VolumeSpec[] | null {
  if (host.volumes.size > 0) return [...host.volumes.values()];
  problems.add(
    node.position,
    path,
    `${host.name} declares no volume; declare one in the inventory, or choose other hosts`,
  );
  return null;
}

function declared(
  node: Located,
  name: string,
  path: DocumentPath,
  host: InventoryHost,
  { problems }: PlayContext,
): VolumeSpec | null {
  const volume = host.volumes.get(name);
  if (volume !== undefined) return volume;
  const near = didYouMean(name, host.volumes.keys());
  const known =
    host.volumes.size === 0
      ? '; it declares none'
      : `; there ${host.volumes.size === 1 ? 'is' : 'are'} ${[...host.volumes.keys()].join(', ')}`;
  problems.add(node.position, path, `${host.name} declares no volume ${quoted(name)}${near === '' ? known : near}`);
  return null;
}
