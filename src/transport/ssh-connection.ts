import type { Client, ClientChannel } from 'ssh2';
import ssh2 from 'ssh2';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import { becomeCommand, startLane } from './become.js';
import type { Executor } from './executor.js';
import {
  hostKeyAlgorithms,
  judgeHostKey,
  knownHostName,
  readKnownHosts,
  rememberHost,
  unknownHostKey,
} from './known-hosts.js';
import type { Lane, LaneTraffic } from './lane.js';
import { LaneExecutor } from './lane-executor.js';
import { authHandler, type AuthPlan, planAuthentication } from './ssh-auth.js';
import type { SshOptions } from './ssh-options.js';
import { openTcpSocket } from './tcp-socket.js';

/** An unanswered keepalive every 10 s, three in a row: then the peer is taken for dead. */
const KEEPALIVE_INTERVAL_MS = 10_000;
const KEEPALIVE_COUNT = 3;

/**
 * Connects to a host by ssh2 and opens its first lane.
 *
 * Rejects with E_UNREACHABLE, E_HOST_KEY, E_AUTH, E_BECOME or E_LANE; the message never holds a secret.
 */
export async function connectSsh(options: SshOptions, deadline: Deadline): Promise<Executor> {
  const began = performance.now();
  const traffic: LaneTraffic = { bytesIn: 0, bytesOut: 0, processes: 0 };
  const client = await openClient(options, deadline);
  const lanes: Lane[] = [];
  const source = {
    traffic,
    connectMs: 0,
    async open(): Promise<Lane> {
      const lane = await openLane(client, options, traffic);
      lanes.push(lane);
      return lane;
    },
    close(): Promise<void> {
      for (const lane of lanes) lane.end();
      return endClient(client);
    },
  };
  const executor = new LaneExecutor(options.host, source);
  try {
    await executor.firstLane();
  } catch (error) {
    await executor.close();
    throw error;
  }
  source.connectMs = performance.now() - began;
  return executor;
}

async function openClient(options: SshOptions, deadline: Deadline): Promise<Client> {
  const { address, port, host, hostKeys } = options;
  const [plan, entries] = await Promise.all([planAuthentication(options), readKnownHosts(hostKeys.files)]);
  if (plan.methods.length === 0) throw rejected(options, plan);
  const timeoutMs = Math.min(options.connectTimeoutMs, Math.max(1, deadline.remainingMs()));
  const name = knownHostName(address, port);
  const sock = await openTcpSocket(address, port, timeoutMs, deadline.signal);
  const client = new ssh2.Client();
  let keyError: LongshoreError | undefined;
  let newKey: Buffer | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(new LongshoreError('E_UNREACHABLE', 'given up while connecting', { host }));
      deadline.signal.addEventListener('abort', onAbort, { once: true });
      client.once('ready', () => {
        deadline.signal.removeEventListener('abort', onAbort);
        resolve();
      });
      client.once('error', (error: Error & { level?: string }) => reject(keyError ?? explain(error, options, plan)));
      client.once('close', () =>
        reject(keyError ?? new LongshoreError('E_UNREACHABLE', `${host} closed the connection before login`, { host })),
      );
      client.connect({
        sock,
        username: options.user,
        readyTimeout: timeoutMs,
        keepaliveInterval: KEEPALIVE_INTERVAL_MS,
        keepaliveCountMax: KEEPALIVE_COUNT,
        algorithms: { serverHostKey: [...hostKeyAlgorithms(entries, name)] as never },
        authHandler: authHandler(plan),
        hostVerifier: (key: Buffer): boolean => {
          const finding = judgeHostKey(entries, name, key);
          if (finding.kind === 'bad') keyError = finding.error;
          else if (finding.kind === 'new' && hostKeys.mode === 'strict')
            keyError = unknownHostKey(name, key, hostKeys.files);
          else if (finding.kind === 'new') newKey = Buffer.from(key);
          return keyError === undefined;
        },
      });
    });
  } catch (error) {
    client.on('error', () => undefined);
    client.end();
    sock.destroy();
    throw error;
  }
  client.on('error', () => undefined);
  const [file] = hostKeys.files;
  if (newKey !== undefined && file !== undefined) await rememberHost(file, name, newKey);
  return client;
}

function explain(error: Error & { level?: string }, options: SshOptions, plan: AuthPlan): LongshoreError {
  if (error.level === 'client-authentication') return rejected(options, plan);
  const why = error.level === 'client-timeout' ? `no answer in ${options.connectTimeoutMs / 1000} s` : error.message;
  return new LongshoreError('E_UNREACHABLE', `cannot speak SSH with ${options.address} port ${options.port}: ${why}`, {
    host: options.host,
  });
}

function rejected(options: SshOptions, plan: AuthPlan): LongshoreError {
  const tried = plan.methods.map((entry) => entry.what).join(', ');
  return new LongshoreError(
    'E_AUTH',
    tried === ''
      ? `nothing to log in to ${options.host} with: no key file, no agent, no password`
      : `${options.host} did not accept ${options.user} with ${tried}`,
    { host: options.host, remedy: 'check ansible_user and the key; `ssh -v` to the same host shows what it accepts' },
  );
}

async function openLane(client: Client, options: SshOptions, traffic: LaneTraffic): Promise<Lane> {
  const start = becomeCommand(options.become);
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    try {
      client.exec(start.command, (error, opened) => {
        if (error === undefined) resolve(opened);
        else
          reject(
            new LongshoreError('E_LANE', `${options.host} gives no further channel: ${error.message}`, {
              host: options.host,
            }),
          );
      });
    } catch (error) {
      reject(
        new LongshoreError('E_UNREACHABLE', `the connection to ${options.host} is gone`, {
          host: options.host,
          cause: error,
        }),
      );
    }
  });
  traffic.processes += start.processes;
  const streams = {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    end: () => channel.close(),
    onGone: (listener: () => void): void => {
      channel.once('close', listener);
      client.once('close', listener);
    },
  };
  return startLane(streams, traffic, start, options);
}

function endClient(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      client.destroy();
      resolve();
    }, 1000);
    client.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    client.end();
  });
}
