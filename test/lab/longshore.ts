import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResultDocument } from '../../src/report/result-schema.js';
import { renderInventory, type InventoryHostEntry } from './inventory-file.js';
import type { Lab } from './lab.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What one `longshore` call gave back. */
export interface LongshoreRun {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** the document of `--json`; throws when there is none */
  document(): ResultDocument;
}

/** A folder with an inventory of the lab's clients, from which the built command line is run as an operator would. */
export interface Bastion {
  readonly dir: string;
  run(...args: readonly string[]): Promise<LongshoreRun>;
  /** `run` with `--json` */
  json(...args: readonly string[]): Promise<ResultDocument>;
  useInventory(hosts: readonly InventoryHostEntry[], edit?: (text: string) => string): Promise<void>;
  close(): Promise<void>;
}

export async function openBastion(lab: Lab): Promise<Bastion> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'longshore-bastion-'));
  const inventory = path.join(dir, 'inventory.yaml');
  const run = (...args: readonly string[]): Promise<LongshoreRun> =>
    runMain([...args, '-i', inventory, '--known-hosts', lab.knownHostsPath], dir);
  return {
    dir,
    run,
    async json(...args) {
      return (await run(...args, '--json')).document();
    },
    async useInventory(hosts, edit = (text) => text) {
      await writeFile(inventory, edit(renderInventory(lab, hosts)));
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

function runMain(args: readonly string[], cwd: string): Promise<LongshoreRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 240_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (exit) => {
      resolve({
        exit,
        stdout,
        stderr,
        document() {
          try {
            return JSON.parse(stdout) as ResultDocument;
          } catch {
            throw new Error(`no JSON from longshore ${args.join(' ')} (exit ${exit})\n${stdout}\n${stderr}`);
          }
        },
      });
    });
  });
}
