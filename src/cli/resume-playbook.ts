import { LongshoreError } from '../errors/longshore-error.js';
import { selectHosts } from '../inventory/patterns/select-hosts.js';
import type { RunRecord } from '../journal/run-record.js';
import { readRun, runIds } from '../journal/run-store.js';
import { readPlan } from '../runbook/plan-store.js';
import { requireSame } from '../runbook/run-runbook.js';
import { narrowedRunbook, resumedOf } from '../runbook/resumed.js';
import type { CommandContext } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { usageError } from './parse-options.js';
import { prepareRunbook } from './read-runbook.js';
import { runPlaybook } from './run-playbook.js';
import { stateDirectory } from './state-directory.js';

/**
 * Goes on with a run of a playbook where it ended: hosts that have done a play are left out of it, all others do it again from its first
 * step; only commands that ended well are not run a second time. The plan that was approved holds for the rest. `--limit` narrows the hosts.
 *
 * @param context with the options of the run, as far as the command line does not say otherwise
 */
export async function resumePlaybook(context: CommandContext, record: RunRecord): Promise<ExitCode> {
  const { run, options: given } = record.start;
  const { playbook, digest, approve, 'extra-vars': extraVars } = given;
  if (typeof playbook !== 'string' || typeof digest !== 'string') {
    throw usageError(`run ${run} was no run of a playbook`);
  }
  const { options: asked } = context;
  if (asked.undo || asked.plan) {
    throw usageError(
      `run ${run} was one of the playbook ${playbook}: it can only be finished`,
      'For the way back, or to look first, write a playbook and plan it with longshore plan.',
    );
  }
  if (asked.serial.length > 0 || asked.maxFailures !== undefined) {
    throw usageError(
      `run ${run} was one of the playbook ${playbook}: its plays say what --serial and --max-failures would`,
    );
  }
  const { limit: narrower, ...options } = context.options;
  const original = {
    ...options,
    playbook,
    extraVars: Array.isArray(extraVars) ? extraVars.map(String) : [],
    ...(record.start.limit === null ? {} : { limit: record.start.limit }),
    ...(options.inventory === undefined && record.start.inventory !== null
      ? { inventory: record.start.inventory }
      : {}),
  };
  const prepared = await prepareRunbook({ ...context, options: original });
  if (prepared.runbook.digest !== digest) {
    throw new LongshoreError('E_PLAN_CHANGED', `playbook, inventory or variables are not those of run ${run}`, {
      remedy: 'Plan anew with `longshore plan`: where a play has been done, it finds nothing to do.',
    });
  }
  const directory = stateDirectory(context);
  const plan = typeof approve === 'string' ? await readPlan(directory, approve) : null;
  requireSame(prepared.runbook, plan);
  const resumed = resumedOf([record, ...(await resumersOf(directory, run))]);
  const within =
    narrower === undefined ? null : new Set(selectHosts(prepared.inventory, narrower).map(({ name }) => name));
  const runbook = narrowedRunbook(
    prepared.runbook,
    (play, host) => !resumed.hasDone(play, host) && (within === null || within.has(host)),
  );
  if (runbook.hosts.length === 0) {
    context.terminal.stderr.write(`run ${run} has nothing left to do on these hosts\n`);
    return EXIT.ok;
  }
  const left = new Set(runbook.hosts.map(({ name }) => name));
  const hosts = prepared.hosts.filter(({ name }) => left.has(name));
  // --yes of the run that is resumed is an answer in advance for this one, too
  const own = { ...context, options: { ...original, yes: options.yes || given['yes'] === true } };
  return runPlaybook(
    own,
    { ...prepared, runbook, hosts },
    { approved: plan, resumed, resumes: { run, mode: 'finish' } },
  );
}

/** Runs that have resumed this one before. */
async function resumersOf(stateDirectory: string, run: string): Promise<readonly RunRecord[]> {
  const later = (await runIds(stateDirectory)).filter((id) => id > run);
  const records = await Promise.all(later.map((id) => readRun(stateDirectory, id)));
  return records.filter((record): record is RunRecord => record?.start.resumes?.run === run);
}
