import { LongshoreError } from '../../errors/longshore-error.js';
import { keepPlan, readPlan } from '../../runbook/plan-store.js';
import type { RunbookPlan } from '../../runbook/plan.js';
import { requireSame } from '../../runbook/run-runbook.js';
import { askYesNo } from '../ask-yes-no.js';
import type { Command, CommandContext } from '../command.js';
import { usageError } from '../parse-options.js';
import { prepareRunbook, type PreparedRunbook } from '../read-runbook.js';
import { runPlaybook } from '../run-playbook.js';
import { stateDirectory } from '../state-directory.js';
import { makePlan, showPlan } from './plan.js';

export const run: Command = async (context) => {
  const prepared = await prepareRunbook(context);
  return runPlaybook(context, prepared, { approved: await approvalOf(context, prepared) });
};

/** The plan that a run is held to, or null with --yes. */
async function approvalOf(context: CommandContext, prepared: PreparedRunbook): Promise<RunbookPlan | null> {
  const { options, terminal } = context;
  if (options.approve !== undefined) {
    const plan = await readPlan(stateDirectory(context), options.approve);
    requireSame(prepared.runbook, plan);
    return plan;
  }
  if (options.yes) return null;
  if (terminal.stdin.isTTY !== true || terminal.stderr.isTTY !== true || options.json) {
    throw usageError(
      'a run changes hosts: approve a plan with --approve HASH, or say --yes',
      'longshore plan prints the plan and its hash; on a terminal, run shows the plan and asks.',
    );
  }
  const { plan, result } = await makePlan(context, prepared);
  showPlan(context, plan, result);
  if (result.interrupted) throw new LongshoreError('E_INTERRUPTED', 'interrupted while planning; nothing was changed');
  if (!(await askYesNo(`Run this plan (${plan.hash})?`, terminal))) {
    throw new LongshoreError('E_DECLINED', 'the plan was not approved; nothing was changed');
  }
  // a resume is held to it, too
  await keepPlan(stateDirectory(context), plan);
  return plan;
}
