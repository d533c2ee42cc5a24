import type { Logger } from 'pino';
import type { ExitCode } from './exit-codes.js';
import type { CliOptions } from './options.js';
import type { Terminal } from './terminal.js';

/** What every command is given. */
export interface CommandContext {
  readonly options: CliOptions;
  readonly terminal: Terminal;
  readonly logger: Logger;
}

export type Command = (context: CommandContext) => Promise<ExitCode>;
