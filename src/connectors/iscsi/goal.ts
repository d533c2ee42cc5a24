import { LongshoreError } from '../../errors/longshore-error.js';
import {
  type IfaceName,
  type Iqn,
  type Portal,
  parseIfaceName,
  parseIqn,
  parsePortal,
  parseWwid,
  type Wwid,
} from '../../linux/identifiers.js';
import type { VolumeSpec } from '../connector.js';
import { type AddressingMode, kernelLun, parseAddressingMode } from './addressing.js';
import { type ChapCredentials, chapOf } from './credentials.js';

/** One way to the volume: the unit of login, scan and detach. */
export interface TargetTriple {
  readonly portal: Portal;
  readonly targetName: Iqn;
  readonly lun: number;
}

/** What is wanted of an iSCSI volume, checked and in normal form. LUNs are the kernel's, after the addressing mode. */
export interface IscsiGoal {
  readonly volume: string;
  readonly targets: readonly TargetTriple[];
  /** `targets` has only what the caller knows: the array is asked for the rest (SendTargets) */
  readonly discovery: { readonly chap: ChapCredentials | null } | null;
  readonly chap: ChapCredentials | null;
  /** open-iscsi interface to log in by; null: `default`, and sessions of any interface are taken */
  readonly iface: IfaceName | null;
  readonly expectedWwid: Wwid | null;
  readonly sizeBytes: number | null;
  readonly multipath: boolean;
  readonly enforceMultipath: boolean;
  /** live paths below which an attach fails */
  readonly minPaths: number;
  /** paths to bring up; null: all */
  readonly wantPaths: number | null;
  /** time after which an attach ends degraded instead of waiting for more paths, ms; null: none */
  readonly softDeadlineMs: number | null;
  /** null: whatever the array gives */
  readonly accessMode: 'ro' | 'rw' | null;
  /** hand out a private link instead of the device, for encryption tools that replace the path */
  readonly encrypted: boolean;
}

/** Cinder's connection properties, `{driver_volume_type, data}` or just `data`, as a volume. */
export function volumeFromProperties(connectionProperties: unknown): VolumeSpec {
  if (!isRecord(connectionProperties)) throw bad('connection properties', 'must be an object');
  const { data, driver_volume_type: type } = connectionProperties as { data?: unknown; driver_volume_type?: unknown };
  return {
    name: 'volume',
    driverVolumeType: typeof type === 'string' ? type : 'iscsi',
    data: isRecord(data) ? data : connectionProperties,
  };
}

/**
 * The goal behind a volume's connection info. Plural portals and IQNs win over the singular form, as in os-brick; lists of
 * different length are refused (os-brick drops paths in silence).
 * Only an attach needs `credentials`: everything else must go without secrets that are not there.
 *
 * @throws LongshoreError E_VOLUME naming the key and what to write instead
 */
export function iscsiGoal(volume: VolumeSpec, { credentials = true } = {}): IscsiGoal {
  const { data } = volume;
  const mode = parseAddressingMode(data['addressing_mode']);
  const plural = hasPlural(data);
  const targets = distinct(plural ? pluralTargets(data, mode) : [singularTarget(data, mode)]);
  const multipath = volume.multipath ?? targets.length > 1;
  const discovery = multipath && !plural ? { chap: credentials ? chapOf(data, 'discovery_') : null } : null;
  return {
    volume: volume.name,
    targets,
    discovery,
    chap: credentials ? chapOf(data, '') : null,
    iface: ifaceOf(volume),
    expectedWwid: volume.wwid === undefined ? null : parseWwid(volume.wwid),
    sizeBytes: volume.sizeBytes ?? null,
    multipath,
    enforceMultipath: volume.enforceMultipath ?? data['enforce_multipath'] === true,
    ...policyOf(volume, discovery === null ? targets.length : null),
    accessMode: accessModeOf(volume),
    encrypted: data['encrypted'] === true,
  };
}

