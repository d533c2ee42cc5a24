import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { RunHeader, RunJournal } from '../journal/run-journal.js';
import type { TaskJournal } from '../journal/task-journal.js';
import { problemsText, summaryLine } from '../report/problems-text.js';
import { jsonText, runbookDocument } from '../report/result-document.js';
import { runbookText, unfinishedText } from '../report/runbook-text.js';
import { warningsText } from '../report/volume-text.js';
import type { RunbookPlan } from '../runbook/plan.js';
import type { Resumed } from '../runbook/resumed.js';
import type { RunbookResult } from '../runbook/run-result.js';
import { type PlayPart, runRunbook } from '../runbook/run-runbook.js';
import type { CommandContext } from './command.js';
import { exitCodeOfRun, type ExitCode } from './exit-codes.js';
import { moveTools } from './move-tools.js';
import { performRun } from './perform-verb.js';
import type { Prompts } from './prompts.js';
import { type PreparedRunbook, requireStepSecrets } from './read-runbook.js';
import { showError } from './show-error.js';
import { scrubberOf } from './start-journal.js';
import { stateDirectory } from './state-directory.js';
import { paintFor } from './terminal.js';
import { withOwners } from './with-owners.js';

/** How a run of a playbook came to be. */
export interface RunOfPlaybook {
  /** the plan that it is held to; null: none */
  readonly approved: RunbookPlan | null;
  readonly resumed?: Resumed;
  readonly resumes?: NonNullable<RunHeader['resumes']>;
}

/** Runs a playbook that was read, writes its journal, and prints what it did. */
export async function runPlaybook(
  context: CommandContext,
  prepared: PreparedRunbook,
  { approved, resumed, resumes }: RunOfPlaybook,
): Promise<ExitCode> {
  const { runbook, inventory, hosts, connect } = prepared;
  requireStepSecrets(runbook);
  const { options } = context;
  const more = {
    playbook: path.resolve(runbook.filePath),
    digest: runbook.digest,
    ...(options.extraVars.length === 0 ? {} : { 'extra-vars': options.extraVars }),
    ...(approved === null ? { yes: true } : { approve: approved.hash }),
  };
  const work = {
    verb: 'run',
    hosts,
    connect,
    changesHosts: true,
    journaled: { more, ...(resumes === undefined ? {} : { resumes }) },
  };
  const result = await performRun(context, work, (fleetOptions, { prompts, journal }) =>
    runRunbook(runbook, {
      ...fleetOptions,
      inventory,
      stateDirectory: stateDirectory(context),
      approved,
      moves: moveTools(context, fleetOptions.run),
      ask: (question) => ask(context, prompts, question),
      ...(resumed === undefined ? {} : { resumed }),
      ...(journal === undefined ? {} : { journalOf: (part) => partJournal(journal, part, hosts) }),
      onEvent: (event) => {
        if (event.type === 'run-interrupted') journal?.interrupted();
        fleetOptions.onEvent?.(event);
      },
    }),
  );
  const owned = await withOwners(context, result, hosts, (host) => [...host.volumes.values()]);
  present(context, owned, resumes?.run);
  return exitCodeOfRun(owned);
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

function present({ options, terminal }: CommandContext, result: RunbookResult, resumes: string | undefined): void {
  if (options.json) terminal.stdout.write(jsonText(runbookDocument(result)));
  else {
    terminal.stdout.write(runbookText(result, paintFor(terminal.stdout)));
    const paint = paintFor(terminal.stderr);
    terminal.stderr.write(
      warningsText(result, paint) +
        problemsText(result, paint) +
        unfinishedText(result, paint) +
        summaryLine(result, paint),
    );
    const isWhole = result.stopped === undefined && !result.interrupted;
    // a resume of a resume is one of the first run, too
    if (!isWhole) terminal.stderr.write(`To go on: longshore resume ${resumes ?? result.run}\n`);
  }
  if (result.journalError !== undefined) showError(result.journalError, terminal);
}
