import type { FleetResult } from '../fleet/fleet-result.js';
import { oneLine } from './one-line.js';
import type { Paint } from './paint.js';
import { textTable } from './table.js';
import { formatMs } from './units.js';

/** One row for each host that answered. */
export function pingTable(result: FleetResult, paint: Paint): string {
  const rows = [...result.hosts].flatMap(([name, { ping }]) =>
    ping === undefined
      ? []
      : [
          [
            oneLine(name),
            formatMs(ping.connectMs),
            formatMs(ping.latencyMs),
            oneLine(ping.kernel),
            oneLine(ping.architecture),
          ],
        ],
  );
  if (rows.length === 0) return '';
  return textTable(['HOST', 'CONNECT', 'ROUND TRIP', 'KERNEL', 'MACHINE'], rows, paint);
}
