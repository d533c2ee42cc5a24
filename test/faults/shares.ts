import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sweep } from './catalogue.js';
import type { SweepResult } from './sweep.js';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** Does sweeps in so many processes side by side; each takes the next one as soon as it is free. */
export async function inProcesses(
  jobs: number,
  sweeps: readonly Sweep[],
  args: readonly string[],
  onResult: (sweep: Sweep, result: SweepResult) => void,
): Promise<void> {
  const queue = [...sweeps];
  const work = (): Promise<void> => {
    const child = fork(MAIN, [...args, '--serve'], { execArgv: process.execArgv });
    let current: Sweep | undefined;
    const next = (): void => {
      current = queue.shift();
      if (current === undefined) child.disconnect();
      else child.send(current.name);
    };
    child.on('message', (message) => {
      if (current !== undefined) onResult(current, message as SweepResult);
      next();
    });
    next();
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        if (code === 0 && current === undefined) resolve();
        else reject(new Error(`the process of ${current?.name ?? 'a share'} ended with ${code ?? signal}`));
      });
    });
  };
  await Promise.all(Array.from({ length: Math.min(jobs, sweeps.length) }, work));
}

/** The other end: does each sweep whose name comes, and answers with its result. */
export function serveSweeps(sweeps: readonly Sweep[], full: boolean): void {
  const byName = new Map(sweeps.map((sweep) => [sweep.name, sweep]));
  process.on('message', (name) => {
    const sweep = byName.get(String(name));
    if (sweep === undefined) throw new Error(`there is no sweep ${String(name)}`);
    void sweep.run({ full }).then((result) => process.send?.(result));
  });
}
