import type { VolumeSpec } from '../../connectors/connector.js';
import { check } from '../source/check.js';
import type { Located, LocatedEntry, LocatedMap } from '../source/located.js';
import { findUnresolved, valuePosition } from '../source/located.js';
import type { DocumentPath, ProblemList } from '../source/problems.js';
import { secretSchema } from '../hosts/field-schemas.js';
import { resolveSecret, type SecretContext } from '../hosts/secrets.js';
import { unresolvedMessage } from '../hosts/unresolved.js';
import { iscsiDataSchema } from './iscsi-data-schema.js';
import { anyDataSchema, driverSchema, SECRET_KEY, volumeOptions, volumeOptionsSchema } from './volume-schema.js';

const OPTION_KEYS = Object.keys(volumeOptions);
const ENVELOPE_KEYS = ['driver_volume_type', 'data', ...OPTION_KEYS];
// What Nova keeps beside driver_volume_type and data; nothing here needs it.
const NOVA_KEYS = [
  'serial',
  'volume_id',
  'status',
  'instance',
  'attached_at',
  'detached_at',
  'multiattach',
  'encrypted',
];
const ISCSI_KEY = /^target_(?:portal|iqn|lun)s?$/;

/** A volume's parts, each with the place where it stood. */
interface VolumeParts {
  readonly driver: { readonly entry: LocatedEntry; readonly path: DocumentPath } | null;
  readonly data: LocatedMap;
  readonly dataPath: DocumentPath;
  /** Longshore's own options, and any key that does not belong there */
  readonly options: LocatedMap;
}

/** True for a mapping that is one volume, in any of its forms. */
export function looksLikeVolume(node: Located): node is LocatedMap {
  if (node.kind !== 'map') return false;
  return [...node.entries].some(
    ([key, { value }]) =>
      ISCSI_KEY.test(key) ||
      key === 'driver_volume_type' ||
      (OPTION_KEYS.includes(key) && value.kind === 'scalar') ||
      ((key === 'data' || key === 'connection_info') && (value.kind !== 'map' || !looksLikeEnvelope(value))) ||
      (key === 'connection_info' && value.kind === 'map'),
  );
}

/** A volume that happens to be named "data" is one level higher. */
function looksLikeEnvelope(node: LocatedMap): boolean {
  return node.entries.has('data') || node.entries.has('connection_info') || node.entries.has('driver_volume_type');
}

/** One volume in any of its forms, checked, its secrets resolved; null when `problems` has the reason. `name` goes before one inside. */
export function buildVolume(
  node: Located,
  path: DocumentPath,
  name: string | null,
  context: SecretContext,
  problems: ProblemList,
): VolumeSpec | null {
  const before = problems.count;
  const unresolved = findUnresolved(node);
  if (unresolved !== null) {
    problems.add(unresolved.scalar.position, [...path, ...unresolved.path], unresolvedMessage(unresolved.scalar));
    return null;
  }
  const parts = takeApart(node, path, problems);
  if (parts === null) return null;
  const options = check(volumeOptionsSchema, parts.options, path, problems, ENVELOPE_KEYS);
  const driverVolumeType = driverOf(parts, path, problems);
  if (driverVolumeType === null) return null;
  const schema = driverVolumeType === 'iscsi' || driverVolumeType === 'iser' ? iscsiDataSchema : anyDataSchema;
  const data = check<Record<string, unknown>>(schema, parts.data, parts.dataPath, problems);
  if (data === undefined || options === undefined) return null;
  const secured = withSecrets(data, parts, context, problems);
  if (problems.count > before) return null;
  return {
    name: name ?? options.name ?? (typeof data['volume_id'] === 'string' ? data['volume_id'] : ''),
    driverVolumeType,
    data: secured,
    ...(options.wwid == null ? {} : { wwid: options.wwid }),
    ...(options.size_bytes == null ? {} : { sizeBytes: options.size_bytes }),
    ...(options.multipath == null ? {} : { multipath: options.multipath }),
    ...(options.enforce_multipath == null ? {} : { enforceMultipath: options.enforce_multipath }),
    ...(options.min_paths == null ? {} : { minPaths: options.min_paths }),
    ...(options.want_paths == null ? {} : { wantPaths: options.want_paths }),
    ...(options.soft_deadline_s == null ? {} : { softDeadlineS: options.soft_deadline_s }),
    ...(options.access_mode == null ? {} : { accessMode: options.access_mode }),
    ...(options.shared == null ? {} : { shared: options.shared }),
    ...(options.iface == null ? {} : { iface: options.iface }),
  };
}

