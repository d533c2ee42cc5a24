#!/usr/bin/env node
import { runCli } from './run-cli.js';
import { processTerminal } from './terminal.js';

/** How long the process may take to end by itself once its work is done: a host that does not close must not hold it. */
const EXIT_WATCHDOG_MS = 1_000;

// `longshore ... | head` closes the pipe: that is the reader's wish, not an error
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCli(process.argv.slice(2), processTerminal());
setTimeout(() => process.exit(), EXIT_WATCHDOG_MS).unref();
