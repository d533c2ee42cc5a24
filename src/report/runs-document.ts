import type { ChangeRecord, HostRecord, RunRecord, TaskRecord, VolumeRecord } from '../journal/run-record.js';
import { HOST_STATES, hostState, hostStates, type RunState } from '../journal/run-state.js';
import type { ListedRun, RunsDocument } from './runs-schema.js';

/** A run, what became of it, and the runs that resumed it. */
export interface KnownRun {
  readonly record: RunRecord;
  readonly state: RunState;
  readonly resumedBy: readonly string[];
}

type TaskDocument = NonNullable<RunsDocument['run']>['tasks'][number];
type HostDocument = TaskDocument['hosts'][string];
type VolumeDocument = HostDocument['volumes'][string];

/** A run as one entry of a list. */
export function listedRun({ record, state, resumedBy }: KnownRun): ListedRun {
  const { start, ended } = record;
  const states = [...hostStates(record).values()];
  const counts = HOST_STATES.map((one) => [one, states.filter((other) => other === one).length] as const);
  const { machine, user, pid } = start.controller;
  return {
    run: start.run,
    started: start.t,
    ended: ended?.t ?? null,
    verb: start.verb,
    state,
    hosts: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    controller: { machine, user, pid },
    ...(start.resumes === undefined ? {} : { resumes: { ...start.resumes } }),
    resumedBy: [...resumedBy],
  };
}

/** One run with all that its journal tells of each host and volume. */
export function runDocument(known: KnownRun): NonNullable<RunsDocument['run']> {
  const { filePath, tasks } = known.record;
  return { ...listedRun(known), file: filePath, tasks: tasks.map(taskDocument) };
}

function taskDocument({ start, hosts }: TaskRecord): TaskDocument {
  return {
    verb: start.verb,
    ...(start.name === undefined ? {} : { name: start.name }),
    ...(start.overrides === undefined ? {} : { overrides: start.overrides }),
    hosts: Object.fromEntries([...hosts].map(([name, host]) => [name, hostDocument(host)])),
  };
}

function hostDocument(host: HostRecord): HostDocument {
  return {
    state: hostState(host),
    volumes: Object.fromEntries([...host.volumes].map(([name, volume]) => [name, volumeDocument(host, volume)])),
    changes: host.changes.map(changeDocument),
    ...errorPart(host.ended?.error),
  };
}

/** How a volume came out: of one that has no end of its own, as its host did. */
export function volumeState(host: HostRecord, { ended }: VolumeRecord): string {
  return ended?.outcome ?? hostState(host);
}

function volumeDocument(host: HostRecord, volume: VolumeRecord): VolumeDocument {
  const { found, changes, ended } = volume;
  return {
    state: volumeState(host, volume),
    before: found === null ? null : found.found.attached ? 'attached' : 'not attached',
    changes: changes.map(changeDocument),
    left: [...(ended?.left ?? [])],
    ...errorPart(ended?.error),
  };
}

function changeDocument({ intent, outcome }: ChangeRecord): HostDocument['changes'][number] {
  const { op, step, what, command } = intent;
  return { op, step, what, ...(command === undefined ? {} : { command }), result: outcome?.result ?? null };
}

function errorPart(error: { readonly code: string; readonly message: string } | undefined) {
  return error === undefined ? {} : { error: { code: error.code, message: error.message } };
}
