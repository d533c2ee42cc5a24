import type { FleetResult } from '../fleet/fleet-result.js';
import type { Paint } from '../report/paint.js';
import { jsonText, resultDocument } from '../report/result-document.js';
import type { MoveDocument } from '../report/result-schema.js';
import type { CommandContext } from './command.js';
import { presentResult } from './present-result.js';
import { showError } from './show-error.js';

/** Prints what a move did: the document of any run with its moves in it, or its text; the rest as every run. */
export function presentMove(
  context: CommandContext,
  result: FleetResult,
  moves: readonly MoveDocument[],
  textOf: (paint: Paint) => string,
): void {
  const { options, terminal } = context;
  if (!options.json) {
    presentResult(context, result, (_, paint) => textOf(paint));
    return;
  }
  terminal.stdout.write(jsonText({ ...resultDocument(result, { plan: options.plan }), moves }));
  if (result.journalError !== undefined) showError(result.journalError, terminal);
}
