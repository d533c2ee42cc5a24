import { appendFile, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A lab's own directory: its disks, sockets and logs. Short, because a Unix socket's name holds 107 bytes. */
const PREFIX = 'longshore-lab-';
const OWNERS = 'processes';

/** Makes the directory and notes that this process owns it. */
export async function makeRunDir(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), PREFIX));
  await addProcesses(dir, [process.pid]);
  return dir;
}

/** Notes processes that use the directory. */
export async function addProcesses(dir: string, pids: readonly number[]): Promise<void> {
  await appendFile(path.join(dir, OWNERS), pids.map((pid) => `${pid} ${startTime(pid)}\n`).join(''));
}

export async function removeRunDir(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true });
}

/** Removes the directories of labs that died: a process that was killed could not tidy up. */
export async function sweepRunDirs(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const dir of names.map((name) => path.join(tmpdir(), name))) {
    const owners = await readFile(path.join(dir, OWNERS), 'utf8').catch(() => undefined);
    // Without the note, the directory may be one that is being made right now.
    if (owners === undefined || owners.trimEnd().split('\n').some(isAlive)) continue;
    await removeRunDir(dir);
  }
}

function isAlive(owner: string): boolean {
  const [pid, started] = owner.split(' ');
  return startTime(Number(pid)) === started;
}

/** When a process started, in clock ticks since boot: with the id, it names one process for good. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
