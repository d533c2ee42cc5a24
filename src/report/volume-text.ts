import type { VolumePath, VolumeResult } from '../connectors/connector.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { foldNames } from '../inventory/patterns/fold-names.js';
import { oneLine } from './one-line.js';
import { gather } from './gather.js';
import { paintOutcome, type Paint } from './paint.js';
import { textTable } from './table.js';
import { formatBytes, plural } from './units.js';

interface Row {
  readonly volume: string;
  readonly result: VolumeResult;
}

/** Volumes by host after attach, detach or status; hosts with the same row share it. */
export function volumeTable(result: FleetResult, paint: Paint): string {
  const groups = gather(rowsOf(result), ({ volume, result: one }) => JSON.stringify(cellsOf(volume, one, result.verb)));
  if (groups.length === 0) return '';
  const rows = groups.map(({ names, value }) => {
    const [volume, label, ...rest] = cellsOf(value.volume, value.result, result.verb);
    return [oneLine(foldNames(names)), volume, paintOutcome(paint, value.result.outcome, label), ...rest];
  });
  const head = ['HOSTS', 'VOLUME', 'STATE', 'DEVICE', 'SIZE', 'PATHS'];
  const used = head.map((_, column) => column < 3 || rows.some((row) => row[column] !== ''));
  const keep = (cells: readonly string[]) => cells.filter((_, column) => used[column] === true);
  return textTable(keep(head), rows.map(keep), paint);
}

/** What would be done on each host; hosts with the same steps share them. */
export function planText(result: FleetResult, paint: Paint): string {
  const groups = gather(rowsOf(result), ({ volume, result: one }) =>
    JSON.stringify([volume, one.outcome, one.steps.map(({ id, what, command }) => [id, what, command])]),
  );
  return groups
    .map(({ names, value }) => {
      const { steps, outcome } = value.result;
      const count = steps.length > 0 ? plural(steps.length, 'step') : nothingToDo(value.result);
      const title = `${paint('bold', oneLine(foldNames(names)))}  ${oneLine(value.volume)}  ${paintOutcome(paint, outcome, count)}\n`;
      const lines = steps.map((step, index) => {
        const command = step.command === undefined ? '' : paint('dim', `     ${oneLine(step.command)}\n`);
        return `${String(index + 1).padStart(3)}. ${oneLine(step.what)}\n${command}`;
      });
      return title + lines.join('');
    })
    .join('');
}

/** What an operator should know although the work went well; empty when there is nothing. */
export function warningsText(result: FleetResult, paint: Paint): string {
  const entries = [...rowsOf(result)].flatMap(([host, { volume, result: one }]) =>
    one.warnings.map((warning) => [host, { volume, warning }] as const),
  );
  return gather(entries, (value) => JSON.stringify(value))
    .map(({ names, value }) => {
      const where = `${oneLine(foldNames(names))} ${oneLine(value.volume)}`;
      return `${paint('yellow', 'warning')}  ${where}: ${oneLine(value.warning)}\n`;
    })
    .join('');
}

function nothingToDo(result: VolumeResult): string {
  return result.outcome === 'ok' ? 'nothing to do' : result.outcome;
}

function* rowsOf(result: FleetResult): Generator<readonly [string, Row]> {
  for (const [name, host] of result.hosts) {
    for (const [volume, one] of host.volumes ?? []) yield [name, { volume, result: one }];
  }
}

function cellsOf(
  volume: string,
  result: VolumeResult,
  verb: string,
): readonly [string, string, string, string, string] {
  return [
    oneLine(volume),
    stateLabel(result, verb),
    oneLine(result.deviceInfo?.path ?? ''),
    result.sizeBytes === undefined ? '' : formatBytes(result.sizeBytes),
    pathsLabel(result.paths),
  ];
}

/** The outcome in the verb's own word. */
function stateLabel(result: VolumeResult, verb: string): string {
  const there = result.deviceInfo !== undefined;
  if (result.outcome === 'changed') return verb === 'detach' || (verb === 'run' && !there) ? 'detached' : 'attached';
  if (result.outcome !== 'ok') return result.outcome;
  if (verb === 'detach') return 'not attached';
  if (verb === 'attach') return 'already attached';
  return there ? 'attached' : 'not attached';
}

const LIVE_STATES: readonly string[] = ['active', 'running', 'live'];

function pathsLabel(paths: readonly VolumePath[]): string {
  if (paths.length === 0) return '';
  const live = paths.filter((path) => LIVE_STATES.includes(path.state)).length;
  return `${live}/${paths.length} live`;
}
