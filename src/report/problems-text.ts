import type { LongshoreError } from '../errors/longshore-error.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { foldNames } from '../inventory/patterns/fold-names.js';
import { oneLine } from './one-line.js';
import { gather } from './gather.js';
import { paintOutcome, type Paint } from './paint.js';
import { formatMs, plural } from './units.js';
import { totalsOf } from './totals.js';
import type { Outcome } from '../connectors/connector.js';
import { OUTCOMES } from '../fleet/outcome.js';

/** Why hosts did not do well; the same reason on many hosts is told once. Also the hosts that were not run. */
export function problemsText(result: FleetResult, paint: Paint): string {
  const entries = [...result.hosts].flatMap(([name, { outcome, error }]) =>
    error === undefined ? [] : [[name, { name, outcome, error }] as const],
  );
  const groups = gather(entries, ({ name, outcome, error }) =>
    JSON.stringify([outcome, ...errorLines(error).map((line) => alikeText(line, name))]),
  );
  const problems = groups.map(({ names, value }) => {
    const { outcome, error } = value;
    const [first = '', ...more] = errorLines(error);
    if (names.length > 1 && saysWhere(first, value.name)) more.push(`on ${value.name}; alike on the others`);
    const title = `${paintOutcome(paint, outcome)}  ${oneLine(foldNames(names))}: ${first}\n`;
    return title + more.map((line) => `    ${paint('dim', line)}\n`).join('');
  });
  if (result.notRun.length > 0) {
    problems.push(
      `${paint('yellow', 'not run')}  ${oneLine(foldNames(result.notRun))}: ${result.stopped === undefined ? 'interrupted' : 'stopped'} before their turn\n`,
    );
  }
  return problems.join('');
}

const ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}\b|\[?\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}\]?|\bport \d+|:\d+\b/gi;

/** A message without what only says which host it is: 500 hosts with one fault are one fault. */
function alikeText(line: string, name: string): string {
  const word = new RegExp(`(?<![\\w.-])${name.replace(/[^\w-]/g, '\\$&')}(?![\\w-])`, 'g');
  return line.replace(word, '*').replace(ADDRESS, '*');
}

function saysWhere(line: string, name: string): boolean {
  return alikeText(line, name) !== line;
}

/** An error in lines for a terminal: code and message, then what helps to act on it. */
export function errorLines(error: LongshoreError): string[] {
  const { step, command, stderr, remedy, also = [] } = error.details;
  const lines = [`${error.code} ${oneLine(error.message)}`];
  if (step !== undefined) lines.push(`step: ${oneLine(step)}`);
  if (command !== undefined) lines.push(`command: ${oneLine(command)}`);
  for (const line of (stderr ?? '')
    .split('\n')
    .filter((text) => text.trim() !== '')
    .slice(-5)) {
    lines.push(`stderr: ${oneLine(line)}`);
  }
  for (const other of also) lines.push(`also: ${oneLine(other.message)}`);
  if (remedy !== undefined) lines.push(oneLine(remedy));
  return lines;
}

/** One line: how many hosts ended how, and what it cost. In a plan, hosts that would change are `to change`. */
export function summaryLine(result: FleetResult, paint: Paint, plan = false): string {
  const totals = totalsOf(result);
  const counts = OUTCOMES.filter((outcome: Outcome) => totals[outcome] > 0).map((outcome) =>
    paintOutcome(paint, outcome, `${totals[outcome]} ${plan && outcome === 'changed' ? 'to change' : outcome}`),
  );
  if (totals.notRun > 0) counts.push(paint('yellow', `${totals.notRun} not run`));
  const parts = [`${plural(totals.hosts, 'host')}: ${counts.join(', ')}`, formatMs(result.durationMs)];
  const trips = [...result.hosts.values()].map((host) => host.roundTrips).filter((count) => count > 0);
  if (trips.length > 0) parts.push(`${rangeText(trips)} per host`);
  return `${parts.join(paint('dim', ' · '))}\n`;
}

function rangeText(counts: readonly number[]): string {
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  return least === most ? plural(most, 'round trip') : `${least} to ${most} round trips`;
}
