import { worstSeverity } from '../doctor/judge.js';
import { SEVERITIES, type Finding, type RuleText, type Severity } from '../doctor/rule.js';
import { foldNames } from '../inventory/patterns/fold-names.js';
import type { DoctorReport } from './doctor-document.js';
import { gather, type Gathered } from './gather.js';
import { oneLine } from './one-line.js';
import type { Paint, Style } from './paint.js';
import { textTable } from './table.js';
import { formatMs, plural } from './units.js';

const STYLES: Readonly<Record<Severity, Style>> = { problem: 'red', warning: 'yellow', notice: 'cyan' };

/** Findings as a table, hosts with the same one folded into one row; below it each rule once: why, and what instead. */
export function doctorText({ findings }: DoctorReport, paint: Paint): string {
  const groups = groupsOf(findings);
  if (groups.length === 0) return '';
  const rows = groups.map(({ names, value: { rule, whats } }) => [
    paint(STYLES[rule.severity], rule.severity),
    oneLine(foldNames(names)),
    rule.id,
    whats.map(oneLine).join('\n') + alike(names, findings, rule, whats),
  ]);
  const rules = [...new Set(groups.map(({ value }) => value.rule))];
  const told = rules.map(
    ({ id, severity, reason, instead, source }) =>
      `\n${paint(STYLES[severity], id)}  ${reason}\n    ${paint('dim', 'instead:')} ${instead}\n    ${paint('dim', `source: ${source}`)}\n`,
  );
  return textTable(['SEVERITY', 'HOSTS', 'FINDING', 'WHAT'], rows, paint) + told.join('');
}

/** One line: how many hosts are well, and what looking cost. */
export function doctorSummary({ result, findings }: DoctorReport, paint: Paint): string {
  const worst = [...findings.values()].map(worstSeverity);
  const count = (severity: Severity): number => worst.filter((one) => one === severity).length;
  const well = worst.filter((one) => one === null || one === 'notice').length;
  const total = result.hosts.size + result.notRun.length;
  const counts = [
    ...(well > 0 ? [paint('green', `${well} well`)] : []),
    ...(count('warning') > 0 ? [paint('yellow', `${count('warning')} with warnings`)] : []),
    ...(count('problem') > 0 ? [paint('red', `${count('problem')} with problems`)] : []),
    ...(total > worst.length ? [paint('yellow', `${total - worst.length} not looked at`)] : []),
  ];
  const costs = [...result.hosts.values()].filter(({ roundTrips }) => roundTrips > 0);
  const most = (field: 'roundTrips' | 'remoteProcesses'): number => Math.max(...costs.map((host) => host[field]));
  const cost =
    costs.length === 0 ? [] : [`${plural(most('roundTrips'), 'round trip')}, ${most('remoteProcesses')} processes`];
  const parts = [`${plural(total, 'host')}: ${counts.join(', ')}`, formatMs(result.durationMs), ...cost];
  return `${parts.join(paint('dim', ' · '))}\n`;
}

interface RuleOnHost {
  readonly rule: RuleText;
  readonly whats: readonly string[];
}

/** Hosts with the same finding; numbers do not count, lest each pid and each volume be a row of its own. The gravest first. */
function groupsOf(findings: DoctorReport['findings']): Gathered<RuleOnHost>[] {
  const entries = [...findings].flatMap(([host, own]) =>
    [...new Set(own.map(({ rule }) => rule))].map((rule) => [host, { rule, whats: whatsOf(own, rule) }] as const),
  );
  const groups = gather(entries, ({ rule, whats }) => JSON.stringify([rule.id, ...whats.map(withoutNumbers)]));
  const gravity = ({ value }: Gathered<RuleOnHost>): number => SEVERITIES.indexOf(value.rule.severity);
  return groups.sort((a, b) => gravity(b) - gravity(a));
}

function whatsOf(findings: readonly Finding[], rule: RuleText): string[] {
  return findings.filter((one) => one.rule === rule).map(({ what }) => what);
}

function withoutNumbers(what: string): string {
  return what.replace(/[\da-f]*\d[\da-f]*/g, '#');
}

/** Says so when the row shows one host's numbers for several. */
function alike(
  [first = '', ...others]: readonly string[],
  findings: DoctorReport['findings'],
  rule: RuleText,
  whats: readonly string[],
): string {
  const isSame = others.every((host) => whatsOf(findings.get(host) ?? [], rule).join('\n') === whats.join('\n'));
  return isSame ? '' : `\n(on ${oneLine(first)}; alike on the others)`;
}
