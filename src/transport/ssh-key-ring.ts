import { createPrivateKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Secret } from '../secrets/secret.js';
import type { PrivateKeyFile } from './ssh-options.js';

const { utils } = ssh2;

/** Asks the operator for the passphrase of a key file; null when there is nobody to ask. */
export type AskPassphrase = (filePath: string, isSecondTry: boolean) => Promise<Secret | null>;

/** What a key file came to. Whatever it is, `publicKey` (in wire form) is what an agent may have the private half of. */
export type KeyReading =
  | { readonly kind: 'key'; readonly key: ParsedKey; readonly publicKey: Buffer }
  | { readonly kind: 'locked'; readonly publicKey: Buffer | null; readonly isWrong: boolean }
  | { readonly kind: 'public'; readonly publicKey: Buffer }
  | { readonly kind: 'missing' | 'unusable'; readonly publicKey: Buffer | null; readonly why: string };

/**
 * The key files of a run. Each is read once and each passphrase is asked for once, however many hosts take the key: unlocking one costs some 100 ms
 * of processor time.
 */
export class KeyRing {
  readonly #ask: AskPassphrase | null;
  readonly #readings = new Map<string, Promise<KeyReading>>();
  readonly #unlocked = new Map<string, Promise<ParsedKey | null>>();

  constructor(ask: AskPassphrase | null = null) {
    this.#ask = ask;
  }

  read({ filePath, passphrase }: PrivateKeyFile): Promise<KeyReading> {
    // the secret itself is part of what makes a reading; it stays in this object
    const key = JSON.stringify([filePath, passphrase?.reveal()]);
    const reading = this.#readings.get(key) ?? readKeyFile(filePath, passphrase);
    this.#readings.set(key, reading);
    return reading;
  }

  /** Asks for the passphrase; null when nobody can be asked, or the answers are wrong. */
  unlock({ filePath }: PrivateKeyFile): Promise<ParsedKey | null> {
    const unlocked = this.#unlocked.get(filePath) ?? this.#askFor(filePath);
    this.#unlocked.set(filePath, unlocked);
    return unlocked;
  }

  async #askFor(filePath: string): Promise<ParsedKey | null> {
    for (const isSecondTry of [false, true]) {
      const passphrase = await this.#ask?.(filePath, isSecondTry);
      if (passphrase === null || passphrase === undefined) return null;
      const reading = await readKeyFile(filePath, passphrase);
      if (reading.kind === 'key') return reading.key;
    }
    return null;
  }
}

async function readKeyFile(filePath: string, passphrase: Secret | undefined): Promise<KeyReading> {
  let text: string;
  try {
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return { kind: isMissing ? 'missing' : 'unusable', publicKey: await publicKeyBeside(filePath), why: code };
  }
  const parsed: ParsedKey | readonly ParsedKey[] | Error = utils.parseKey(text, passphrase?.reveal());
  const [key] = [parsed].flat();
  if (key !== undefined && !(key instanceof Error)) {
    return key.isPrivateKey()
      ? { kind: 'key', key: signingQuickly(key), publicKey: key.getPublicSSH() }
      : { kind: 'public', publicKey: key.getPublicSSH() };
  }
  const why = key?.message ?? 'no key';
  const publicKey = publicPart(text) ?? (await publicKeyBeside(filePath));
  if (!/encrypted|passphrase|integrity|decrypt/i.test(why)) return { kind: 'unusable', publicKey, why };
  return { kind: 'locked', publicKey, isWrong: passphrase !== undefined };
}

/**
 * ssh2 signs with the key's PEM text, which OpenSSL 3.0 reads anew each time: 0.74 ms of processor time per login where the key alone takes 0.06 ms. A key that
 * OpenSSL does not take (FIPS mode has no ed25519) is left to ssh2, which then says so where a login fails.
 */
function signingQuickly(key: ParsedKey): ParsedKey {
  if (key.type !== 'ssh-ed25519') return key;
  try {
    const own = createPrivateKey(key.getPrivatePEM());
    key.sign = (data: Buffer | string): Buffer => sign(null, Buffer.from(data), own);
  } catch {
    // ssh2's own way it is
  }
  return key;
}

/** OpenSSH's format keeps the public key readable (PROTOCOL.key): magic, cipher, kdf, its options, number of keys, public key. */
function publicPart(text: string): Buffer | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (body === undefined) return null;
  const data = Buffer.from(body, 'base64');
  const magic = 'openssh-key-v1\0';
  if (data.subarray(0, magic.length).toString('latin1') !== magic) return null;
  try {
    let at = magic.length;
    const next = (): Buffer => {
      const length = data.readUInt32BE(at);
      const part = data.subarray(at + 4, at + 4 + length);
      at += 4 + length;
      return part;
    };
    next();
    next();
    next();
    at += 4;
    return next();
  } catch {
    return null;
  }
}

async function publicKeyBeside(filePath: string): Promise<Buffer | null> {
  const text = await readFile(`${filePath}.pub`, 'utf8').catch(() => null);
  const base64 = text?.trim().split(/\s+/)[1];
  return base64 === undefined ? null : Buffer.from(base64, 'base64');
}

export const NEEDS_PASSPHRASE = 'it needs its passphrase';

/** What to do about a key that is locked. */
export const UNLOCK_REMEDY =
  'load it into ssh-agent, give longshore_ssh_private_key_passphrase by reference ({env: NAME} or {file: PATH}), or run on a terminal, where it is asked for';

/** The error for a key file that was asked for by name and cannot be used. */
export function keyFileError(
  { filePath }: PrivateKeyFile,
  reading: Exclude<KeyReading, { kind: 'key' }>,
  host: string,
): LongshoreError {
  if (reading.kind === 'locked') {
    const what = reading.isWrong ? 'another passphrase' : 'its passphrase';
    return new LongshoreError('E_AUTH', `the key file ${filePath} needs ${what}`, {
      host,
      remedy: UNLOCK_REMEDY,
    });
  }
  if (reading.kind === 'public' || !/^E[A-Z]+$/.test(reading.why)) {
    return new LongshoreError('E_AUTH', `the key file ${filePath} is not a private key that this transport can use`, {
      host,
      remedy: 'use an ed25519, ecdsa or rsa key; certificates and security keys (sk-) are not supported',
    });
  }
  return new LongshoreError('E_AUTH', `cannot read the key file ${filePath}: ${reading.why}`, {
    host,
    remedy: 'correct ansible_ssh_private_key_file or --private-key',
  });
}
