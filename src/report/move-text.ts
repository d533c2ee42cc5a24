import type { EvacuationReport } from '../moves/evacuate/evacuate.js';
import type { MoveReport } from '../moves/migrate/migrate.js';
import type { Ending } from '../moves/migrate/move-step.js';
import { oneLine } from './one-line.js';
import { type Paint, paintOutcome } from './paint.js';
import { outcomeOfMove } from '../moves/migrate/move-findings.js';
import { textTable } from './table.js';

const STATES: Readonly<Record<Ending, string>> = {
  planned: 'to be moved',
  moved: 'moved',
  'nothing-to-do': 'already there',
  returned: 'turned back',
  refused: 'refused',
  frozen: 'frozen',
  stopped: 'stopped',
};

/** What became of moves, one row each, and their stories below. */
export function moveText(reports: readonly MoveReport[], paint: Paint): string {
  const rows = reports.map((report) => {
    const { volume, from, to, ending, owner, results } = report;
    const device = ending === 'planned' ? '' : oneLine(results.to?.deviceInfo?.path ?? '');
    const state = paintOutcome(paint, outcomeOfMove(report), STATES[ending]);
    return [
      oneLine(volume),
      from,
      to,
      state,
      device,
      owner === null ? '' : `${owner.host ?? 'no host'} (${owner.number})`,
    ];
  });
  const table = textTable(['VOLUME', 'FROM', 'TO', 'STATE', 'DEVICE', 'OWNER'], rows, paint);
  const stories = reports.flatMap(({ story }) =>
    story.map((line, index) => `${String(index + 1).padStart(3)}. ${oneLine(line)}\n`),
  );
  return table + stories.join('');
}

/** What became of an evacuation: the evidence, then a row for each volume. */
export function evacuationText(report: EvacuationReport, paint: Paint, plan: boolean): string {
  const { evidence, ends, stopped, settled } = report;
  const shown =
    evidence === undefined
      ? ''
      : `${paint('bold', 'evidence')}  ${evidence.host}: ${evidence.method}, asked by ${oneLine(evidence.by)} at ${evidence.at}, good until ${evidence.expires}\n`;
  const rows = [
    ...ends.map(({ volume, to, result }) => {
      const isThere = result.error === undefined;
      const state = !isThere ? result.outcome : plan ? 'to be attached' : 'attached';
      return [oneLine(volume), to, paintOutcome(paint, result.outcome, state), oneLine(result.deviceInfo?.path ?? '')];
    }),
    ...[...settled].map(([volume, host]) => [
      oneLine(volume),
      host ?? '',
      paintOutcome(paint, 'ok', 'already there'),
      '',
    ]),
    ...[...stopped.keys()].map((volume) => [oneLine(volume), '', paintOutcome(paint, 'refused', 'stopped'), '']),
  ];
  return rows.length === 0 ? shown : shown + textTable(['VOLUME', 'TO', 'STATE', 'DEVICE'], rows, paint);
}
