import type { Duplex } from 'node:stream';
import type { Client, ServerHostKeyAlgorithm } from 'ssh2';
import ssh2 from 'ssh2';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import { onDeadlineEnd } from './deadline-end.js';
import { HostKeyCheck } from './host-key-check.js';
import { NEEDS_PASSPHRASE, UNLOCK_REMEDY } from './ssh-key-ring.js';
import { authHandler, type AuthPlan, planAuthentication } from './ssh-auth.js';
import type { SshOptions } from './ssh-options.js';
import { openTcpSocket } from './tcp-socket.js';

/** An unanswered keepalive every 10 s, three in a row: then the peer is taken for dead. */
const KEEPALIVE = { intervalMs: 10_000, count: 3 };

/** Connects, checks the host's key, logs in. Errors as `connectSsh` says. */
export async function openSshClient(options: SshOptions, deadline: Deadline): Promise<Client> {
  const { address, port, host, hostKeys } = options;
  const [plan, check] = await Promise.all([
    planAuthentication(options),
    HostKeyCheck.read(hostKeys, address, port, host),
  ]);
  if (plan.methods.length === 0) throw rejected(options, plan);
  const timeoutMs = Math.min(options.connectTimeoutMs, Math.max(1, deadline.remainingMs()));
  const sock = await (options.dial?.(timeoutMs, deadline) ?? openTcp(options, timeoutMs, deadline));
  const client = new ssh2.Client();
  try {
    await login(client, sock, { options, deadline, plan, check, timeoutMs });
  } catch (error) {
    client.destroy();
    sock.destroy();
    throw error;
  }
  await check.remember();
  return client;
}

function openTcp(options: SshOptions, timeoutMs: number, deadline: Deadline): Promise<Duplex> {
  const { host, address, port, addressFamily: family } = options;
  return openTcpSocket({ host, address, port, timeoutMs, ...(family === undefined ? {} : { family }) }, deadline);
}

interface Login {
  readonly options: SshOptions;
  readonly deadline: Deadline;
  readonly plan: AuthPlan;
  readonly check: HostKeyCheck;
  readonly timeoutMs: number;
}

async function login(
  client: Client,
  sock: Duplex,
  { options, deadline, plan, check, timeoutMs }: Login,
): Promise<void> {
  const { host, keepalive = KEEPALIVE } = options;
  let stop: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      stop = onDeadlineEnd(deadline, (error) => {
        reject(error.code === 'E_INTERRUPTED' ? error : unreachable(options, 'the time for this host was up'));
      });
      let isKeyed = false;
      client.once('handshake', () => (isKeyed = true));
      client.once('ready', resolve);
      // it stays for the life of the client: an error event that nobody hears would end the process
      client.on('error', (error: Error & { level?: string }) => {
        // what opened the stream knows more than ssh2 (a ProxyCommand its stderr)
        const why = sock.errored;
        if (why instanceof LongshoreError) reject(check.error ?? why);
        else if (error.level === 'agent') plan.notes.push(`the agent cannot be used (${error.message})`);
        else if (!isKeyed && isDrop(error)) reject(check.error ?? dropped(options));
        else reject(check.error ?? explain(error, options, plan, timeoutMs));
      });
      client.once('close', () => {
        const why = sock.errored;
        const end = why instanceof LongshoreError ? why : unreachable(options, 'it closed the connection before login');
        reject(check.error ?? end);
      });
      client.connect({
        sock,
        username: options.user,
        readyTimeout: timeoutMs,
        keepaliveInterval: keepalive.intervalMs,
        keepaliveCountMax: keepalive.count,
        algorithms: { serverHostKey: [...check.algorithms] as ServerHostKeyAlgorithm[] },
        authHandler: authHandler(plan),
        hostVerifier: (key: Buffer): boolean => check.accepts(key),
      });
    });
  } catch (error) {
    throw error instanceof LongshoreError ? error : unreachable(options, `${host}: ${String(error)}`);
  } finally {
    stop();
  }
}

function explain(
  error: Error & { level?: string },
  options: SshOptions,
  plan: AuthPlan,
  timeoutMs: number,
): LongshoreError {
  // sshd hangs up after MaxAuthTries
  const isRefusal = error.level === 'client-authentication' || /too many authentication failures/i.test(error.message);
  if (isRefusal) return rejected(options, plan);
  return unreachable(
    options,
    error.level === 'client-timeout' ? `no answer in ${Math.ceil(timeoutMs) / 1000} s` : error.message,
  );
}

/** What ssh2 says when the other end closes before the keys are exchanged, and what a socket says. */
function isDrop(error: Error & { code?: string }): boolean {
  return error.message === 'Connection lost before handshake' || error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

function dropped({ address, port, host }: SshOptions): LongshoreError {
  return new LongshoreError('E_UNREACHABLE', `${address} port ${port} closed the connection before login`, {
    host,
    droppedBeforeLogin: true,
    remedy: 'its sshd may be flooded (MaxStartups) or may not take connections from here',
  });
}

function unreachable({ address, port, host }: SshOptions, why: string): LongshoreError {
  return new LongshoreError('E_UNREACHABLE', `cannot speak SSH with ${address} port ${port}: ${why}`, { host });
}

function rejected({ host, user }: SshOptions, { tried, notes }: AuthPlan): LongshoreError {
  const isLocked = tried.length === 0 && notes.some((note) => note.includes(NEEDS_PASSPHRASE));
  const nothing = notes.length === 0 ? ' that it takes: no key file, no agent, no password' : `: ${notes.join(', ')}`;
  return new LongshoreError(
    'E_AUTH',
    tried.length === 0
      ? `nothing to log in to ${host} with${nothing}`
      : `${host} did not accept ${user} with ${[...tried, ...notes].join(', ')}`,
    {
      host,
      remedy: isLocked
        ? UNLOCK_REMEDY
        : 'check ansible_user and the key; `ssh -v` to the same host shows what it accepts. Certificates and security keys (sk-) cannot be used by this transport',
    },
  );
}
