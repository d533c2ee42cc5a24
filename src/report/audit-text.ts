import { foldNames } from '../inventory/patterns/fold-names.js';
import { CROSS_RULES, type CrossFinding } from '../sweep/cross-host.js';
import type { ObjectClass, SweepObject } from '../sweep/sweep-object.js';
import type { AuditReport } from './audit-document.js';
import { gather } from './gather.js';
import { oneLine } from './one-line.js';
import type { Paint, Style } from './paint.js';
import { textTable } from './table.js';
import { formatMs, plural } from './units.js';

const STYLES: Readonly<Record<ObjectClass, Style>> = {
  candidate: 'yellow',
  unknown: 'magenta',
  foreign: 'dim',
  owned: 'dim',
};

/**
 * Candidates, and what cannot be told, with the evidence; hosts with alike ones share a row. What is in order is only counted. Then what shows
 * across hosts.
 */
export function auditText({ audit }: AuditReport, paint: Paint): string {
  const entries = [...audit.hosts].flatMap(([host, { objects }]) =>
    objects.filter(isOfNote).map((object) => [host, object] as const),
  );
  const groups = gather(entries, alike);
  const rows = groups.map(({ names, value }) => [
    paint(STYLES[value.class], value.class),
    oneLine(foldNames(names)),
    oneLine(value.key),
    value.reasons.map(oneLine).join('\n') + exampleNote(names),
  ]);
  const table = rows.length === 0 ? '' : textTable(['CLASS', 'HOSTS', 'OBJECT', 'WHY'], rows, paint);
  return table + audit.crossHost.map((finding) => crossText(finding, paint)).join('');
}

export function isOfNote(object: SweepObject): boolean {
  return object.class === 'candidate' || object.class === 'unknown';
}

/** Numbers do not count, lest each LUN and each path be a row of its own. */
function alike({ class: verdict, key, reasons }: SweepObject): string {
  return JSON.stringify([verdict, ...[key, ...reasons].map((text) => text.replace(/[\da-f]*\d[\da-f]*/g, '#'))]);
}

export function exampleNote([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? '' : `\n(on ${oneLine(first)}; alike on the others)`;
}

function crossText({ rule, what }: CrossFinding, paint: Paint): string {
  return `${paint('red', rule)}  ${oneLine(what)}\n    ${paint('dim', CROSS_RULES[rule])}\n`;
}

/** One line: what was found on how many hosts, and what looking cost. */
export function auditSummary({ result, audit }: AuditReport, paint: Paint): string {
  const count = (verdict: ObjectClass): number =>
    [...audit.hosts.values()].reduce(
      (sum, { objects }) => sum + objects.filter((one) => one.class === verdict).length,
      0,
    );
  const seen = audit.hosts.size;
  const total = result.hosts.size + result.notRun.length;
  const counts = [
    paint(count('candidate') > 0 ? 'yellow' : 'green', plural(count('candidate'), 'candidate')),
    ...(count('unknown') > 0 ? [paint('magenta', `${count('unknown')} unknown`)] : []),
    `${count('owned')} owned`,
    `${count('foreign')} of others`,
    ...(audit.crossHost.length > 0 ? [paint('red', `${plural(audit.crossHost.length, 'finding')} across hosts`)] : []),
  ];
  const hosts = seen === total ? plural(total, 'host') : `${seen} of ${plural(total, 'host')}`;
  const trips = [...result.hosts.values()].map(({ roundTrips }) => roundTrips);
  const cost = trips.length === 0 ? [] : [`up to ${plural(Math.max(...trips), 'round trip')} per host`];
  const outage = audit.outage === null ? '' : `${paint('red', 'outage')}  ${audit.outage}: a sweep would only report\n`;
  return `${outage}${[`${hosts}: ${counts.join(', ')}`, formatMs(result.durationMs), ...cost].join(paint('dim', ' · '))}\n`;
}
