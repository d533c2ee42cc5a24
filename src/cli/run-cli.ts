import yargs from 'yargs';
import { didYouMean } from '../inventory/near-misses.js';
import type { Command } from './command.js';
import { COMMANDS, type CommandEntry } from './command-table.js';
import { packageVersion } from './package-version.js';
import { EXIT, exitCodeOfError, type ExitCode } from './exit-codes.js';
import { parseOptions, usageError } from './parse-options.js';
import { showError } from './show-error.js';
import type { Terminal } from './terminal.js';

/** Runs one command line and gives the exit code. Never throws: what goes wrong is told on stderr. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    const [words, command] = splitAtDashes(args);
    const chosen = await parseWords(words, command !== null, terminal);
    if (chosen === null) return EXIT.ok;
    const options = parseOptions(chosen.args, command ?? []);
    const [run, { makeLogger }] = await Promise.all([chosen.entry.load(), import('./logger.js')]);
    const logger = makeLogger(options.logLevel, terminal.stderr);
    return await runCommand(run, { options, terminal, logger });
  } catch (error) {
    showError(error, terminal);
    return exitCodeOfError(error);
  }
}

async function runCommand(run: Command, context: Parameters<Command>[0]): Promise<ExitCode> {
  try {
    return await run(context);
  } catch (error) {
    context.logger.debug({ err: error }, 'the command ended with an error');
    throw error;
  }
}

interface Chosen {
  readonly entry: CommandEntry;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What stands behind the first `--` is a command for the hosts, word by word, and not for yargs to read. */
function splitAtDashes(args: readonly string[]): [words: readonly string[], command: readonly string[] | null] {
  const at = args.indexOf('--');
  return at === -1 ? [args, null] : [args.slice(0, at), args.slice(at + 1)];
}

/** Null when yargs answered by itself (help, version). Throws `E_USAGE`. */
async function parseWords(words: readonly string[], hasCommand: boolean, terminal: Terminal): Promise<Chosen | null> {
  let chosen: Chosen | null = null;
  const parser = yargs()
    .scriptName('longshore')
    .usage('$0 COMMAND [options]\n\nAttach and detach block volumes on fleets of Linux hosts over SSH.')
    .locale('en')
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .parserConfiguration({ 'greedy-arrays': false, 'boolean-negation': false })
    .version(packageVersion())
    .help()
    .alias('help', 'h')
    .epilogue('Exit codes and JSON: docs/cli.md')
    .strict()
    .demandCommand(1, 'Which command? See longshore --help')
    .exitProcess(false)
    .fail((message: string, error: Error | undefined) => {
      throw error ?? usageError(mendMessage(message, words), 'See longshore --help');
    });
  for (const [name, entry] of Object.entries(COMMANDS)) {
    parser.command({
      command: entry.usage,
      describe: entry.describe,
      builder: (command) => {
        for (const [word, options] of Object.entries(entry.positionals ?? {})) command.positional(word, options);
        for (const [line, what] of entry.examples) command.example(line, what);
        return command
          .options(entry.options)
          .usage(
            `longshore ${entry.usage.replace(/<(\w+)>/g, (_match, word: string) => word.toUpperCase())} [options]\n\n${entry.describe}`,
          );
      },
      handler: (args) => {
        if (hasCommand && name !== 'exec') throw usageError(`${name} takes no command behind --`);
        chosen = { entry, args };
      },
    });
  }
  await parser.parseAsync([...words], {}, (_error: unknown, _args: unknown, output: string) => {
    if (output !== '') terminal.stdout.write(`${output}\n`);
  });
  return chosen;
}

/** yargs' message with what the user may have meant. */
function mendMessage(message: string, words: readonly string[]): string {
  const unknown = /^Unknown (?:arguments?|commands?): (.*)$/.exec(message)?.[1]?.split(', ')[0];
  const [name = ''] = words;
  if (unknown === undefined || name.startsWith('-')) return message;
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) return `there is no command "${name}"${didYouMean(name, Object.keys(COMMANDS))}`;
  const dashes = name === 'exec' ? '; put -- before the command to run' : '';
  const option = words.find((word) => word.startsWith('-') && word.replace(/^-+/, '').split('=')[0] === unknown);
  if (option === undefined) return `${name} takes no argument "${unknown}"${dashes}`;
  const options = Object.keys(entry.options).map((key) => `--${key}`);
  const [given = option] = option.split('=');
  return `${name} has no option ${given}${didYouMean(given, options).replaceAll('"', '')}${dashes}`;
}
