import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Secret } from '../secrets/secret.js';
import { JumpPool, type JumpTarget } from './jump-pool.js';
import { type HostKeyPolicy, KnownHostsMemory } from './known-hosts.js';
import { openProxyCommand } from './proxy-command.js';
import type { JumpHost, SshConfig } from './ssh-config.js';
import { readSshArguments } from './ssh-config-arguments.js';
import { type SshConfigQuery, SshConfigResolver, type SshConfigSource } from './ssh-config-resolver.js';
import { type AskPassphrase, KeyRing } from './ssh-key-ring.js';
import type { Become, Dial, PrivateKeyFile, SshOptions } from './ssh-options.js';

/** A host to reach, with what comes before ssh_config: the command line and the inventory. */
export interface SshRequest {
  /** the inventory's name, for messages */
  readonly host: string;
  /** what would be given to ssh, and is looked up in ssh_config */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly privateKeyFile?: string;
  readonly passphrase?: Secret;
  /** for the host alone: no jump host ever gets it */
  readonly password?: Secret;
  /** as for ssh(1): ansible_ssh_common_args */
  readonly arguments: readonly string[];
  readonly become: Become;
}

/** What holds for all hosts of a run, jump hosts too. */
export interface SshRunOptions {
  readonly config: SshConfigSource;
  /** instead of all known_hosts files that ssh_config names */
  readonly knownHostsFile?: string;
  readonly acceptNewHostKeys: boolean;
  /** comes before ConnectTimeout */
  readonly connectTimeoutMs?: number;
  readonly askPassphrase?: AskPassphrase;
  /** what the operator should know of; each text once */
  readonly onNotice?: (text: string) => void;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** More are a loop, or nobody's network. */
const MAX_HOPS = 8;

/** As ssh tries them; ssh2 can use no sk- and no DSA keys. */
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'] as const;

/** The ways to the hosts of a run: what ssh_config says of each, the jump hosts that they share, the keys. Close it at the end. */
export class SshRoutes {
  readonly #run: SshRunOptions;
  readonly #resolver: SshConfigResolver;
  readonly #keyRing: KeyRing;
  readonly #knownHosts = new KnownHostsMemory();
  readonly #jumps = new JumpPool();
  readonly #notices = new Set<string>();

  constructor(run: SshRunOptions) {
    this.#run = run;
    this.#resolver = new SshConfigResolver(run.config);
    this.#keyRing = new KeyRing(run.askPassphrase);
  }

  /** What ssh_config, the inventory and the command line together say of a host. Rejects with `E_UNREACHABLE` when it cannot be read. */
  resolve({ address, port, user, arguments: words }: SshRequest): Promise<SshConfig> {
    return this.#resolver.resolve(query(address, { port, user }, words));
  }

  /** All that `connectSsh` needs. Opens no connection yet. Rejects as `resolve` does. */
  async options(request: SshRequest): Promise<SshOptions> {
    const { host, privateKeyFile, passphrase, password } = request;
    const config = await this.resolve(request);
    const secret = passphrase === undefined ? {} : { passphrase };
    const options = {
      ...this.#base(host, config),
      privateKeys:
        privateKeyFile === undefined
          ? this.#keyFiles(config).map((file) => ({ ...file, ...secret }))
          : [{ filePath: privateKeyFile, ...secret }],
      ...(password === undefined ? {} : { password }),
      become: request.become,
    };
    const { configFile } = readSshArguments(request.arguments, host);
    // as ssh: a jump host gets the file that was chosen, and no other option
    const words = configFile === null ? [] : ['-F', configFile];
    const dial = await this.#dial(host, config, words, [nodeName(config)]);
    return dial === null ? options : { ...options, dial };
  }

  close(): Promise<void> {
    return this.#jumps.close();
  }

  async #dial(
    host: string,
    config: SshConfig,
    words: readonly string[],
    seen: readonly string[],
  ): Promise<Dial | null> {
    const { proxyCommand, proxyJump, hostName: address, port } = config;
    if (proxyCommand !== undefined) return () => Promise.resolve(openProxyCommand({ host, command: proxyCommand }));
    const jump = await this.#chain(proxyJump, words, seen, host);
    if (jump === null) return null;
    return (timeoutMs, deadline) => this.#jumps.open(jump, { host, address, port, timeoutMs }, deadline);
  }

