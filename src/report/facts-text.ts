import type { FleetResult } from '../fleet/fleet-result.js';
import { oneLine } from './one-line.js';
import type { Paint } from './paint.js';
import { textTable } from './table.js';

/** One row for each property of each host. */
export function factsTable(result: FleetResult, paint: Paint): string {
  const rows = [...result.hosts].flatMap(([name, { facts = {} }]) =>
    Object.keys(facts)
      .sort()
      .map((key) => [oneLine(name), oneLine(key), oneLine(shown(facts[key]))]),
  );
  return rows.length === 0 ? '' : textTable(['HOST', 'PROPERTY', 'VALUE'], rows, paint);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
