import type { FleetResult } from '../fleet/fleet-result.js';
import { foldNames } from '../inventory/patterns/fold-names.js';
import { gather } from './gather.js';
import { oneLine } from './one-line.js';
import { type Paint, paintOutcome } from './paint.js';
import { textTable } from './table.js';

const STATES = { changed: 'clean now', ok: 'was not dirty' } as const;

/** Hosts after a clean-up: which are clean now, and of what. */
export function cleanText(result: FleetResult, paint: Paint): string {
  const entries = [...result.hosts].map(([name, { outcome, volumes }]) => {
    const state = outcome === 'changed' || outcome === 'ok' ? STATES[outcome] : outcome;
    return [name, { state, outcome, of: [...(volumes ?? new Map()).keys()].join(', ') }] as const;
  });
  const rows = gather(entries, (value) => JSON.stringify(value)).map(({ names, value }) => [
    oneLine(foldNames(names)),
    paintOutcome(paint, value.outcome, value.state),
    oneLine(value.of),
  ]);
  return rows.length === 0 ? '' : textTable(['HOSTS', 'STATE', 'VOLUMES'], rows, paint);
}
