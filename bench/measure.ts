import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Start } from './tools.js';

/** What one run of a program cost, with all processes that it has started. */
export interface Measured {
  readonly wallS: number;
  /** user and system time */
  readonly cpuS: number;
  /** memory that its processes had for themselves at the worst moment */
  readonly peakBytes: number;
  readonly stdout: string;
}

/**
 * Runs a program under `measure.py`, with its files in `scratch`. Rejects with what it said when it ends with anything but 0, or not in
 * `limitS` seconds.
 */
export async function measure(start: Start, scratch: string, name: string, limitS: number): Promise<Measured> {
  const resultFile = path.join(scratch, 'result.json');
  const stdoutFile = path.join(scratch, 'stdout');
  const stderrFile = path.join(scratch, 'stderr');
  const stdout = openSync(stdoutFile, 'w');
  const stderr = openSync(stderrFile, 'w');
  const wrapper = fileURLToPath(new URL('measure.py', import.meta.url));
  const child = spawn('python3', [wrapper, resultFile, String(limitS), ...start.argv], {
    stdio: ['ignore', stdout, stderr],
    env: { PATH: process.env['PATH'], HOME: scratch, LC_ALL: 'C.UTF-8', ...start.env },
  });
  closeSync(stdout);
  closeSync(stderr);
  await new Promise<void>((resolve, reject) => child.once('error', reject).once('close', () => resolve()));
  const result = JSON.parse(await readFile(resultFile, 'utf8')) as Omit<Measured, 'stdout'> & {
    readonly exit: number;
    readonly timedOut: boolean;
  };
  if (result.exit !== 0) {
    const said = readFileSync(stderrFile, 'utf8').trim().slice(-600);
    throw new Error(
      `${name} ${result.timedOut ? `was not done in ${limitS} s` : `ended with ${result.exit}`}: ${said}`,
    );
  }
  const { wallS, cpuS, peakBytes } = result;
  return { wallS, cpuS, peakBytes, stdout: readFileSync(stdoutFile, 'utf8') };
}