/** @throws LongshoreError E_VOLUME for numbers that cannot be met */
function policyOf(
  { minPaths = 1, wantPaths, softDeadlineS, multipath }: VolumeSpec,
  portals: number | null,
): Pick<IscsiGoal, 'minPaths' | 'wantPaths' | 'softDeadlineMs'> {
  const most = wantPaths ?? (multipath === false ? 1 : portals);
  if (most !== null && minPaths > most) {
    throw bad('min_paths', `is ${minPaths}, but there ${most === 1 ? 'is 1 path' : `are ${most} paths`} to bring up`);
  }
  return {
    minPaths,
    wantPaths: wantPaths ?? null,
    softDeadlineMs: softDeadlineS === undefined ? null : softDeadlineS * 1000,
  };
}

function ifaceOf(volume: VolumeSpec): IfaceName | null {
  if (volume.iface !== undefined) return parseIfaceName(volume.iface);
  return volume.driverVolumeType === 'iser' ? parseIfaceName('iser') : null;
}

function accessModeOf({ accessMode, data }: VolumeSpec): 'ro' | 'rw' | null {
  const mode = accessMode ?? data['access_mode'];
  if (mode === undefined || mode === null) return null;
  if (mode === 'ro' || mode === 'rw') return mode;
  throw bad('access_mode', 'must be ro or rw');
}

function hasPlural(data: VolumeSpec['data']): boolean {
  return data['target_portals'] !== undefined && data['target_iqns'] !== undefined;
}

function pluralTargets(data: VolumeSpec['data'], mode: AddressingMode): TargetTriple[] {
  const portals = listOf(data, 'target_portals');
  const iqns = listOf(data, 'target_iqns');
  const given = data['target_luns'];
  const useList = Array.isArray(given) && given.length > 0;
  const luns: readonly unknown[] = useList ? given : portals.map(() => data['target_lun'] ?? 0);
  if (portals.length !== iqns.length || portals.length !== luns.length) {
    throw bad(
      'target_portals, target_iqns and target_luns',
      `must have the same length, not ${portals.length}, ${iqns.length} and ${luns.length}`,
    );
  }
  return portals.map((portal, index) => triple(portal, iqns[index], luns[index], mode));
}

function singularTarget(data: VolumeSpec['data'], mode: AddressingMode): TargetTriple {
  if (data['target_portal'] === undefined || data['target_iqn'] === undefined) {
    throw bad('data', 'needs target_portal and target_iqn, or target_portals and target_iqns');
  }
  return triple(data['target_portal'], data['target_iqn'], data['target_lun'] ?? 0, mode);
}

function triple(portal: unknown, iqn: unknown, lun: unknown, mode: AddressingMode): TargetTriple {
  if (typeof portal !== 'string') throw bad('target_portal', 'must be text such as 10.0.0.1:3260');
  if (typeof iqn !== 'string') throw bad('target_iqn', 'must be text such as iqn.2010-10.org.example:array');
  const number = typeof lun === 'string' && /^\d+$/.test(lun) ? Number(lun) : lun;
  if (typeof number !== 'number') throw bad('target_lun', 'must be a whole number');
  return { portal: parsePortal(portal), targetName: parseIqn(iqn), lun: kernelLun(number, mode) };
}

function listOf(data: VolumeSpec['data'], key: string): readonly unknown[] {
  const value = data[key];
  if (!Array.isArray(value) || value.length === 0) throw bad(key, 'must be a list with at least one entry');
  return value;
}

/** Each way once. */
export function distinct(targets: readonly TargetTriple[]): readonly TargetTriple[] {
  const seen = new Map(targets.map((one) => [`${one.portal} ${one.targetName} ${one.lun}`, one]));
  return [...seen.values()];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(key: string, problem: string): LongshoreError {
  return new LongshoreError('E_VOLUME', `${key} ${problem}`);
}
