import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { Controller } from '../journal/run-journal.js';
import type { ControllerState } from '../journal/run-state.js';
import { packageVersion } from './package-version.js';

/** This process, as journals and locks name it. */
export function thisController(): Controller {
  const { pid } = process;
  return {
    machine: hostname(),
    user: userInfo().username,
    pid,
    started: startOf(pid) ?? '',
    boot: bootId(),
    version: packageVersion(),
  };
}

/** For the owner of a lock, so that whoever finds it held knows whom to ask. */
export function controllerName({ user, machine, pid }: Controller): string {
  return `${user}@${machine}, pid ${pid}`;
}

/** Whether the process that wrote a journal still runs. A pid that another process has by now does not count. */
export function controllerState(controller: Controller): ControllerState {
  if (controller.machine !== hostname()) return 'elsewhere';
  if (controller.boot !== bootId()) return 'dead';
  if (controller.started !== '') return startOf(controller.pid) === controller.started ? 'alive' : 'dead';
  try {
    process.kill(controller.pid, 0);
    return 'alive';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'alive' : 'dead';
  }
}

function bootId(): string {
  return contentOf('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

/** Start of a process in ticks since boot, field 22 of its stat; null when there is none, or it only waits to be reaped. */
function startOf(pid: number): string | null {
  const stat = contentOf(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // the second field, the name, may hold anything: count behind its closing bracket
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}

function contentOf(filePath: string): string | null {
  try {
    return readFileSync(filePath, 'utf8');
  } catch {
    return null;
  }
}
