import { expandCommand, expandHostName, expandPath, expandTokens } from './ssh-config-tokens.js';
import { fileNames, isYes, jumpHosts, timeMs, wholeNumber } from './ssh-config-values.js';

/** Keywords in lower case with their values, in the order in which ssh takes them: the form of what `ssh -G` prints. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

/** One host to go through, as `ProxyJump` names it. */
export interface JumpHost {
  readonly user?: string;
  /** looked up in ssh_config in its turn */
  readonly name: string;
  readonly port?: number;
}

/** What ssh_config(5) says about one host, in the words of this transport. Paths are absolute, tokens are expanded. */
export interface SshConfig {
  /** the name that was looked up: what a user would give to ssh */
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  /** null: ssh's default keys */
  readonly identityFiles: readonly string[] | null;
  /** certificates are for the system's ssh: ssh2 cannot use them */
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** path of the agent's socket; null: no agent; absent: SSH_AUTH_SOCK */
  readonly identityAgent?: string | null;
  /** null: ssh's own places */
  readonly userKnownHostsFiles: readonly string[] | null;
  readonly globalKnownHostsFiles: readonly string[] | null;
  readonly strictHostKeyChecking: 'yes' | 'accept-new' | 'no' | 'ask';
  readonly hostKeyAlias?: string;
  readonly connectTimeoutMs?: number;
  readonly serverAliveIntervalMs?: number;
  readonly serverAliveCountMax: number;
  /** in the order of travel; empty: directly */
  readonly proxyJump: readonly JumpHost[];
  /** tokens are expanded */
  readonly proxyCommand?: string;
  readonly addressFamily: 'any' | 'inet' | 'inet6';
  /** everything that was said, honoured here or not */
  readonly settings: SshSettings;
  /** the arguments behind it, for a transport that runs the system's ssh: `-F FILE` and the user's own options */
  readonly sshArguments: readonly string[];
}

/** What the reading of settings takes from its surroundings. */
export interface SshConfigContext {
  readonly name: string;
  readonly home: string;
  /** who runs this, for a host without User */
  readonly localUser: string;
  readonly localUserId: number;
  readonly localHostName: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** as `SshConfig.sshArguments` */
  readonly sshArguments: readonly string[];
  /** what is said with more weight than ssh_config, so that tokens get it */
  readonly port?: number;
  readonly user?: string;
}

/** ssh's default keys, as -G lists them when nobody names others. */
const DEFAULT_KEY = /^~\/\.ssh\/id_(?:rsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss|dsa)$/;

/**
 * Reads settings, wherever they come from. What is absent gets ssh's default; a value that is not understood counts as absent. Throws
 * `E_UNREACHABLE` for a ProxyJump or ProxyCommand that cannot be used.
 */
export function readSettings(settings: SshSettings, context: SshConfigContext): SshConfig {
  const { name, home, env } = context;
  const first = (keyword: string): string | undefined => settings.get(keyword)?.[0];
  const port = context.port ?? wholeNumber(first('port')) ?? 22;
  const user = context.user ?? first('user') ?? context.localUser;
  const hostKeyAlias = first('hostkeyalias');
  const hostName = expandHostName(first('hostname') ?? name.toLowerCase(), name);
  const tokens = { ...context, hostName, port, user, hostKeyAlias };
  const filePath = (text: string): string => expandPath(expandTokens(text, tokens), home, env);
  const paths = (keyword: string): readonly string[] =>
    (settings.get(keyword) ?? []).filter((text) => text !== 'none').map(filePath);
  const knownHosts = (keyword: string): readonly string[] | null => {
    const line = first(keyword);
    return line === undefined ? null : fileNames(line).map(filePath);
  };
  const identities = settings.get('identityfile') ?? [];
  const agent = first('identityagent');
  const command = first('proxycommand');
  const hasCommand = command !== undefined && command.toLowerCase() !== 'none';
  const aliveMs = timeMs(first('serveraliveinterval'));
  const connectMs = timeMs(first('connecttimeout'));
  return {
    name,
    hostName,
    port,
    user,
    identityFiles: identities.every((text) => DEFAULT_KEY.test(text)) ? null : paths('identityfile'),
    certificateFiles: paths('certificatefile'),
    identitiesOnly: isYes(first('identitiesonly')),
    ...(agent === undefined || agent === 'SSH_AUTH_SOCK' ? {} : { identityAgent: agentSocket(agent, filePath, env) }),
    userKnownHostsFiles: knownHosts('userknownhostsfile'),
    globalKnownHostsFiles: knownHosts('globalknownhostsfile'),
    strictHostKeyChecking: CHECKING[first('stricthostkeychecking')?.toLowerCase() ?? ''] ?? 'ask',
    ...(hostKeyAlias === undefined ? {} : { hostKeyAlias }),
    ...(connectMs === undefined ? {} : { connectTimeoutMs: connectMs }),
    ...(aliveMs === undefined ? {} : { serverAliveIntervalMs: aliveMs }),
    serverAliveCountMax: wholeNumber(first('serveralivecountmax')) ?? 3,
    proxyJump: hasCommand ? [] : jumpHosts(first('proxyjump')),
    ...(hasCommand ? { proxyCommand: expandCommand(command, tokens) } : {}),
    addressFamily: FAMILIES[first('addressfamily')?.toLowerCase() ?? ''] ?? 'any',
    settings,
    sshArguments: context.sshArguments,
  };
}

const CHECKING: Readonly<Record<string, SshConfig['strictHostKeyChecking']>> = {
  yes: 'yes',
  true: 'yes',
  'accept-new': 'accept-new',
  no: 'no',
  off: 'no',
  false: 'no',
};

const FAMILIES: Readonly<Record<string, SshConfig['addressFamily']>> = { inet: 'inet', inet6: 'inet6' };

function agentSocket(text: string, filePath: (text: string) => string, env: SshConfigContext['env']): string | null {
  if (text === 'none') return null;
  const variable = /^\$(\w+)$/.exec(text)?.[1];
  return variable === undefined ? filePath(text) : (env[variable] ?? null);
}
