import { LongshoreError } from '../errors/longshore-error.js';
import { paintFor, type Terminal } from './terminal.js';

/**
 * Tells of an error that ended the command. Never a stack trace: `--log-level debug` logs that. Messages about input may be of many
 * lines, one for each problem; they hold text of the user's that was escaped where they were made.
 */
export function showError(error: unknown, terminal: Terminal): void {
  const paint = paintFor(terminal.stderr);
  const label = paint('red', 'error');
  if (error instanceof LongshoreError) {
    const { remedy } = error.details;
    terminal.stderr.write(`${label}  ${error.code} ${withoutControls(error.message)}\n`);
    if (remedy !== undefined) terminal.stderr.write(`    ${paint('dim', withoutControls(remedy))}\n`);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.stderr.write(`${label}  E_INTERNAL unexpected error: ${withoutControls(message)}\n`);
  terminal.stderr.write(
    `    ${paint('dim', 'This is a defect of Longshore; --log-level debug shows where it happened.')}\n`,
  );
}

/** Here and not by the transport's `printable`, which must not be loaded only to say that an option is unknown. */
function withoutControls(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
