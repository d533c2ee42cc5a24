import { LongshoreError } from '../errors/longshore-error.js';
import {
  fingerprint,
  type HostKeyPolicy,
  type KnownHost,
  type KnownHosts,
  keyTypeOf,
  knownHostName,
  readKnownHosts,
  rememberHost,
} from './known-hosts.js';

/** All host key algorithms that ssh2 1.17 speaks, best first. */
const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** The check of one host's key: what the files say of it, and what came of it. */
export class HostKeyCheck {
  readonly #policy: HostKeyPolicy;
  readonly #name: string;
  readonly #host: string;
  readonly #entries: readonly KnownHost[];
  /** entries for the address without its port; a key that is there is known, but its absence says nothing */
  readonly #portless: readonly KnownHost[];
  #newKey: Buffer | null = null;
  /** why the key was refused */
  error: LongshoreError | null = null;

  private constructor(policy: HostKeyPolicy, all: KnownHosts, address: string, port: number, host: string) {
    this.#policy = policy;
    this.#name = policy.alias?.toLowerCase() ?? knownHostName(address, port);
    this.#host = host;
    this.#entries = all.of(this.#name).filter((entry) => entry.marker !== '@cert-authority');
    this.#portless = port === 22 || policy.alias !== undefined ? [] : all.of(knownHostName(address, 22));
  }

  /** Reads the files. Rejects with `E_HOST_KEY` when one is there but cannot be read. */
  static async read(policy: HostKeyPolicy, address: string, port: number, host: string): Promise<HostKeyCheck> {
    const all = await (policy.memory?.read(policy.files) ?? readKnownHosts(policy.files));
    return new HostKeyCheck(policy, all, address, port, host);
  }

  /** Those that the files have a key for come first, in file order, so that a host with several keys shows the known one. */
  get algorithms(): readonly string[] {
    const known = [...this.#entries, ...this.#portless]
      .filter((entry) => entry.marker === '')
      .flatMap((entry) => (entry.keyType === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [entry.keyType]))
      .filter((algorithm) => ALGORITHMS.includes(algorithm));
    return [...new Set([...known, ...ALGORITHMS])];
  }

  /** Judges the key that the host shows (in SSH's wire form). */
  accepts(key: Buffer): boolean {
    this.error = this.#judge(key);
    return this.error === null;
  }

  /** Writes a key that was accepted as new to the first file, so that it is known from now on. */
  async remember(): Promise<void> {
    const { files, addTo = files[0] ?? null, memory } = this.#policy;
    if (this.#newKey === null || addTo === null) return;
    await rememberHost(addTo, this.#name, this.#newKey);
    memory?.forget();
  }

  #judge(key: Buffer): LongshoreError | null {
    const base64 = key.toString('base64');
    const shown = `${keyTypeOf(key)} ${fingerprint(key)}`;
    const same = [...this.#entries, ...this.#portless].filter((entry) => entry.key === base64);
    const revoked = same.find((entry) => entry.marker === '@revoked');
    if (revoked !== undefined) {
      return this.#refusal(
        `the key that ${this.#name} shows, ${shown}, is revoked by ${revoked.filePath}:${revoked.line}`,
        'do not connect; ask who runs the host',
      );
    }
    if (same.some((entry) => entry.marker === '')) return null;
    const valid = this.#entries.filter((entry) => entry.marker === '');
    const other = valid.find((entry) => entry.keyType === keyTypeOf(key)) ?? valid[0];
    if (other !== undefined) {
      const known = `${other.keyType} ${fingerprint(Buffer.from(other.key, 'base64'))}`;
      return this.#refusal(
        `${this.#name} shows the key ${shown}, but ${other.filePath}:${other.line} says ${known}`,
        'somebody may be between you and the host, or it was installed anew: compare the fingerprint on its console, then correct that line',
      );
    }
    if (this.#policy.mode === 'strict') {
      return this.#refusal(
        `no known_hosts file names ${this.#name}, which shows the key ${shown}`,
        `compare the fingerprint on its console, then add the key to ${this.#policy.files[0] ?? '~/.ssh/known_hosts'}, or use --accept-new-host-keys`,
      );
    }
    this.#newKey = Buffer.from(key);
    return null;
  }

  #refusal(message: string, remedy: string): LongshoreError {
    return new LongshoreError('E_HOST_KEY', message, { host: this.#host, remedy });
  }
}
