import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from './command.js';
import type { Image } from './image.js';
import { askMonitor, waitForMonitor } from './monitor.js';

export const GUEST_NAMES = ['target', 'client1', 'client2'] as const;
export type GuestName = (typeof GUEST_NAMES)[number];

/** A running QEMU process. */
export type Machine = {
  readonly name: GuestName;
  readonly pid: number;
  readonly sshPort: number;
  readonly monitorPath: string;
};

const NETWORKS = [1, 2] as const;
const START_TIMEOUT_MS = 180_000;

/**
 * Resumes one guest from the image's saved state on a disk of its own. An attached machine dies with this process,
 * whatever ends it; a detached one lives on.
 */
export async function startMachine(image: Image, dir: string, name: GuestName, detached: boolean): Promise<Machine> {
  const disk = path.join(dir, `${name}.qcow2`);
  const monitorPath = path.join(dir, `${name}.mon`);
  const base = path.join(image.dir, 'root.qcow2');
  await mustRun(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', disk], { timeoutMs: 20_000 });
  const argv = [
    detached ? [] : ['setpriv', '--pdeathsig', 'KILL', '--'],
    ['qemu-system-x86_64', ...image.machineArgs, '-name', `longshore-${name}`],
    // A private mapping: the guests share the saved memory's pages until they write to them.
    ['-object', `memory-backend-file,id=ram,size=${memorySize(image)}M,share=off,mem-path=${image.dir}/memory`],
    ['-kernel', path.join(image.dir, 'vmlinux'), '-initrd', path.join(image.dir, 'initramfs')],
    ['-drive', `file=${disk},if=none,id=root,format=qcow2,cache=unsafe,discard=unmap`],
    ['-netdev', 'user,id=mgmt,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22'],
    storageNetworks(dir, name),
    ['-serial', `file:${path.join(dir, `${name}.console`)}`],
    ['-monitor', `unix:${monitorPath},server=on,wait=off`, '-incoming', 'defer'],
  ].flat();
  const child = spawnMachine(argv, path.join(dir, `${name}.log`), detached);
  const pid = child.pid ?? 0;
  try {
    await waitForMonitor(monitorPath, START_TIMEOUT_MS, () => child.exitCode === null && child.signalCode === null);
    await askMonitor(monitorPath, 'migrate_set_capability x-ignore-shared on');
    await askMonitor(monitorPath, `migrate_incoming "exec:cat '${path.join(image.dir, 'devices')}'"`, START_TIMEOUT_MS);
    await resume(monitorPath);
    const sshPort = forwardedPort(await askMonitor(monitorPath, 'info usernet'));
    return { name, pid, sshPort, monitorPath };
  } catch (error) {
    child.kill('SIGKILL');
    const log = await readFile(path.join(dir, `${name}.log`), 'utf8').catch(() => '');
    throw new Error(`guest ${name} did not start: ${log.trim()}`, { cause: error });
  }
}

/** Ends a machine, if the process is still the one that was started in this directory. */
export function killMachine(pid: number, dir: string): void {
  if (!isMachine(pid, dir)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** Says whether the process is alive and was started for this lab: process ids are used again. */
export function isMachine(pid: number, dir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir);
  } catch {
    return false;
  }
}

function spawnMachine(argv: readonly string[], logPath: string, detached: boolean): ChildProcess {
  const log = openSync(logPath, 'a');
  try {
    const [file = '', ...args] = argv;
    const child = spawn(file, args, { stdio: ['ignore', log, log], detached });
    child.on('error', () => undefined);
    // The machine must not keep this process from ending; when it ends, an attached machine ends as well.
    child.unref();
    if (child.pid === undefined) throw new Error(`${file} could not be started`);
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * The storage networks: on the target, a hub joins a link to each client. The links are Unix sockets in the lab's own
 * directory, so that nothing outside can hear them and no two labs can meet.
 */
function storageNetworks(dir: string, name: GuestName): string[] {
  const link = (network: number, client: string) => path.join(dir, `san${network}-${client}`);
  return NETWORKS.flatMap((network) => {
    if (name !== 'target') {
      const address = `addr.type=unix,addr.path=${link(network, name)}`;
      return ['-netdev', `stream,id=storage${network},server=off,${address}`];
    }
    const links = GUEST_NAMES.filter((client) => client !== 'target').flatMap((client) => {
      const id = `san${network}-${client}`;
      return [
        ['-netdev', `stream,id=${id},server=on,addr.type=unix,addr.path=${link(network, client)}`],
        ['-netdev', `hubport,id=hub-${id},hubid=${network},netdev=${id}`],
      ].flat();
    });
    return [...links, '-netdev', `hubport,id=storage${network},hubid=${network}`];
  });
}

function memorySize(image: Image): string {
  return image.machineArgs[image.machineArgs.indexOf('-m') + 1] ?? '';
}

/** The state was saved at a standstill, so it waits to be continued. */
async function resume(monitorPath: string): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (!(await askMonitor(monitorPath, 'info status')).endsWith('paused')) {
    if (performance.now() > end) throw new Error('the saved state could not be read');
    await sleep(20);
  }
  await askMonitor(monitorPath, 'cont');
}

function forwardedPort(usernet: string): number {
  const port = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/u.exec(usernet)?.[1];
  if (port === undefined) throw new Error(`no forwarded port in: ${usernet}`);
  return Number(port);
}
