import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** waits until stderr holds the text; rejects when the program ends without it */
  stderrHas(text: string): Promise<void>;
  stdoutHas(text: string): Promise<void>;
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL' | 'SIGSTOP'): void;
  /** of the program itself */
  readonly pid: number;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** no file that it writes may become larger, in blocks of 512 bytes: as on a full disk */
  readonly fileLimit?: number;
}

/** Journals of the tests of one file, unless a test names another place. */
const stateDirectory = mkdtempSync(join(tmpdir(), 'longshore-test-state-'));
afterAll(() => rmSync(stateDirectory, { recursive: true, force: true }));

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The program as a user has it: built. LONGSHORE_TEST_CLI=src takes the sources, for work on it; else it is another main.js. */
const chosen = process.env['LONGSHORE_TEST_CLI'] ?? `${ROOT}dist/cli/main.js`;
const PROGRAM = chosen === 'src' ? ['--import', 'tsx', `${ROOT}src/cli/main.ts`] : [chosen];

export function startLongshore(args: readonly string[], { env = {}, input, fileLimit }: StartOptions = {}): Running {
  const limit = fileLimit === undefined ? '' : `ulimit -f ${fileLimit}; `;
  const child = spawn('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', process.execPath, ...PROGRAM, ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      LONGSHORE_STATE_DIR: stateDirectory,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  let lookAgain: () => void = () => undefined;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
      lookAgain();
    });
  }
  child.stdin.end(input ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...out }));
  });
  const has = (name: 'stdout' | 'stderr', text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      lookAgain = () => {
        if (out[name].includes(text)) resolve();
      };
      lookAgain();
      ended.then(() => reject(new Error(`ended without ${JSON.stringify(text)}: ${out.stderr}`)), reject);
    });
  return {
    ended,
    stderrHas: (text) => has('stderr', text),
    stdoutHas: (text) => has('stdout', text),
    signal: (name) => void child.kill(name),
    pid: child.pid ?? 0,
  };
}

export function longshore(args: readonly string[], options?: StartOptions): Promise<Ended> {
  return startLongshore(args, options).ended;
}
