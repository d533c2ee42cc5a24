import { foldNames } from '../inventory/patterns/fold-names.js';
import type { Attachment } from '../journal/attachments.js';
import { overrideText } from '../journal/override.js';
import type { ChangeRecord, HostRecord, VolumeRecord } from '../journal/run-record.js';
import { openChanges, type HostState, type RunState } from '../journal/run-state.js';
import { gather } from './gather.js';
import { oneLine } from './one-line.js';
import type { Paint, Style } from './paint.js';
import { type KnownRun, listedRun, volumeState } from './runs-document.js';
import { textTable } from './table.js';
import { plural } from './units.js';

const RUN_STYLES: Readonly<Record<RunState, Style>> = {
  running: 'cyan',
  finished: 'green',
  interrupted: 'yellow',
  died: 'red',
  'not ended': 'yellow',
};

const GOOD: readonly string[] = ['ok', 'changed'] satisfies readonly HostState[];

/** Runs as a table, the latest last. */
export function runsTable(runs: readonly KnownRun[], paint: Paint): string {
  if (runs.length === 0) return '';
  const rows = runs.map((known) => {
    const { run, started, verb, hosts, resumes } = listedRun(known);
    const how = resumes === undefined ? verb : `${verb} (${resumes.mode} of ${resumes.run})`;
    return [run, timeText(started), oneLine(how), countsText(hosts), stateText(known, paint)];
  });
  return textTable(['RUN', 'STARTED (UTC)', 'VERB', 'HOSTS', 'STATE'], rows, paint);
}

function stateText({ state, resumedBy }: KnownRun, paint: Paint): string {
  const last = resumedBy.at(-1);
  return paint(RUN_STYLES[state], state) + (last === undefined ? '' : `, resumed by ${last}`);
}

function countsText(hosts: Readonly<Record<string, number>>): string {
  return Object.entries(hosts)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}

function timeText(t: string): string {
  return t.slice(0, 19).replace('T', ' ');
}

/** One run: what it was, and how each volume came out; hosts with the same row share it. */
export function runText(known: KnownRun, paint: Paint): string {
  const { start, tasks, filePath, ended, lastAt } = known.record;
  const { machine, user, pid, version } = start.controller;
  const listed = listedRun(known);
  const facts: (readonly [string, string])[] = [
    ['run', start.run],
    ['state', stateText(known, paint)],
    ['verb', start.verb],
    ['started', timeText(start.t)],
    ended === null ? ['last line', timeText(lastAt)] : ['ended', timeText(ended.t)],
    ['hosts', countsText(listed.hosts)],
    ['controller', `${user}@${machine}, pid ${pid}, Longshore ${version}`],
    ...(start.inventory === null ? [] : [['inventory', start.inventory] as const]),
    ...(start.limit === null ? [] : [['limit', start.limit] as const]),
    ...(start.resumes === undefined ? [] : [['resumes', `${start.resumes.run} (${start.resumes.mode})`] as const]),
    ...tasks.flatMap(({ start: { overrides = [] } }) =>
      overrides.map((one) => ['override', overrideText(one)] as const),
    ),
    ['journal', filePath],
  ];
  const head = facts.map(([name, value]) => `${paint('dim', name.padEnd(11))} ${oneLine(value)}\n`).join('');
  return head + tasks.map(({ hosts }) => hostsText([...hosts.values()], paint)).join('');
}

interface Row {
  readonly cells: readonly string[];
  /** the host's name is in here, so that hosts are put together by `cells` alone */
  readonly state: string;
}

function hostsText(hosts: readonly HostRecord[], paint: Paint): string {
  const entries = hosts.flatMap((host) =>
    host.volumes.size === 0
      ? [[host.name, rowOf(host, null)] as const]
      : [...host.volumes.values()].map((volume) => [host.name, rowOf(host, volume)] as const),
  );
  const groups = gather(entries, ({ cells }) => JSON.stringify(cells));
  if (groups.length === 0) return '';
  const rows = groups.map(({ names, value: { cells, state } }) => {
    const [volume = '', label = '', ...rest] = cells;
    const style = GOOD.includes(state) ? 'green' : state === 'not run' ? 'yellow' : 'red';
    return [oneLine(foldNames(names)), volume, paint(style, label), ...rest];
  });
  return `\n${textTable(['HOSTS', 'VOLUME', 'STATE', 'BEFORE', 'AT WORK ON, OR WHY'], rows, paint)}`;
}

function rowOf(host: HostRecord, volume: VolumeRecord | null): Row {
  const state =
    volume === null
      ? (host.ended?.outcome ?? (host.started === null ? 'not run' : 'unfinished'))
      : volumeState(host, volume);
  const before = volume?.found == null ? '' : volume.found.found.attached ? 'attached' : 'not attached';
  const open = openChanges([...(volume?.changes ?? []), ...host.changes]);
  const error = volume?.ended?.error ?? host.ended?.error;
  const left = volume?.ended?.left ?? [];
  const notes = [
    ...(GOOD.includes(state) ? [] : open.map(openText)),
    ...(error === undefined ? [] : [`${error.code} ${error.message}`]),
    ...(left.length === 0 ? [] : [`may be left: ${left.join(', ')}`]),
  ];
  const done = (volume?.changes ?? []).filter(({ outcome }) => outcome?.result === 'ok').length;
  const progress = state === 'unfinished' && done > 0 ? [`${plural(done, 'step')} done`] : [];
  return {
    cells: [oneLine(volume?.name ?? ''), state, before, [...progress, ...notes].map(oneLine).join('\n')],
    state,
  };
}

function openText({ intent, outcome }: ChangeRecord): string {
  return `${outcome === null ? 'not known: ' : 'unknown: '}${intent.what}`;
}

/** What is attached where; hosts with the same row share it. */
export function attachedTable(attached: readonly Attachment[], paint: Paint): string {
  const cellsOf = (one: Attachment): readonly string[] => [
    oneLine(one.volume),
    one.state === 'attached' ? 'attached' : `uncertain: ${one.why ?? ''}`,
    one.before === 'attached' ? `before ${timeText(one.since)}` : timeText(one.since),
    one.run,
    one.lastRun === one.run ? '' : one.lastRun,
    one.paths === 0 ? '' : String(one.paths),
  ];
  const sinceRun = (one: Attachment) =>
    JSON.stringify([one.volume, one.state, one.why, one.run, one.lastRun, one.before, one.paths]);
  const groups = gather(
    attached.map((one) => [one.host, one] as const),
    sinceRun,
  );
  if (groups.length === 0) return '';
  const rows = groups.map(({ names, value }) => {
    const [volume = '', state = '', ...rest] = cellsOf(value);
    return [oneLine(foldNames(names)), volume, paint(value.state === 'attached' ? 'green' : 'red', state), ...rest];
  });
  return textTable(['HOSTS', 'VOLUME', 'STATE', 'SINCE (UTC)', 'BY RUN', 'LAST RUN', 'PATHS'], rows, paint);
}
