import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deferred } from './command.js';

/** The finished guest image: see build.sh, which makes it. */
export type Image = {
  readonly dir: string;
  readonly keyPath: string;
  /** The public host key that every guest shows. */
  readonly hostKey: string;
  /** The part of QEMU's command line that must be the same in every start. */
  readonly machineArgs: readonly string[];
};

const BUILD_SCRIPT = fileURLToPath(new URL('build.sh', import.meta.url));
const BUILD_TIMEOUT_MS = 15 * 60_000;

/** Where images and the state of a lab started by hand are kept. */
export function cacheDir(): string {
  const given = process.env['LONGSHORE_LAB_CACHE'];
  if (given) return given;
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'longshore-lab');
}

/** Finds the image for the current build inputs, or builds it. Progress goes to stderr. */
export async function ensureImage(): Promise<Image> {
  const dir = await runBuild();
  const [hostKey, machineArgs] = await Promise.all([
    readFile(path.join(dir, 'host_key.pub'), 'utf8'),
    readFile(path.join(dir, 'machine.args'), 'utf8'),
  ]);
  return {
    dir,
    keyPath: path.join(dir, 'id_ed25519'),
    hostKey: hostKey.split(' ').slice(0, 2).join(' '),
    machineArgs: machineArgs.trimEnd().split('\n'),
  };
}

async function runBuild(): Promise<string> {
  const { promise, resolve, reject } = deferred<string>();
  // An image that is half built is removed by the script itself, so SIGTERM rather than SIGKILL.
  const child = spawn('bash', [BUILD_SCRIPT], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LONGSHORE_LAB_CACHE: cacheDir() },
    timeout: BUILD_TIMEOUT_MS,
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.on('error', reject);
  child.on('close', (code, signal) => {
    if (code === 0) resolve(stdout.trim());
    else reject(new Error(`the lab's image could not be built: ${signal ?? `exit ${code}`}`));
  });
  return promise;
}
