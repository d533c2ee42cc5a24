import type { FleetResult } from '../fleet/fleet-result.js';
import type { Paint } from '../report/paint.js';
import { problemsText, summaryLine } from '../report/problems-text.js';
import { jsonText, resultDocument } from '../report/result-document.js';
import { warningsText } from '../report/volume-text.js';
import type { CommandContext } from './command.js';
import { showError } from './show-error.js';
import { paintFor } from './terminal.js';

/**
 * Prints what a run did: with `--json` the document alone; else the result on stdout, and on stderr what went wrong, what to know
 * and the closing line, so that a pipe gets results only.
 */
export function presentResult(
  { options, terminal }: CommandContext,
  result: FleetResult,
  textOf: (result: FleetResult, paint: Paint) => string,
): void {
  if (options.json) {
    terminal.stdout.write(jsonText(resultDocument(result, { plan: options.plan })));
    if (result.journalError !== undefined) showError(result.journalError, terminal);
    return;
  }
  terminal.stdout.write(textOf(result, paintFor(terminal.stdout)));
  const paint = paintFor(terminal.stderr);
  terminal.stderr.write(
    warningsText(result, paint) + problemsText(result, paint) + summaryLine(result, paint, options.plan),
  );
  if (result.journalError !== undefined) showError(result.journalError, terminal);
}
