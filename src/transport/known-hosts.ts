import { createHash, createHmac } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';

/** One usable line of a known_hosts file. */
export interface KnownHost {
  readonly filePath: string;
  readonly line: number;
  readonly marker: '' | '@revoked' | '@cert-authority';
  /** the first field: names and patterns by commas, or one hashed name */
  readonly names: string;
  readonly keyType: string;
  readonly key: string;
}

export interface HostKeyPolicy {
  /** in the order in which ssh reads them */
  readonly files: readonly string[];
  /** accept-new trusts a host that no file names yet, and adds it to the first file; a changed key is always refused */
  readonly mode: 'strict' | 'accept-new';
}

/** Lines of a known_hosts file that have the form of one (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT); others are passed over, as ssh does. */
export function parseKnownHosts(text: string, filePath: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index): KnownHost[] => {
    const words = line.trim().split(/\s+/);
    const marker = words[0] === '@revoked' || words[0] === '@cert-authority' ? words[0] : '';
    const [names, keyType, key] = marker === '' ? words : words.slice(1);
    if (names === undefined || names.startsWith('#') || keyType === undefined || key === undefined) return [];
    return [{ filePath, line: index + 1, marker, names, keyType, key }];
  });
}

/** All files, in order; one that does not exist holds nothing. */
export async function readKnownHosts(files: readonly string[]): Promise<readonly KnownHost[]> {
  const texts = await Promise.all(
    files.map(async (filePath) => {
      try {
        return parseKnownHosts(await readFile(filePath, 'utf8'), filePath);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw new LongshoreError('E_HOST_KEY', `cannot read ${filePath}: ${(error as Error).message}`);
      }
    }),
  );
  return texts.flat();
}

/** The name under which ssh keeps a host: with brackets and port unless the port is 22. */
export function knownHostName(address: string, port: number): string {
  const lower = address.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

/** The entries that speak of a host. */
export function entriesFor(entries: readonly KnownHost[], name: string): readonly KnownHost[] {
  return entries.filter((entry) =>
    entry.names.startsWith('|1|') ? matchesHash(entry.names, name) : matchesNames(entry.names, name),
  );
}

function matchesHash(field: string, name: string): boolean {
  const [, , salt = '', hash = ''] = field.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** A comma list of patterns; a negated one that fits takes the whole line out. */
function matchesNames(field: string, name: string): boolean {
  let found = false;
  for (const pattern of field.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!');
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

export type HostKeyFinding =
  { readonly kind: 'known' } | { readonly kind: 'new' } | { readonly kind: 'bad'; readonly error: LongshoreError };

/** What the files say of a key that a host has shown. `key` is the SSH wire form. */
export function judgeHostKey(entries: readonly KnownHost[], name: string, key: Buffer): HostKeyFinding {
  const own = entriesFor(entries, name).filter((entry) => entry.marker !== '@cert-authority');
  const base64 = key.toString('base64');
  const revoked = own.find((entry) => entry.marker === '@revoked' && entry.key === base64);
  if (revoked !== undefined) {
    return bad(
      `the key of ${name} is revoked (${revoked.filePath}:${revoked.line}): ${fingerprint(key)}`,
      'do not connect; ask who runs the host',
    );
  }
  const valid = own.filter((entry) => entry.marker === '');
  if (valid.some((entry) => entry.key === base64)) return { kind: 'known' };
  const type = keyTypeOf(key);
  const [other] = [...valid.filter((entry) => entry.keyType === type), ...valid];
  if (other === undefined) return { kind: 'new' };
  return bad(
    `the key of ${name} is not the one in ${other.filePath}:${other.line}: it shows ${type} ${fingerprint(key)}, known is ${other.keyType} ${fingerprint(Buffer.from(other.key, 'base64'))}`,
    'somebody may be between you and the host, or it was installed anew: compare the fingerprint on its console, then correct that line',
  );
}

/** A host that no file names, where that is not allowed. */
export function unknownHostKey(name: string, key: Buffer, files: readonly string[]): LongshoreError {
  return new LongshoreError(
    'E_HOST_KEY',
    `no known_hosts file names ${name}, which shows ${keyTypeOf(key)} ${fingerprint(key)}`,
    {
      remedy: `compare the fingerprint on its console, then add the key to ${files[0] ?? '~/.ssh/known_hosts'}, or use --accept-new-host-keys`,
    },
  );
}

function bad(message: string, remedy: string): HostKeyFinding {
  return { kind: 'bad', error: new LongshoreError('E_HOST_KEY', message, { remedy }) };
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The algorithm name that a key in wire form begins with. */
export function keyTypeOf(key: Buffer): string {
  return key.length < 4 ? '' : key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** Adds a host to a file, making it (0600) if need be. */
export async function rememberHost(filePath: string, name: string, key: Buffer): Promise<void> {
  await mkdir(path.dirname(filePath), { recursive: true, mode: 0o700 });
  await appendFile(filePath, `${name} ${keyTypeOf(key)} ${key.toString('base64')}\n`, { mode: 0o600 });
}

/** All host key algorithms that ssh2 1.17 speaks, best first. */
const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** Those that the files have a key for come first, in file order, so that a host with several keys shows the known one. */
export function hostKeyAlgorithms(entries: readonly KnownHost[], name: string): readonly string[] {
  const known = entriesFor(entries, name)
    .filter((entry) => entry.marker === '')
    .flatMap((entry) => (entry.keyType === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [entry.keyType]))
    .filter((algorithm) => ALGORITHMS.includes(algorithm));
  return [...new Set([...known, ...ALGORITHMS])];
}
