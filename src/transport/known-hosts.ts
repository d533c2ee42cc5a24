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
  /** where a new host is added; default the first of `files`; null: nowhere */
  readonly addTo?: string | null;
  /** the name to look for instead of address and port (HostKeyAlias) */
  readonly alias?: string;
  /** what this run has read already; absent: the files are read for this connection */
  readonly memory?: KnownHostsMemory;
}

/** Lines of a known_hosts file that have the form of one (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT); others are passed over, as ssh does. */
export function parseKnownHosts(text: string, filePath: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index): KnownHost[] => {
    const words = line.trim().split(/\s+/);
    const marker = words[0] === '@revoked' || words[0] === '@cert-authority' ? words[0] : '';
    const [names, keyType, key] = marker === '' ? words : words.slice(1);
    if (names === undefined || /^[#@]/.test(names) || keyType === undefined || key === undefined) return [];
    return [{ filePath, line: index + 1, marker, names, keyType, key }];
  });
}

/** All files, in order; one that does not exist holds nothing. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHosts> {
  const texts = await Promise.all(
    files.map(async (filePath) => {
      try {
        return parseKnownHosts(await readFile(filePath, 'utf8'), filePath);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : '';
        if (code === 'ENOENT' || code === 'ENOTDIR') return [];
        throw new LongshoreError('E_HOST_KEY', `cannot read ${filePath}: ${(error as Error).message}`);
      }
    }),
  );
  return new KnownHosts(texts.flat());
}

/**
 * Entries of known_hosts files by the names that they speak of: a fleet's file has thousands of lines, and each connection asks for one host. Only hashed
 * names, patterns and negations have to be tried one by one.
 */
export class KnownHosts {
  readonly #named = new Map<string, KnownHost[]>();
  readonly #tried: KnownHost[] = [];
  /** the place of each entry in the files */
  readonly #places = new Map<KnownHost, number>();

  constructor(entries: readonly KnownHost[]) {
    for (const entry of entries) {
      this.#places.set(entry, this.#places.size);
      if (/^\|1\||[*?!]/.test(entry.names)) this.#tried.push(entry);
      else for (const name of new Set(entry.names.toLowerCase().split(','))) this.#add(name, entry);
    }
  }

  /** The entries that speak of a host, in the order of the files. */
  of(name: string): readonly KnownHost[] {
    const tried = this.#tried.filter(({ names }) =>
      names.startsWith('|1|') ? matchesHash(names, name) : matchesNames(names, name),
    );
    const found = [...(this.#named.get(name) ?? []), ...tried];
    return found.sort((a, b) => (this.#places.get(a) ?? 0) - (this.#places.get(b) ?? 0));
  }

  #add(name: string, entry: KnownHost): void {
    const entries = this.#named.get(name);
    if (entries === undefined) this.#named.set(name, [entry]);
    else entries.push(entry);
  }
}

/** Reads files once for many connections: thousands of lines take longer to read than a login. */
export class KnownHostsMemory {
  readonly #read = new Map<string, Promise<KnownHosts>>();

  read(files: readonly string[]): Promise<KnownHosts> {
    const key = JSON.stringify(files);
    const entries = this.#read.get(key) ?? readKnownHosts(files);
    this.#read.set(key, entries);
    return entries;
  }

  /** To be called when a file was written: a host that was added is held to its key from now on. */
  forget(): void {
    this.#read.clear();
  }
}

/** The name under which ssh keeps a host: with brackets and port unless the port is 22. */
export function knownHostName(address: string, port: number): string {
  const lower = address.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
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

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The algorithm name that a key in wire form begins with. */
export function keyTypeOf(key: Buffer): string {
  return key.length < 4 ? '' : key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** Adds a host to a file, making it (0600) if need be. One write, so that many hosts may be added at once. */
export async function rememberHost(filePath: string, name: string, key: Buffer): Promise<void> {
  const line = `${name} ${keyTypeOf(key)} ${key.toString('base64')}\n`;
  try {
    await mkdir(path.dirname(filePath), { recursive: true, mode: 0o700 });
    await appendFile(filePath, (await endsInLine(filePath)) ? `\n${line}` : line, { mode: 0o600 });
  } catch (error) {
    throw new LongshoreError('E_HOST_KEY', `cannot add ${name} to ${filePath}: ${(error as Error).message}`);
  }
}

/** Whether a file ends in the middle of a line. */
async function endsInLine(filePath: string): Promise<boolean> {
  const text = await readFile(filePath, 'utf8').catch(() => '');
  return text !== '' && !text.endsWith('\n');
}
