import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';
import { errorCode } from '../inventory/source/error-code.js';
import { planHash } from './plan-runbook.js';
import { planSchema, type RunbookPlan } from './plan.js';

const HASH = /^[0-9a-f]{20}$/;

/** Keeps a plan for `--approve`, readable by its owner only. Gives the path of the file. Throws `E_STATE` when it cannot be written. */
export async function keepPlan(stateDirectory: string, plan: RunbookPlan): Promise<string> {
  const filePath = planPath(stateDirectory, plan.hash);
  try {
    await mkdir(path.dirname(filePath), { recursive: true, mode: 0o700 });
    // whole or not at all, also when two plans are made at the same time
    const partial = `${filePath}.${process.pid}.part`;
    await writeFile(partial, `${JSON.stringify(plan)}\n`, { mode: 0o600 });
    await rename(partial, filePath);
  } catch (error) {
    throw new LongshoreError('E_STATE', `${filePath} cannot be written (${errorCode(error)})`, {
      remedy: 'Name another state directory with --state-dir or LONGSHORE_STATE_DIR.',
    });
  }
  return filePath;
}

/**
 * The plan of that hash, as `keepPlan` kept it. Throws `E_USAGE` when there is none, `E_PLAN_CHANGED` when the file is not what it was.
 */
export async function readPlan(stateDirectory: string, hash: string): Promise<RunbookPlan> {
  if (!HASH.test(hash)) {
    throw new LongshoreError(
      'E_USAGE',
      '--approve takes the hash that `longshore plan` prints: 20 characters of 0-9 and a-f',
    );
  }
  const filePath = planPath(stateDirectory, hash);
  let text: string;
  try {
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    throw new LongshoreError('E_USAGE', `there is no plan ${hash}: ${filePath} cannot be read (${errorCode(error)})`, {
      remedy: 'Plan again with `longshore plan`, on this machine and with the same --state-dir.',
    });
  }
  const plan = parsed(text);
  if (plan === null || plan.hash !== hash || planHash(plan) !== hash) {
    throw new LongshoreError('E_PLAN_CHANGED', `the plan in ${filePath} is not what was planned`, {
      remedy: 'Plan again with `longshore plan`.',
    });
  }
  return plan;
}

function parsed(text: string): RunbookPlan | null {
  try {
    return planSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function planPath(stateDirectory: string, hash: string): string {
  return path.join(stateDirectory, 'plans', `${hash}.json`);
}