function takeApart(node: Located, path: DocumentPath, problems: ProblemList): VolumeParts | null {
  if (node.kind !== 'map') {
    problems.add(
      node.position,
      path,
      'a volume is a mapping; write driver_volume_type and data as Cinder hands them over',
    );
    return null;
  }
  const nested = node.entries.get('connection_info');
  if (nested === undefined) return fromEnvelope(node, path, problems);
  const at = [...path, 'connection_info'];
  if (nested.value.kind !== 'map') {
    problems.add(
      valuePosition(nested),
      at,
      'must be a mapping; write driver_volume_type and data as Cinder hands them over',
    );
    return null;
  }
  const inner = fromEnvelope(nested.value, at, problems);
  if (inner === null) return null;
  check(volumeOptionsSchema, inner.options, at, problems, ENVELOPE_KEYS);
  return { ...inner, options: without(node, ['connection_info']) };
}

/** `{driver_volume_type, data}`, or all in one mapping, as Cinder's attachments are. */
function fromEnvelope(node: LocatedMap, path: DocumentPath, problems: ProblemList): VolumeParts | null {
  const type = node.entries.get('driver_volume_type');
  const driver = type === undefined ? null : { entry: type, path: [...path, 'driver_volume_type'] };
  const data = node.entries.get('data');
  const flat = [...node.entries.keys()].some((key) => ISCSI_KEY.test(key));
  if (data !== undefined) {
    const at = [...path, 'data'];
    if (data.value.kind === 'map')
      return {
        driver,
        data: data.value,
        dataPath: at,
        options: without(node, ['driver_volume_type', 'data', ...NOVA_KEYS]),
      };
    problems.add(valuePosition(data), at, "must be a mapping: Cinder's data with target_portal and so on");
    return null;
  }
  if (driver === null && !flat) {
    problems.add(
      node.position,
      path,
      'has no connection info; write driver_volume_type and data as Cinder hands them over',
    );
    return null;
  }
  const entries = [...node.entries].filter(([key]) => !OPTION_KEYS.includes(key) && key !== 'driver_volume_type');
  const dataKeys = entries.map(([key]) => key);
  return {
    driver,
    data: { ...node, entries: new Map(entries) },
    dataPath: path,
    options: without(node, ['driver_volume_type', ...dataKeys]),
  };
}

function driverOf(parts: VolumeParts, path: DocumentPath, problems: ProblemList): string | null {
  if (parts.driver === null) {
    if (parts.data.entries.has('target_portal') || parts.data.entries.has('target_portals')) return 'iscsi';
    const fix = 'add one, such as "driver_volume_type: iscsi"';
    problems.add(
      parts.data.position,
      path,
      `has neither driver_volume_type nor target_portal, which would mean iscsi; ${fix}`,
    );
    return null;
  }
  const { entry } = parts.driver;
  const located = { ...entry.value, position: valuePosition(entry) };
  return check(driverSchema, located, parts.driver.path, problems) ?? null;
}

/** Every password of `data` becomes a `Secret`, also those that only other protocols have. */
function withSecrets(
  data: Readonly<Record<string, unknown>>,
  parts: VolumeParts,
  context: SecretContext,
  problems: ProblemList,
): Record<string, unknown> {
  const secured: Record<string, unknown> = { ...data };
  for (const [key, entry] of parts.data.entries) {
    if (!SECRET_KEY.test(key) || data[key] === null) continue;
    const path = [...parts.dataPath, key];
    const value = check(secretSchema, entry.value, path, problems);
    if (value !== undefined) secured[key] = resolveSecret(value, valuePosition(entry), path, context, problems);
  }
  return secured;
}

function without(map: LocatedMap, keys: readonly string[]): LocatedMap {
  return { ...map, entries: new Map([...map.entries].filter(([key]) => !keys.includes(key))) };
}
