import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LongshoreError } from '../errors/longshore-error.js';
import { LedgerFile } from '../moves/ledger/ledger-file.js';
import type { MoveTools } from '../moves/move-services.js';
import { printable } from '../transport/printable.js';
import { runHere } from '../transport/run-here.js';
import type { CommandContext } from './command.js';
import { controllerName, thisController } from './controller.js';
import { stateDirectory } from './state-directory.js';

/** Characters of what a command said that are shown; it may say anything. */
const MAX_SAID = 200;

/** What moves need of this machine: the ledger, its clock, and the site's own commands. */
export function moveTools(context: CommandContext, run: string): MoveTools {
  return {
    ledger: new LedgerFile(stateDirectory(context), run),
    run: runCommand,
    readFile: (filePath) => readFile(filePath, 'utf8'),
    pause: (ms) => sleep(ms),
    now: () => new Date(),
    by: controllerName(thisController()),
  };
}

/** Its arguments are in no message: a site may have put there what it should not. */
async function runCommand(argv: readonly string[], timeoutMs: number): Promise<{ readonly stdout: string }> {
  const { exit, stdout, stderr, timedOut, truncated } = await runHere(argv, { timeoutMs });
  const name = basename(argv[0] ?? '');
  if (timedOut) throw new LongshoreError('E_COMMAND_TIMEOUT', `${name} did not end within ${timeoutMs / 1000} s`);
  if (exit === 0 && !truncated) return { stdout };
  const said = printable(stderr.trim().split('\n').at(-1) ?? '').slice(0, MAX_SAID);
  throw new LongshoreError('E_COMMAND', `${name} ended with exit ${exit ?? 'none'}${said === '' ? '' : `: ${said}`}`);
}
