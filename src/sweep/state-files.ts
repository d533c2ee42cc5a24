import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { LongshoreError } from '../errors/longshore-error.js';
import type { RemovalResult } from './apply-sweep.js';
import type { FleetAudit } from './audit-fleet.js';
import {
  type EarlierLook,
  type EarlierLooks,
  hashOfLines,
  type Quarantine,
  quarantineKey,
  SWEEP_DEFAULTS,
  type SweepPlan,
  approvalLine,
} from './sweep-plan.js';

const auditSchema = z.object({
  format: z.literal('longshore-audit/1'),
  run: z.string(),
  at: z.number(),
  /** candidates of each host that was looked at: digest by key */
  hosts: z.record(z.string(), z.record(z.string(), z.string())),
});
const approvalSchema = z.object({ format: z.literal('longshore-sweep/1'), lines: z.array(z.string()) });
const quarantineSchema = z.object({
  format: z.literal('longshore-quarantine/1'),
  objects: z.record(z.string(), z.string()),
});

/** What sweeps remember between runs: files below a state directory, for its owner alone. Each is whole or not there. */
export class SweepFiles {
  readonly #directory: string;

  constructor(stateDirectory: string) {
    this.#directory = path.join(stateDirectory, 'audits');
  }

  /** Keeps the candidates of a look. Throws `E_STATE`. */
  async keepAudit(run: string, at: number, audit: FleetAudit): Promise<void> {
    const hosts = Object.fromEntries(
      [...audit.hosts].map(([host, { digests }]) => [host, Object.fromEntries(digests)]),
    );
    await this.#write(`${run}.audit.json`, { format: 'longshore-audit/1', run, at, hosts });
    await this.#prune(at);
  }

  /** The looks that are not too old, by host. What cannot be read is left out: then it takes another look, which does no harm. */
  async earlierLooks(now: number): Promise<EarlierLooks> {
    const looks = new Map<string, EarlierLook[]>();
    for (const name of await this.#names('.audit.json')) {
      const audit = await this.#read(name, auditSchema);
      if (audit === null || audit.at < now - SWEEP_DEFAULTS.longestMemorySeconds * 1000) continue;
      for (const [host, candidates] of Object.entries(audit.hosts)) {
        const own = looks.get(host) ?? [];
        looks.set(host, own);
        own.push({ at: audit.at, candidates: new Map(Object.entries(candidates)) });
      }
    }
    return looks;
  }

  /** Keeps what a hash stands for. Throws `E_STATE`. */
  async keepPlan(plan: SweepPlan): Promise<void> {
    if (plan.hash === null) return;
    const lines = plan.objects.filter(({ state }) => state === 'ready').map(approvalLine);
    await this.#write(`${plan.hash}.sweep.json`, { format: 'longshore-sweep/1', lines });
  }

  /** The approved lines behind a hash. Throws `E_USAGE` when there is no such plan here. */
  async approvedLines(hash: string): Promise<ReadonlySet<string>> {
    const plan = /^[0-9a-f]{16}$/.test(hash) ? await this.#read(`${hash}.sweep.json`, approvalSchema) : null;
    if (plan === null || hashOfLines(plan.lines) !== hash) {
      throw new LongshoreError('E_USAGE', `--approve: there is no plan ${JSON.stringify(hash)} in ${this.#directory}`, {
        remedy: 'take the hash that `longshore sweep` prints, on this machine and with the same --state-dir',
      });
    }
    return new Set(plan.lines);
  }

  async quarantine(): Promise<Quarantine> {
    const found = await this.#read('quarantine.json', quarantineSchema);
    return new Map(Object.entries(found?.objects ?? {}));
  }

  /** What failed goes into the quarantine, so that no later sweep tries again and again; what is gone comes out of it. Throws `E_STATE`. */
  async noteResults(results: Iterable<RemovalResult>): Promise<void> {
    const quarantine = new Map(await this.quarantine());
    const before = JSON.stringify([...quarantine]);
    for (const { object, state, error } of results) {
      const key = quarantineKey(object.host, object.key);
      if (state === 'failed') quarantine.set(key, error?.message ?? 'it is still there');
      if (state === 'removed' || state === 'gone') quarantine.delete(key);
    }
    if (JSON.stringify([...quarantine]) === before) return;
    await this.#write('quarantine.json', { format: 'longshore-quarantine/1', objects: Object.fromEntries(quarantine) });
  }

  async #names(suffix: string): Promise<readonly string[]> {
    try {
      return (await readdir(this.#directory)).filter((name) => name.endsWith(suffix)).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw this.#failure(error, this.#directory);
    }
  }

  async #read<T>(name: string, schema: z.ZodType<T>): Promise<T | null> {
    try {
      const text = await readFile(path.join(this.#directory, name), 'utf8');
      return schema.safeParse(JSON.parse(text)).data ?? null;
    } catch {
      return null;
    }
  }

  async #write(name: string, content: unknown): Promise<void> {
    const filePath = path.join(this.#directory, name);
    const partial = `${filePath}.${process.pid}.part`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFile(partial, `${JSON.stringify(content)}\n`, { mode: 0o600 });
      await rename(partial, filePath);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => undefined);
      throw this.#failure(error, filePath);
    }
  }

  /** Old looks and plans mean nothing any more; that one stays is no harm. */
  async #prune(now: number): Promise<void> {
    for (const name of await this.#names('.audit.json')) {
      const audit = await this.#read(name, auditSchema);
      if (audit === null || audit.at >= now - SWEEP_DEFAULTS.longestMemorySeconds * 1000) continue;
      await rm(path.join(this.#directory, name), { force: true }).catch(() => undefined);
    }
  }

  #failure(error: unknown, filePath: string): LongshoreError {
    return new LongshoreError('E_STATE', `${filePath} cannot be used (${codeOf(error)})`, {
      remedy: 'name another state directory with --state-dir or LONGSHORE_STATE_DIR',
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
