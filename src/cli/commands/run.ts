import { LongshoreError } from '../../errors/longshore-error.js';
import type { InventoryHost } from '../../inventory/inventory.js';
import type { RunJournal } from '../../journal/run-journal.js';
import type { TaskJournal } from '../../journal/task-journal.js';
import { problemsText, summaryLine } from '../../report/problems-text.js';
import { jsonText, runbookDocument } from '../../report/result-document.js';
import { runbookText, unfinishedText } from '../../report/runbook-text.js';
import { warningsText } from '../../report/volume-text.js';
import { readPlan } from '../../runbook/plan-store.js';
import type { RunbookPlan } from '../../runbook/plan.js';
import type { RunbookResult } from '../../runbook/run-result.js';
import { type PlayPart, requireSame, runRunbook } from '../../runbook/run-runbook.js';
import { askYesNo } from '../ask-yes-no.js';
import type { Command, CommandContext } from '../command.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { moveTools } from '../move-tools.js';
import { usageError } from '../parse-options.js';
import { performRun } from '../perform-verb.js';
import type { Prompts } from '../prompts.js';
import { prepareRunbook, type PreparedRunbook, requireStepSecrets } from '../read-runbook.js';
import { scrubberOf } from '../start-journal.js';
import { stateDirectory } from '../state-directory.js';
import { paintFor } from '../terminal.js';
import { withOwners } from '../with-owners.js';
import { makePlan, showPlan } from './plan.js';

export const run: Command = async (context) => {
  const prepared = await prepareRunbook(context);
  const { runbook, inventory, hosts, connect } = prepared;
  requireStepSecrets(runbook);
  const approved = await approvalOf(context, prepared);
  const result = await performRun(
    context,
    { verb: 'run', hosts, connect, changesHosts: true, refusesDirty: true },
    (options, { prompts, journal }) =>
      runRunbook(runbook, {
        ...options,
        inventory,
        stateDirectory: stateDirectory(context),
        approved,
        moves: moveTools(context, options.run),
        ask: (question) => ask(context, prompts, question),
        ...(journal === undefined ? {} : { journalOf: (part) => partJournal(journal, part, hosts) }),
        onEvent: (event) => {
          if (event.type === 'run-interrupted') journal?.interrupted();
          options.onEvent?.(event);
        },
      }),
  );
  const owned = await withOwners(context, result, hosts, (host) => [...host.volumes.values()]);
  present(context, owned);
  return exitCodeOfRun(owned);
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
  if (await askYesNo(`Run this plan (${plan.hash})?`, terminal)) return plan;
  throw new LongshoreError('E_DECLINED', 'the plan was not approved; nothing was changed');
}

async function ask({ options }: CommandContext, prompts: Prompts, question: string): Promise<boolean> {
  if (options.yes) return true;
  const answer = await prompts.confirm(question);
  if (answer !== null) return answer;
  throw new LongshoreError('E_DECLINED', `nobody can be asked here: ${question}`, {
    remedy: 'Run it on a terminal, or say --yes for an answer in advance.',
  });
}

function partJournal(journal: RunJournal, part: PlayPart, all: readonly InventoryHost[]): TaskJournal {
  const { name, hosts, ...place } = part;
  const volumes = new Map(hosts.map((host) => [host.name, host.volumes]));
  const scrub = scrubberOf(all, (host) => volumes.get(host.name) ?? [...host.volumes.values()]);
  return journal.task({ verb: 'run', name, options: place, hosts, scrub });
}

function present({ options, terminal }: CommandContext, result: RunbookResult): void {
  if (options.json) {
    terminal.stdout.write(jsonText(runbookDocument(result)));
    return;
  }
  terminal.stdout.write(runbookText(result, paintFor(terminal.stdout)));
  const paint = paintFor(terminal.stderr);
  terminal.stderr.write(
    warningsText(result, paint) +
      problemsText(result, paint) +
      unfinishedText(result, paint) +
      summaryLine(result, paint),
  );
}
