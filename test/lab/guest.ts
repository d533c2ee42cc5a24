import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailure, CommandTimeout, runCommand, type CommandResult } from './command.js';
import type { GuestName, Machine } from './machine.js';
import { askMonitor } from './monitor.js';

export type RunOptions = {
  readonly timeoutMs?: number;
  readonly input?: string;
  /** Throw when the command fails (the default), or hand back its exit status. */
  readonly check?: boolean;
  /** Another account than root; costs a connection of its own. */
  readonly user?: string;
};

/** One machine of the lab. */
export type Guest = {
  readonly name: GuestName;
  readonly address: '127.0.0.1';
  readonly sshPort: number;
  readonly initiatorName: string;
  readonly pid: number;
  /** Runs a shell command as root. Bounded: a command in D state would keep its channel open for ever. */
  run(command: string, options?: RunOptions): Promise<CommandResult>;
  /** Asks QEMU's human monitor. */
  monitor(command: string): Promise<string>;
  /** Cuts the power and waits until the guest has booted again and its storage services run. */
  reset(): Promise<void>;
  /** Cuts the power, and leaves it off: the monitor says `prelaunch` of its state then, which it does not of a guest that is only stopped. */
  powerOff(): Promise<void>;
  /** Gives back the power that `powerOff` has cut, and waits as `reset` does. */
  powerOn(): Promise<void>;
};

/** What it takes to reach the guests of a lab. */
export type Access = { readonly dir: string; readonly keyPath: string; readonly knownHostsPath: string };

const RUN_TIMEOUT_MS = 120_000;
const BOOT_TIMEOUT_MS = 240_000;
/** sshd allows 10 sessions on a connection. */
const MAX_SESSIONS = 8;

/** The initiator name a client guest bears. */
export const initiatorNameOf = (name: GuestName): string => `iqn.2026-01.test.longshore:${name}`;

/** Gives access to a machine that runs. */
export function openGuest(machine: Machine, access: Access): Guest & { close(): void } {
  const connection = sharedConnection(machine, access);
  const slots = limiter(MAX_SESSIONS);
  let monitorTurn: Promise<unknown> = Promise.resolve();

  const run = async (command: string, options: RunOptions = {}): Promise<CommandResult> => {
    const timeoutMs = options.timeoutMs ?? RUN_TIMEOUT_MS;
    const ssh =
      options.user === undefined
        ? [...connection.argv(), `root@127.0.0.1`]
        : [...sshArgv(machine, access), `${options.user}@127.0.0.1`];
    const result = await slots(() => runCommand([...ssh, '--', command], { timeoutMs, input: options.input }));
    if (result.exit !== 0 && options.check !== false) {
      throw new CommandFailure(`${machine.name}: ${command.trim().slice(0, 300)}`, result);
    }
    return result;
  };

  const monitor = (command: string): Promise<string> => {
    const answer = monitorTurn.then(() => askMonitor(machine.monitorPath, command));
    monitorTurn = answer.catch(() => undefined);
    return answer;
  };

  const reset = async (): Promise<void> => {
    const before = (await run('cat /proc/sys/kernel/random/boot_id', { timeoutMs: 5_000 }).catch(() => undefined))
      ?.stdout;
    connection.close();
    await monitor('system_reset');
    await waitForBoot(run, before);
    connection.open();
  };

  const powerOff = async (): Promise<void> => {
    connection.close();
    await monitor('stop');
    await monitor('system_reset');
  };

  const powerOn = async (): Promise<void> => {
    await monitor('cont');
    await waitForBoot(run, undefined);
    connection.open();
  };

  return {
    name: machine.name,
    address: '127.0.0.1',
    sshPort: machine.sshPort,
    initiatorName: initiatorNameOf(machine.name),
    pid: machine.pid,
    run,
    monitor,
    reset,
    powerOff,
    powerOn,
    close: () => connection.close(),
  };
}

/** The arguments every ssh of the lab starts with: this lab's key and host keys, nothing of the user's own settings. */
export function sshArgv(machine: Pick<Machine, 'sshPort'>, access: Access): string[] {
  return [
    ['ssh', '-F', 'none', '-i', access.keyPath, '-p', String(machine.sshPort)],
    ['-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none', '-o', 'BatchMode=yes'],
    ['-o', `UserKnownHostsFile=${access.knownHostsPath}`, '-o', 'GlobalKnownHostsFile=none'],
    ['-o', 'StrictHostKeyChecking=yes', '-o', 'ConnectTimeout=20', '-o', 'LogLevel=ERROR'],
  ].flat();
}

/**
 * One ssh connection that every command shares, while it lives: a new connection costs the emulated guest a second of
 * cryptography. Without it, ssh connects by itself.
 */
function sharedConnection(machine: Machine, access: Access) {
  const control = path.join(access.dir, `${machine.name}.${process.pid}.ssh`);
  let end = () => {};
  const open = () => {
    const argv = sshArgv(machine, access);
    const options = ['-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=8'];
    const ssh = [...argv, ...options, '-M', '-S', control, '-N', 'root@127.0.0.1'];
    const master = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...ssh], { stdio: 'ignore' });
    master.on('error', () => undefined);
    master.unref();
    end = () => void master.kill('SIGTERM');
  };
  const close = () => end();
  const argv = () => [...sshArgv(machine, access), '-S', control, '-o', 'ControlMaster=no'];
  open();
  return { open, close, argv };
}

async function waitForBoot(run: Guest['run'], bootIdBefore: string | undefined): Promise<void> {
  const end = performance.now() + BOOT_TIMEOUT_MS;
  const settled = 'systemctl is-system-running --wait >/dev/null; cat /proc/sys/kernel/random/boot_id';
  for (;;) {
    const left = end - performance.now();
    const result = await run(settled, { timeoutMs: Math.max(1_000, left), check: false }).catch(ignoreTimeout);
    if (result?.exit === 0 && result.stdout !== bootIdBefore) return;
    if (performance.now() > end) throw new Error(`the guest did not boot again: ${result?.stderr ?? 'no answer'}`);
    await sleep(500);
  }
}

function ignoreTimeout(error: unknown): undefined {
  if (!(error instanceof CommandTimeout)) throw error;
}

/** Lets at most so many tasks run at once. */
function limiter(most: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(task: () => Promise<T>): Promise<T> => {
    while (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await task();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
