import { LongshoreError } from '../../errors/longshore-error.js';
import { type Iqn, type Portal, parseIqn, parsePortal, parseWwid, type Wwid } from '../../linux/identifiers.js';
import { Secret } from '../../secrets/secret.js';
import type { VolumeSpec } from '../connector.js';

/** One way to the volume: the unit of login, scan and detach. */
export interface TargetTriple {
  readonly portal: Portal;
  readonly targetName: Iqn;
  readonly lun: number;
}

export interface ChapCredentials {
  readonly username: string;
  readonly password: Secret;
}

/** What is wanted of an iSCSI volume, checked and in normal form. */
export interface IscsiGoal {
  readonly volume: string;
  readonly targets: readonly TargetTriple[];
  readonly chap: ChapCredentials | null;
  readonly expectedWwid: Wwid | null;
  readonly sizeBytes: number | null;
  readonly multipath: boolean;
  readonly enforceMultipath: boolean;
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
 *
 * @throws LongshoreError E_VOLUME naming the key and what to write instead
 */
export function iscsiGoal(volume: VolumeSpec): IscsiGoal {
  const { data } = volume;
  const targets = distinct(hasPlural(data) ? pluralTargets(data) : [singularTarget(data)]);
  return {
    volume: volume.name,
    targets,
    chap: chapOf(data),
    expectedWwid: volume.wwid === undefined ? null : parseWwid(volume.wwid),
    sizeBytes: volume.sizeBytes ?? null,
    multipath: volume.multipath ?? targets.length > 1,
    enforceMultipath: volume.enforceMultipath ?? data['enforce_multipath'] === true,
  };
}

function hasPlural(data: VolumeSpec['data']): boolean {
  return data['target_portals'] !== undefined && data['target_iqns'] !== undefined;
}

function pluralTargets(data: VolumeSpec['data']): TargetTriple[] {
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
  return portals.map((portal, index) => triple(portal, iqns[index], luns[index]));
}

function singularTarget(data: VolumeSpec['data']): TargetTriple {
  if (data['target_portal'] === undefined || data['target_iqn'] === undefined) {
    throw bad('data', 'needs target_portal and target_iqn, or target_portals and target_iqns');
  }
  return triple(data['target_portal'], data['target_iqn'], data['target_lun'] ?? 0);
}

function triple(portal: unknown, iqn: unknown, lun: unknown): TargetTriple {
  if (typeof portal !== 'string') throw bad('target_portal', 'must be text such as 10.0.0.1:3260');
  if (typeof iqn !== 'string') throw bad('target_iqn', 'must be text such as iqn.2010-10.org.example:array');
  const number = typeof lun === 'string' && /^\d+$/.test(lun) ? Number(lun) : lun;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 65_535) {
    throw bad('target_lun', 'must be a whole number from 0 to 65535');
  }
  return { portal: parsePortal(portal), targetName: parseIqn(iqn), lun: number };
}

function chapOf(data: VolumeSpec['data']): ChapCredentials | null {
  const method = data['auth_method'];
  if (method === undefined || method === null || method === '' || method === 'None') return null;
  if (method !== 'CHAP') throw bad('auth_method', 'must be CHAP, or absent');
  const username = textOf(data['auth_username'], 'auth_username');
  const password = data['auth_password'];
  const secret = password instanceof Secret ? password : new Secret(textOf(password, 'auth_password'));
  for (const [key, value] of [
    ['auth_username', username],
    ['auth_password', secret.reveal()],
  ] as const) {
    // open-iscsi stores one value per line and at most 255 characters of it (AUTH_STR_MAX_LEN, 2.1.8)
    if (value === '' || value.length > 255 || /[\p{Cc}]/u.test(value) || value.trim() !== value) {
      throw bad(key, 'must be 1 to 255 characters, without control characters or blanks at its ends');
    }
  }
  return { username, password: secret };
}

function textOf(value: unknown, key: string): string {
  if (value instanceof Secret) return value.reveal();
  if (typeof value !== 'string') throw bad(key, 'is needed with auth_method CHAP');
  return value;
}

function listOf(data: VolumeSpec['data'], key: string): readonly unknown[] {
  const value = data[key];
  if (!Array.isArray(value) || value.length === 0) throw bad(key, 'must be a list with at least one entry');
  return value;
}

function distinct(targets: readonly TargetTriple[]): readonly TargetTriple[] {
  const seen = new Map(targets.map((one) => [`${one.portal} ${one.targetName} ${one.lun}`, one]));
  return [...seen.values()];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(key: string, problem: string): LongshoreError {
  return new LongshoreError('E_VOLUME', `${key} ${problem}`);
}
