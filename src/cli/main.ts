#!/usr/bin/env node
import { EXIT } from './exit-codes.js';
import { runCli } from './run-cli.js';
import { showError } from './show-error.js';
import { processTerminal } from './terminal.js';

/** How long the process may take to end by itself once its work is done: a host that does not close must not hold it. */
const EXIT_WATCHDOG_MS = 1_000;

const terminal = processTerminal();
let isDefect = false;

// A closed pipe (`longshore ... | head`) or a terminal that is gone must not cut off hosts in mid-work: the run goes on to its end.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

// Nor must a defect of Longshore: the run ends as after Ctrl-C, and the exit code says what it was.
process.on('uncaughtException', (error) => {
  showError(error, terminal);
  if (process.argv.includes('debug') || process.argv.includes('trace')) terminal.stderr.write(`${error.stack ?? ''}\n`);
  if (isDefect || !process.emit('SIGINT', 'SIGINT')) process.exit(EXIT.internal);
  isDefect = true;
});

const code = await runCli(process.argv.slice(2), terminal);
process.exitCode = isDefect ? EXIT.internal : code;
setTimeout(() => process.exit(), EXIT_WATCHDOG_MS).unref();
