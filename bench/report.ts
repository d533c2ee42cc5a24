import Table from 'cli-table3';
import os from 'node:os';
import { targetsOf } from './targets.js';
import type { Scale } from './scale.js';
import { FANOUT, REFERENCE } from './tools.js';
import type { Cell } from './workloads.js';

export interface Results {
  readonly date: string;
  readonly machine: string;
  readonly cores: number;
  readonly mode: 'full' | 'quick';
  readonly tools: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
  readonly cells: readonly Cell[];
  readonly scale: Scale | null;
  readonly skipped: readonly string[];
  readonly seconds: number;
  /** load average of the machine when it began: what else was going on */
  readonly loadBefore: number;
}

const HEAD = [
  'tool',
  'time s',
  'x',
  'CPU ms/host',
  'x',
  'memory MiB',
  'round trips',
  'logins',
  'shells',
  'hosts CPU s',
  'floor s',
  'others',
  '',
];

interface Group {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

function groupsOf(cells: readonly Cell[]): Group[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells.toSorted((a, b) => a.rttMs - b.rttMs)) {
    const title = `${cell.workload}, ${cell.hosts} hosts, ${cell.rttMs} ms`;
    groups.set(title, [...(groups.get(title) ?? []), cell]);
  }
  return [...groups].map(([title, group]) => {
    const reference = group.find(({ tool }) => tool === REFERENCE);
    return { title, rows: group.map((cell) => rowOf(cell, reference)) };
  });
}

function rowOf(cell: Cell, reference: Cell | undefined): string[] {
  const { hosts } = cell;
  const ratio = (key: 'wallS' | 'cpuS'): string =>
    reference === undefined ? '' : (cell[key] / reference[key]).toFixed(1);
  return [
    cell.tool,
    cell.wallS.toFixed(2),
    ratio('wallS'),
    ((cell.cpuS * 1000) / hosts).toFixed(1),
    ratio('cpuS'),
    (cell.peakBytes / 2 ** 20).toFixed(0),
    cell.roundTrips === null ? '' : (cell.roundTrips / hosts).toFixed(1),
    (cell.logins / hosts).toFixed(1),
    (cell.sessions / hosts).toFixed(1),
    cell.hostCpuS.toFixed(2),
    ((cell.cpuS + cell.hostCpuS) / os.availableParallelism()).toFixed(2),
    `${((100 * cell.otherCpuS) / (cell.otherCpuS + cell.cpuS + cell.hostCpuS)).toFixed(0)} %`,
    cell.sampled === undefined ? `median of ${cell.runs}` : `from ${cell.sampled} of them`,
  ];
}

/** For a terminal. */
export function resultsText(results: Results): string {
  const parts = groupsOf(results.cells).map(({ title, rows }) => `${title}\n${table(HEAD, rows)}\n`);
  const targets = targetRows(results);
  return `${parts.join('\n')}\n${table(TARGET_HEAD, targets)}\n${notes(results).join('\n')}\n`;
}

/** For the repository. */
export function resultsMarkdown(results: Results): string {
  const parts = groupsOf(results.cells).map(({ title, rows }) => `## ${title}\n\n${markdownTable(HEAD, rows)}\n`);
  const targets = `## Targets\n\n${markdownTable(TARGET_HEAD, targetRows(results))}\n`;
  const said = notes(results).map((line) => `- ${line}\n`);
  return `# Fleet bench, ${results.date}\n\n${said.join('')}\nColumns are explained in [the page of the bench](../README.md).\n\n${targets}\n${parts.join('\n')}`;
}

const TARGET_HEAD = ['target', 'wanted', 'found', 'limit', ''];

function targetRows({ cells, scale, cores }: Results): string[][] {
  return targetsOf(cells, scale, cores).map(({ what, wanted, found, limit = '', isReached }) => [
    what,
    wanted,
    found,
    limit,
    isReached ? 'reached' : 'NOT reached',
  ]);
}

function notes(results: Results): string[] {
  const versions = Object.entries(results.tools).filter(([, version]) => version !== '');
  return [
    `${results.machine}; load ${results.loadBefore.toFixed(1)} before the run; ${results.mode} run of ${results.seconds.toFixed(0)} s; fanout ${FANOUT} for all tools`,
    ...versions.map(([tool, version]) => `${tool}: ${version}`),
    ...(results.missing.length === 0 ? [] : [`not installed: ${results.missing.join(', ')}`]),
    ...results.skipped.map((what) => `not measured: ${what}`),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: [...head],
    style: { head: [], border: [] },
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const align = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(head), line(align), ...rows.map(line)].join('\n');
}
