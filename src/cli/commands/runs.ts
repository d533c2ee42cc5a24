import type { LongshoreError } from '../../errors/longshore-error.js';
import { attachments } from '../../journal/attachments.js';
import type { RunRecord } from '../../journal/run-record.js';
import { readRuns, runIds } from '../../journal/run-store.js';
import { jsonText } from '../../report/result-document.js';
import { listedRun, runDocument } from '../../report/runs-document.js';
import type { RunsDocument } from '../../report/runs-schema.js';
import { attachedTable, runsTable, runText } from '../../report/runs-text.js';
import { plural } from '../../report/units.js';
import type { Command, CommandContext } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { knownRuns, runNamed } from '../known-runs.js';
import { usageError } from '../parse-options.js';
import { showError } from '../show-error.js';
import { stateDirectory } from '../state-directory.js';
import { paintFor } from '../terminal.js';

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
    terminal.stderr.write(`${wayOn(first.record.start)}\n`);
  }
  return EXIT.ok;
}

/** A sweep is made anew from what the hosts show: its approval was for what it saw then. */
function wayOn({ run, verb }: RunRecord['start']): string {
  if (verb === 'sweep')
    return 'What it has not removed: longshore sweep, which looks again and asks for an approval of its own.';
  return `To finish it: longshore resume ${run}; to undo what it left half done: longshore resume ${run} --undo`;
}

async function tellAttached(context: CommandContext): Promise<ExitCode> {
  const { options, terminal } = context;
  const directory = stateDirectory(context);
  const { runs: records, problems } = await readRuns(directory, await runIds(directory));
  const attached = attachments(records);
  if (options.json) print(context, { attached: attached.map((one) => ({ ...one })) });
  else {
    terminal.stdout.write(attachedTable(attached, paintFor(terminal.stdout)));
    const hosts = new Set(attached.map(({ host }) => host)).size;
    const count = `${plural(attached.length, 'volume')} on ${plural(hosts, 'host')}`;
    terminal.stderr.write(
      `${count}, by the journals of ${plural(records.length, 'run')}; longshore status asks the hosts\n`,
    );
  }
  return exitAfter(context, problems);
}

function print({ terminal }: CommandContext, document: RunsDocument): void {
  terminal.stdout.write(jsonText(document));
}

/** A journal that could not be read may have changed the picture. */
function exitAfter({ terminal }: CommandContext, problems: readonly LongshoreError[]): ExitCode {
  for (const problem of problems) showError(problem, terminal);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}
