import { LongshoreError } from '../../errors/longshore-error.js';
import { Secret } from '../../secrets/secret.js';
import type { VolumeSpec } from '../connector.js';

/** A CHAP name and its secret. */
export interface ChapPair {
  readonly username: string;
  readonly password: Secret;
}

/** What is needed to log in, or to discover. */
export interface ChapCredentials extends ChapPair {
  /** the target's answer to the initiator's challenge (mutual CHAP) */
  readonly mutual: ChapPair | null;
}

/** open-iscsi's settings for credentials, in the order in which they are written. */
export function chapSettings(prefix: string, chap: ChapCredentials): readonly (readonly [string, string])[] {
  const mutual: readonly (readonly [string, string])[] =
    chap.mutual === null
      ? []
      : [
          [`${prefix}.username_in`, chap.mutual.username],
          [`${prefix}.password_in`, chap.mutual.password.reveal()],
        ];
  return [
    [`${prefix}.authmethod`, 'CHAP'],
    [`${prefix}.username`, chap.username],
    [`${prefix}.password`, chap.password.reveal()],
    ...mutual,
  ];
}

/**
 * Credentials of a volume's `data`: `auth_*` with `mutual_auth_*`, or with the prefix `discovery_` those of discovery.
 *
 * @throws LongshoreError E_VOLUME naming the key
 */
export function chapOf(data: VolumeSpec['data'], prefix: '' | 'discovery_'): ChapCredentials | null {
  const method = data[`${prefix}auth_method`];
  const mutualPrefix = `${prefix}mutual_auth`;
  const wantsMutual = given(data[`${mutualPrefix}_username`]) || given(data[`${mutualPrefix}_password`]);
  if (!given(method) || method === 'None') {
    if (wantsMutual) throw bad(`${mutualPrefix}_username`, `has no effect without ${prefix}auth_method: CHAP`);
    return null;
  }
  if (method !== 'CHAP') throw bad(`${prefix}auth_method`, 'must be CHAP, or absent');
  return { ...pairOf(data, `${prefix}auth`), mutual: wantsMutual ? pairOf(data, mutualPrefix) : null };
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function pairOf(data: VolumeSpec['data'], prefix: string): ChapPair {
  const username = textOf(data[`${prefix}_username`], `${prefix}_username`);
  const password = data[`${prefix}_password`];
  const secret = password instanceof Secret ? password : new Secret(textOf(password, `${prefix}_password`));
  for (const [key, value] of [
    [`${prefix}_username`, username],
    [`${prefix}_password`, secret.reveal()],
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
  if (typeof value !== 'string') throw bad(key, 'is needed with CHAP');
  return value;
}

function bad(key: string, problem: string): LongshoreError {
  return new LongshoreError('E_VOLUME', `${key} ${problem}`);
}
