import type { IdentityCallback, KnownPublicKeys, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import ssh2 from 'ssh2';

const { BaseAgent, createAgent } = ssh2;

/** The public keys that an agent has, in wire form; none when it does not answer. */
export function agentKeys(socketPath: string): Promise<readonly Buffer[]> {
  return new Promise((resolve) => {
    createAgent(socketPath).getIdentities((error, keys) =>
      resolve(error === undefined || error === null ? parsedKeys(keys).map((key) => key.getPublicSSH()) : []),
    );
  });
}

/**
 * An agent whose keys come in a better order: those that the configuration names first, as sshd counts tries; with `only`, no others
 * (IdentitiesOnly).
 */
export class OrderedAgent extends BaseAgent<ParsedKey> {
  readonly #agent: ReturnType<typeof createAgent>;
  readonly #named: readonly Buffer[];
  readonly #only: boolean;

  constructor(socketPath: string, named: readonly Buffer[], only: boolean) {
    super();
    this.#agent = createAgent(socketPath);
    this.#named = named;
    this.#only = only;
  }

  getIdentities(callback: IdentityCallback<ParsedKey>): void {
    this.#agent.getIdentities((error, keys) => {
      if (error !== undefined && error !== null) {
        callback(error);
        return;
      }
      const isNamed = (key: ParsedKey): boolean => hasKey(this.#named, key.getPublicSSH());
      const all = parsedKeys(keys);
      callback(null, [...all.filter(isNamed), ...(this.#only ? [] : all.filter((key) => !isNamed(key)))]);
    });
  }

  sign(key: ParsedKey, data: Buffer, options: SigningRequestOptions | SignCallback, callback?: SignCallback): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, callback);
  }
}

export function hasKey(keys: readonly Buffer[], wanted: Buffer): boolean {
  return keys.some((key) => key.equals(wanted));
}

/** ssh2's agent parses its keys, and leaves out those it does not know (certificates, security keys). */
function parsedKeys(keys: KnownPublicKeys | undefined): readonly ParsedKey[] {
  return (keys ?? []).filter((key): key is ParsedKey => typeof key === 'object' && 'getPublicSSH' in key);
}
