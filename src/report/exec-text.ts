import type { CommandFinding, FleetResult } from '../fleet/fleet-result.js';
import { foldNames } from '../inventory/patterns/fold-names.js';
import { oneLine } from './one-line.js';
import { gather } from './gather.js';
import type { Paint } from './paint.js';
import { plural } from './units.js';

/** What a command printed; hosts with the same output and exit code are shown once. */
export function execText(result: FleetResult, paint: Paint): string {
  const entries = [...result.hosts].flatMap(([name, { command }]) =>
    command === undefined ? [] : [[name, command] as const],
  );
  const groups = gather(entries, (command) => JSON.stringify(command));
  return groups.map(({ names, value }) => title(names, value, paint) + outputText(value, paint)).join('');
}

function title(names: readonly string[], command: CommandFinding, paint: Paint): string {
  const notes = [
    ...(names.length > 1 ? [plural(names.length, 'host')] : []),
    ...(command.exit === 0 ? [] : [paint('red', command.timedOut ? 'timed out' : `exit ${command.exit ?? 'unknown'}`)]),
    ...(command.truncated ? [paint('yellow', 'output cut')] : []),
  ];
  const name = `--- ${paint('bold', oneLine(foldNames(names)))}`;
  return notes.length === 0 ? `${name}\n` : `${name} (${notes.join(', ')})\n`;
}

function outputText({ stdout, stderr }: CommandFinding, paint: Paint): string {
  const out = linesOf(stdout).map((line) => `${line}\n`);
  const err = linesOf(stderr).map((line) => `${paint('yellow', 'stderr')} ${line}\n`);
  return [...out, ...err].join('');
}

/** Lines of untrusted output, ready for a terminal; tabs are kept as they are harmless. */
function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  return lines.map((line) =>
    line
      .split('\t')
      .map((part) => oneLine(part))
      .join('\t'),
  );
}
