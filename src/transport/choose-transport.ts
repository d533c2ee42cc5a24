import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import type { LocalSshFacts } from './choose-transport-facts.js';
import type { Executor } from './executor.js';
import { knownHostName } from './known-hosts.js';
import { connectSsh } from './ssh-connection.js';
import type { SshOptions } from './ssh-options.js';
import { connectSystemSsh } from './system-ssh-connection.js';
import type { SystemSshOptions } from './system-ssh-options.js';
import type { TransportChoice } from './transport-choice.js';

/** What ssh2 1.17 offers when it is not told otherwise. A test compares it with ssh2. */
export const SSH2_ALGORITHMS = {
  kexalgorithms: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group15-sha512',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group17-sha512',
    'diffie-hellman-group18-sha512',
  ],
  hostkeyalgorithms: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
  ciphers: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  macs: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1',
  ],
} as const;

/** What ssh_config says of a host, as far as it decides the transport: keywords in lower case, as `ssh -G` prints them. */
export type ConfigWords = ReadonlyMap<string, readonly string[]>;

export interface TransportQuestion {
  /** the way by ssh2 */
  readonly ssh2: SshOptions;
  readonly config: ConfigWords;
  /** certificates that are configured, absolute */
  readonly certificateFiles: readonly string[];
  /** key files that ssh would try, ssh2's and others; absolute */
  readonly keyFiles: readonly string[];
}

/** Why ssh2 cannot do what the configuration asks, in words for the log; null when nothing says so. */
export async function whySystemSsh(question: TransportQuestion, facts: LocalSshFacts): Promise<string | null> {
  return (
    algorithmReason(question.config) ??
    (await certificateReason(question, facts)) ??
    (await securityKeyReason(question, facts)) ??
    (await otherWayReason(question, facts)) ??
    (await hostCertificateReason(question, facts))
  );
}

/** A list in ssh_config that leaves nothing which ssh2 speaks. `+`, `-` and `^` change ssh's own list, of which always something is left. */
function algorithmReason(config: ConfigWords): string | null {
  for (const [keyword, known] of Object.entries(SSH2_ALGORITHMS)) {
    const list = config.get(keyword)?.[0];
    if (list === undefined || /^[+^-]/.test(list)) continue;
    const wanted = list.split(',');
    if (wanted.some((name) => /[*?!]/.test(name) || (known as readonly string[]).includes(name))) continue;
    return `ssh_config restricts ${NAMES[keyword] ?? keyword} to ${wanted.slice(0, 3).join(', ')}, which ssh2 does not speak`;
  }
  return null;
}

const NAMES: Readonly<Record<string, string>> = {
  kexalgorithms: 'KexAlgorithms',
  hostkeyalgorithms: 'HostKeyAlgorithms',
  ciphers: 'Ciphers',
  macs: 'MACs',
};

async function certificateReason(question: TransportQuestion, facts: LocalSshFacts): Promise<string | null> {
  const { certificateFiles, keyFiles, ssh2 } = question;
  for (const filePath of [...certificateFiles, ...keyFiles.map((key) => `${key}-cert.pub`)]) {
    if (await facts.exists(filePath)) return `there is the certificate ${filePath}, which ssh2 cannot use`;
  }
  if (ssh2.agent === undefined) return null;
  const kinds = await facts.agentKinds(ssh2.agent);
  return kinds.includes('certificate') ? 'the agent holds a certificate, which ssh2 cannot use' : null;
}

/** Only when there is no other key: a host mostly takes those as well. */
async function securityKeyReason({ keyFiles, ssh2 }: TransportQuestion, facts: LocalSshFacts): Promise<string | null> {
  const files = await Promise.all(keyFiles.map((filePath) => facts.keyKind(filePath)));
  const agent = ssh2.agent === undefined ? [] : await facts.agentKinds(ssh2.agent);
  const kinds = [...files, ...agent];
  if (!kinds.includes('security key') || kinds.includes('plain') || ssh2.password !== undefined) return null;
  return 'the only keys are security keys (sk-), which ssh2 cannot use';
}

async function otherWayReason({ config }: TransportQuestion, facts: LocalSshFacts): Promise<string | null> {
  const provider = config.get('pkcs11provider')?.[0];
  if (provider !== undefined && provider !== 'none') return 'ssh_config has PKCS11Provider, which ssh2 cannot use';
  const wantsGssapi = /^yes$/i.test(config.get('gssapiauthentication')?.[0] ?? '');
  if (!wantsGssapi || !(await facts.hasTicket())) return null;
  return 'GSSAPIAuthentication is on and there is a Kerberos ticket, which ssh2 cannot use';
}

async function hostCertificateReason({ ssh2 }: TransportQuestion, facts: LocalSshFacts): Promise<string | null> {
  const { hostKeys, address, port } = ssh2;
  const known = await facts.knownHosts(hostKeys.files);
  const entries = known.of(hostKeys.alias ?? knownHostName(address, port));
  const authority = entries.find(({ marker }) => marker === '@cert-authority');
  if (authority === undefined || entries.some(({ marker }) => marker === '')) return null;
  return `the host is known by a certificate authority only (${authority.filePath}:${authority.line}), which ssh2 cannot check`;
}

export interface TransportPlan extends TransportQuestion {
  readonly transport: TransportChoice;
  /** the way by the system's ssh; made only when it is taken */
  readonly systemSsh: () => Promise<SystemSshOptions>;
  /** told when `auto` takes the system's ssh */
  readonly onSystemSsh: (reason: string) => void;
}

/**
 * Connects by the transport that is asked for. `auto` takes ssh2, and the system's ssh when ssh2 cannot do what the configuration asks, or when it turns out in
 * the handshake that it has no algorithm in common with the host. Errors as `connectSsh`.
 */
export async function connectByChoice(
  plan: TransportPlan,
  deadline: Deadline,
  facts: LocalSshFacts,
): Promise<Executor> {
  if (plan.transport === 'ssh2') return connectSsh(plan.ssh2, deadline);
  if (plan.transport === 'openssh') return connectSystemSsh(await plan.systemSsh(), deadline);
  const reason = await whySystemSsh(plan, facts);
  if (reason !== null) {
    plan.onSystemSsh(reason);
    return connectSystemSsh(await plan.systemSsh(), deadline);
  }
  try {
    return await connectSsh(plan.ssh2, deadline);
  } catch (error) {
    const missing = error instanceof LongshoreError ? /no matching [a-z0-9 ()>-]+/i.exec(error.message)?.[0] : null;
    if (missing === null || missing === undefined) throw error;
    // nothing was tried to log in with yet
    plan.onSystemSsh(`ssh2 and the host did not agree: ${missing.trim()}`);
    return connectSystemSsh(await plan.systemSsh(), deadline);
  }
}
