import { LongshoreError } from '../../errors/longshore-error.js';
import { attachments } from '../../journal/attachments.js';
import { readRuns, runIds } from '../../journal/run-store.js';
import type { LedgerEntry } from '../../moves/ledger/ledger-entry.js';
import { jsonText } from '../../report/result-document.js';
import { listedRun, runDocument } from '../../report/runs-document.js';
import type { RunsDocument } from '../../report/runs-schema.js';
import { attachedTable, runsTable, runText } from '../../report/runs-text.js';
import { plural } from '../../report/units.js';
import type { Command, CommandContext } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { knownRuns, runNamed } from '../known-runs.js';
import { moveTools } from '../move-tools.js';
import { usageError } from '../parse-options.js';
import { showError } from '../show-error.js';
import { stateDirectory } from '../state-directory.js';
import { withTaken } from '../taken-volumes.js';
import { paintFor } from '../terminal.js';
import { wayOn } from '../way-on.js';

/** What the journals tell: the runs, one run, or what is attached where. Connects to nothing. */
export const runs: Command = async (context) => {
  const { options } = context;
  if (options.attached && options.run !== '') throw usageError('--attached tells of all runs; it takes no RUN');
  if (options.attached) return tellAttached(context);
  return options.run === '' ? tellRuns(context) : tellRun(context, options.run);
};

async function tellRuns(context: CommandContext): Promise<ExitCode> {
  const { options, terminal } = context;
  const directory = stateDirectory(context);
  const ids = await runIds(directory);
  const { runs: known, problems } = await knownRuns(directory, ids.slice(-options.last));
  if (options.json) print(context, { runs: known.map(listedRun) });
  else {
    terminal.stdout.write(runsTable(known, paintFor(terminal.stdout)));
    const more = ids.length > options.last ? `; the latest ${options.last}, more with --last` : '';
    terminal.stderr.write(`${plural(ids.length, 'run')} in ${directory}${more}\n`);
  }
  return exitAfter(context, problems);
}

async function tellRun(context: CommandContext, word: string): Promise<ExitCode> {
  const { options, terminal } = context;
  const directory = stateDirectory(context);
  const run = await runNamed(directory, word);
  const { runs: known, problems } = await knownRuns(directory, [run], 'all');
  const [first] = known;
  if (first === undefined) {
    const [problem] = problems;
    if (problem !== undefined) throw problem;
    throw usageError(`run ${run} died before it had written anything: it has changed nothing`);
  }
  if (options.json) {
    print(context, { run: runDocument(first) });
    return EXIT.ok;
  }
  terminal.stdout.write(runText(first, paintFor(terminal.stdout)));
  if (first.state === 'died' || first.state === 'interrupted') {
    terminal.stderr.write(`${wayOn(first.record)}\n`);
  }
  return EXIT.ok;
}

async function tellAttached(context: CommandContext): Promise<ExitCode> {
  const { options, terminal } = context;
  const directory = stateDirectory(context);
  const { runs: records, problems } = await readRuns(directory, await runIds(directory));
  const told: LongshoreError[] = [...problems];
  const entries = await ledgerEntries(context, told);
  const attached = withTaken(attachments(records), entries);
  if (options.json) print(context, { attached: attached.map((one) => ({ ...one })) });
  else {
    terminal.stdout.write(attachedTable(attached, paintFor(terminal.stdout)));
    const hosts = new Set(attached.map(({ host }) => host)).size;
    const count = `${plural(attached.length, 'volume')} on ${plural(hosts, 'host')}`;
    terminal.stderr.write(
      `${count}, by the journals of ${plural(records.length, 'run')}; longshore status asks the hosts\n`,
    );
  }
  return exitAfter(context, told);
}

/** Without the ledger it is not known what was evacuated: that is told, beside what the journals say. */
async function ledgerEntries(context: CommandContext, problems: LongshoreError[]): Promise<readonly LedgerEntry[]> {
  try {
    return await moveTools(context, 'runs').ledger.entries();
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    problems.push(error);
    return [];
  }
}

function print({ terminal }: CommandContext, document: RunsDocument): void {
  terminal.stdout.write(jsonText(document));
}

/** A journal that could not be read may have changed the picture. */
function exitAfter({ terminal }: CommandContext, problems: readonly LongshoreError[]): ExitCode {
  for (const problem of problems) showError(problem, terminal);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}