  /** The last of the hops: it is reached through the one before, and the first one as its own configuration says. */
  async #chain(
    hops: readonly JumpHost[],
    words: readonly string[],
    seen: readonly string[],
    host: string,
  ): Promise<JumpTarget | null> {
    const hop = hops.at(-1);
    if (hop === undefined) return null;
    const found = await this.#resolver.resolve(query(hop.name, hop, words));
    const node = nodeName(found);
    if (seen.includes(node) || seen.length > MAX_HOPS) {
      const way = [...seen, node].join(' by ');
      throw new LongshoreError('E_UNREACHABLE', `ProxyJump goes in a circle: ${way}`, {
        host,
        remedy: 'except the jump host from the Host pattern that names it: `Host *.example.com !bastion.example.com`',
      });
    }
    const before = hops.slice(0, -1);
    const config = before.length === 0 ? found : directly(found, before);
    const dial = await this.#dial(hop.name, config, words, [...seen, node]);
    const base = { ...this.#base(hop.name, config), privateKeys: this.#keyFiles(config) };
    const options: SshOptions = { ...base, become: { method: 'none' }, ...(dial === null ? {} : { dial }) };
    const label = hop.user === undefined ? hop.name : `${hop.user}@${hop.name}`;
    return { key: JSON.stringify([node, config.proxyJump, config.proxyCommand, words]), label, options };
  }

  #base(host: string, config: SshConfig): Omit<SshOptions, 'privateKeys' | 'become'> {
    const { identityAgent = this.#run.config.env['SSH_AUTH_SOCK'] ?? null, serverAliveIntervalMs: intervalMs } = config;
    return {
      host,
      address: config.hostName,
      port: config.port,
      user: config.user,
      ...(identityAgent === null || identityAgent === '' ? {} : { agent: identityAgent }),
      ...(config.identitiesOnly ? { identitiesOnly: true } : {}),
      keyRing: this.#keyRing,
      hostKeys: this.#hostKeys(host, config),
      connectTimeoutMs: this.#run.connectTimeoutMs ?? config.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      ...(intervalMs === undefined ? {} : { keepalive: { intervalMs, count: config.serverAliveCountMax } }),
      ...(config.addressFamily === 'any' ? {} : { addressFamily: config.addressFamily === 'inet' ? 4 : 6 }),
    };
  }

  #keyFiles({ identityFiles }: SshConfig): readonly PrivateKeyFile[] {
    if (identityFiles !== null) return identityFiles.map((filePath) => ({ filePath, optional: true }));
    const directory = path.join(this.#run.config.home, '.ssh');
    return DEFAULT_KEYS.map((name) => ({ filePath: path.join(directory, name), optional: true, isDefault: true }));
  }

  #hostKeys(host: string, config: SshConfig): HostKeyPolicy {
    const { knownHostsFile, acceptNewHostKeys } = this.#run;
    const { hostKeyAlias: alias, strictHostKeyChecking: checking } = config;
    if (checking === 'no' && !acceptNewHostKeys) {
      this.#notice(
        `StrictHostKeyChecking=no (${host}) is not honoured: host keys are always verified. Add the keys to known_hosts, or use --accept-new-host-keys`,
      );
    }
    const directory = path.join(this.#run.config.home, '.ssh');
    const user =
      config.userKnownHostsFiles ?? ['known_hosts', 'known_hosts2'].map((name) => path.join(directory, name));
    const global = config.globalKnownHostsFiles ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
    return {
      files: knownHostsFile === undefined ? [...user, ...global] : [knownHostsFile],
      addTo: knownHostsFile ?? user[0] ?? null,
      mode: acceptNewHostKeys || checking === 'accept-new' ? 'accept-new' : 'strict',
      ...(alias === undefined ? {} : { alias }),
      memory: this.#knownHosts,
    };
  }

  #notice(text: string): void {
    const [subject = ''] = text.split(' ');
    if (this.#notices.has(subject)) return;
    this.#notices.add(subject);
    this.#run.onNotice?.(text);
  }
}

function query(
  name: string,
  { port, user }: { readonly port?: number | undefined; readonly user?: string | undefined },
  words: readonly string[],
): SshConfigQuery {
  return {
    name,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    arguments: words,
  };
}

/** The way that the hops before it make, instead of its own: what `-J` on ssh's command line does. */
function directly({ proxyCommand: _own, ...config }: SshConfig, hops: readonly JumpHost[]): SshConfig {
  return { ...config, proxyJump: hops };
}

function nodeName({ user, name, hostName, port }: SshConfig): string {
  return `${user}@${name === hostName ? name : `${name} (${hostName})`}:${port}`;
}
