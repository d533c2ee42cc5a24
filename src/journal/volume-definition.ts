import type { VolumeSpec } from '../connectors/connector.js';
import { Secret } from '../secrets/secret.js';
import type { LineOf } from './journal-lines.js';

export type VolumeDefinition = LineOf<'task-started'>['volumes'][number];

const REDACTED = '[redacted]';
/** Keys of `data` that are secret, also when whoever made the volume did not say so by type. */
const SECRET_KEY = /pass(?:word|wd|phrase)|secret|token/i;

/** A volume as it may be written down: every secret is "[redacted]", and nothing but plain JSON is left. */
export function definitionOf(volume: VolumeSpec): VolumeDefinition {
  const { name, driverVolumeType, data, ...options } = volume;
  const plain = { ...options, name, driverVolumeType, data: withoutSecrets(data) };
  return JSON.parse(JSON.stringify(plain)) as VolumeDefinition;
}

function withoutSecrets(value: unknown): unknown {
  if (value instanceof Secret) return REDACTED;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET_KEY.test(key) && inner !== null ? REDACTED : withoutSecrets(inner),
    ]),
  );
}

/** What differs between a recorded definition and one of now, one entry for each key: `data.target_luns was [1], is [2]`. */
export function definitionChanges(recorded: VolumeDefinition, now: VolumeDefinition): readonly string[] {
  const before = flat(recorded);
  const after = flat(now);
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => `${key} was ${before.get(key) ?? 'absent'}, is ${after.get(key) ?? 'absent'}`);
}

/** Values as JSON by their keys; those of `data` each by itself. */
function flat(definition: VolumeDefinition): ReadonlyMap<string, string> {
  const { data, ...options } = definition;
  const entries = [
    ...Object.entries(options).map(([key, value]) => [key, value] as const),
    ...Object.entries(data).map(([key, value]) => [`data.${key}`, value] as const),
  ];
  return new Map(
    entries.filter(([, value]) => value !== undefined).map(([key, value]) => [key, JSON.stringify(value)]),
  );
}

/** Each different definition once, and the places of each host's in that list. */
export function definitionTable(
  hosts: readonly { readonly name: string; readonly volumes: readonly VolumeSpec[] }[],
): Pick<LineOf<'task-started'>, 'volumes' | 'hosts'> {
  const volumes: VolumeDefinition[] = [];
  const places = new Map<string, number>();
  const placeOf = (volume: VolumeSpec): number => {
    const definition = definitionOf(volume);
    const text = JSON.stringify(definition);
    const place = places.get(text) ?? volumes.push(definition) - 1;
    places.set(text, place);
    return place;
  };
  return { hosts: hosts.map(({ name, volumes: own }) => ({ name, volumes: own.map(placeOf) })), volumes };
}
