import type { FleetResult } from '../../fleet/fleet-result.js';
import { worstOutcome } from '../../fleet/outcome.js';
import { runbookPlanText } from '../../report/plan-text.js';
import { problemsText, summaryLine } from '../../report/problems-text.js';
import { jsonText } from '../../report/result-document.js';
import { keepPlan } from '../../runbook/plan-store.js';
import type { RunbookPlan } from '../../runbook/plan.js';
import { planRunbook } from '../../runbook/plan-runbook.js';
import type { Command, CommandContext } from '../command.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { moveTools } from '../move-tools.js';
import { performRun } from '../perform-verb.js';
import { prepareRunbook, type PreparedRunbook } from '../read-runbook.js';
import { stateDirectory } from '../state-directory.js';
import { paintFor } from '../terminal.js';

export const plan: Command = async (context) => {
  const { options, terminal } = context;
  const prepared = await prepareRunbook(context);
  const { plan: made, result } = await makePlan(context, prepared);
  if (!result.interrupted) await keepPlan(stateDirectory(context), made);
  if (options.json) terminal.stdout.write(jsonText(made));
  else {
    showPlan(context, made, result);
    if (!result.interrupted) terminal.stdout.write(`plan ${made.hash}\n`);
  }
  return exitCodeOfRun({ ...result, hosts: outcomesOf(made, result) });
};

/** Looks at the hosts and plans. Nothing on this way is able to change one. */
export async function makePlan(
  context: CommandContext,
  { runbook, inventory, hosts, connect }: PreparedRunbook,
): Promise<{ readonly plan: RunbookPlan; readonly result: FleetResult }> {
  let made: RunbookPlan | undefined;
  const result = await performRun(context, { verb: 'plan', hosts, connect, changesHosts: false }, async (options) => {
    const planned = await planRunbook(runbook, {
      ...options,
      inventory,
      moves: moveTools(context, options.run),
      stateDirectory: stateDirectory(context),
    });
    made = planned.plan;
    return planned.result;
  });
  if (made === undefined) throw new Error('a plan without a plan');
  return { plan: made, result };
}

/** The plan on stdout; on stderr the hosts that could not be looked at, and the closing line. */
export function showPlan({ terminal }: CommandContext, made: RunbookPlan, result: FleetResult): void {
  terminal.stdout.write(runbookPlanText(made, paintFor(terminal.stdout)));
  const paint = paintFor(terminal.stderr);
  terminal.stderr.write(problemsText(result, paint) + summaryLine(result, paint, true));
}

/** What a host is only waiting for, because an earlier step is to change it first, is no failure of the plan. */
function outcomesOf(made: RunbookPlan, result: FleetResult): FleetResult['hosts'] {
  const works = made.plays.flatMap((play) => play.steps.flatMap((step) => step.works));
  const outcomes = new Map<string, (typeof works)[number]['outcome'][]>();
  for (const { host, outcome, follows } of works) {
    if (follows === null) outcomes.set(host, [...(outcomes.get(host) ?? []), outcome]);
  }
  return new Map(
    [...result.hosts].map(([name, host]) => {
      const unseen = made.plays.some((play) => play.unseen.some((one) => one.host === name));
      return [name, unseen ? host : { ...host, outcome: worstOutcome(outcomes.get(name) ?? []) }];
    }),
  );
}
