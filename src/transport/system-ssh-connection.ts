import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import { becomeCommand } from './become.js';
import type { Executor } from './executor.js';
import { Lane, type LaneOptions, type LaneStreams, type LaneTraffic } from './lane.js';
import { LaneExecutor, type LaneSource } from './lane-executor.js';
import { connectionArguments, laneArguments } from './system-ssh-arguments.js';
import { type EarlyEnd, systemSshError } from './system-ssh-errors.js';
import type { SystemSshOptions } from './system-ssh-options.js';
import { answerPasswords, type PasswordAnswer } from './system-ssh-password.js';

const SSH = 'ssh';

/** How long the end of ssh is waited for before it is killed, ms. */
const END_MS = 1000;

/**
 * Connects to a host by the system's `ssh` (certificates, security keys, GSSAPI, whatever it can) and waits until the first lane's shell
 * answers. One ssh has the connection and the first lane; each further lane is an ssh that hands its pipes to the first
 * (ControlMaster) and sleeps. All are in a session of their own, so that Ctrl-C in a terminal does not reach them and they never ask there.
 *
 * Rejects as `connectSsh` does: `E_UNREACHABLE`, `E_HOST_KEY`, `E_AUTH`, `E_BECOME`, `E_LANE`, `E_INTERRUPTED`.
 */
export async function connectSystemSsh(options: SystemSshOptions, deadline: Deadline): Promise<Executor> {
  const began = performance.now();
  const connection = new SystemSshConnection(options);
  const executor = new LaneExecutor(options.host, connection);
  // ssh bounds only the TCP connection and the first answer by itself
  const limitMs = options.connectTimeoutMs * 2;
  const timer = setTimeout(() => connection.giveUp(`no login in ${Math.ceil(limitMs) / 1000} s`), limitMs);
  try {
    await connection.prepare();
    await executor.start(deadline);
  } catch (error) {
    await executor.close();
    const isLate = error instanceof LongshoreError && error.code === 'E_COMMAND_TIMEOUT';
    throw isLate ? new LongshoreError('E_UNREACHABLE', `no shell in time: ${error.message}`, error.details) : error;
  } finally {
    clearTimeout(timer);
    await connection.forgetSecrets();
  }
  connection.connectMs = performance.now() - began;
  return executor;
}

interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  readonly gone: Promise<void>;
  readonly end: { exit: number | null; startError?: string };
}

class SystemSshConnection implements LaneSource {
  readonly traffic: LaneTraffic = { bytesIn: 0, bytesOut: 0, processes: 0 };
  connectMs = 0;
  readonly #options: SystemSshOptions;
  readonly #socket: string;
  readonly #children = new Set<Child>();
  #master: Child | null = null;
  #answer: PasswordAnswer | null = null;
  #tooLate: string | null = null;

  constructor(options: SystemSshOptions) {
    this.#options = options;
    // found by systemSshDirectory when this process was killed
    this.#socket = path.join(options.directory, `${process.pid}-${randomBytes(5).toString('hex')}`);
  }

  async prepare(): Promise<void> {
    const { password, passphrase } = this.#options;
    if (password === undefined && passphrase === undefined) return;
    this.#answer = await answerPasswords(this.#socket, {
      ...(password === undefined ? {} : { password }),
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  }

  async open(): Promise<Lane> {
    const { command, processes, lane } = becomeCommand(this.#options.become, this.#options.host);
    if (this.#master === null) {
      this.#master = this.#start(connectionArguments(this.#options, this.#socket, command));
      return this.#lane(this.#master, processes, lane, (end) => systemSshError(end, this.#options));
    }
    if (!this.#children.has(this.#master)) throw this.#gone();
    const child = this.#start(laneArguments(this.#socket, command));
    const opened = this.#lane(child, processes, lane, (end) => this.#noFurtherLane(end));
    await opened.ready();
    return opened;
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.#kill('SIGKILL'), END_MS);
    this.#kill('SIGTERM');
    await Promise.all([...this.#children].map((child) => child.gone));
    clearTimeout(timer);
    await rm(this.#socket, { force: true });
    await this.forgetSecrets();
  }

  giveUp(why: string): void {
    this.#tooLate = why;
    this.#kill('SIGKILL');
  }

  async forgetSecrets(): Promise<void> {
    await this.#answer?.dispose();
    this.#answer = null;
  }

  #start(args: readonly string[]): Child {
    const asking = Object.entries(this.#answer?.env ?? {}).map(([name, value]) => `${name}=${value}`);
    // env becomes ssh: the same process, with two variables more
    const [program, words] = asking.length === 0 ? [SSH, args] : (['env', [...asking, SSH, ...args]] as const);
    const ssh = spawn(program, words, { stdio: 'pipe', detached: true });
    const end: Child['end'] = { exit: null };
    let settle: () => void = () => undefined;
    const child: Child = { process: ssh, end, gone: new Promise((resolve) => (settle = resolve)) };
    this.#children.add(child);
    ssh.once('error', (error: NodeJS.ErrnoException) => {
      end.startError = error.code === 'ENOENT' ? 'it is not installed' : error.message;
    });
    ssh.once('exit', (exit) => {
      end.exit = exit;
      this.#children.delete(child);
    });
    ssh.once('close', () => {
      this.#children.delete(child);
      settle();
    });
    return child;
  }

  #lane(child: Child, processes: number, options: LaneOptions, explain: (end: EarlyEnd) => LongshoreError): Lane {
    this.traffic.processes += processes;
    return new Lane(streamsOf(child), this.traffic, {
      ...options,
      endedEarly: (noise) => {
        const isOurs = child.end.startError !== undefined || child.end.exit === 255 || child.end.exit === null;
        if (!isOurs) return options.endedEarly(noise);
        return explain({ noise: this.#tooLate ?? noise, ...child.end });
      },
    });
  }

  #noFurtherLane({ noise }: EarlyEnd): LongshoreError {
    const { host } = this.#options;
    const why = /refused by peer/.test(noise) ? 'refused' : 'not opened';
    return new LongshoreError('E_LANE', `${host} gives no further channel: ${why}`, { host });
  }

  #gone(): LongshoreError {
    const { host } = this.#options;
    return new LongshoreError('E_UNREACHABLE', `the connection to ${host} is gone`, { host });
  }

  #kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    for (const child of this.#children) child.process.kill(signal);
  }
}

function streamsOf({ process: child }: Child): LaneStreams {
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    end() {
      child.stdin.end();
      // with nobody at the other end of its output the shell starts nothing more; ssh itself may have further lanes
      child.stdout.destroy();
      child.stderr.destroy();
    },
    onGone: (listener) => child.once('close', () => listener('ended')),
  };
}
