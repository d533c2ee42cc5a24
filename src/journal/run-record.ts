import { LongshoreError } from '../errors/longshore-error.js';
import type { JournalLine, LineOf } from './journal-lines.js';
import type { VolumeDefinition } from './volume-definition.js';

export type RunStart = LineOf<'run-started'>;
export type FoundLine = LineOf<'found'>;
export type VolumeEnd = LineOf<'volume-ended'>;
export type HostEndLine = LineOf<'host-ended'>;
export type StepEndLine = LineOf<'step-ended'>;

/** A change, as it was announced, and what came of it. */
export interface ChangeRecord {
  readonly intent: LineOf<'intent'>;
  /** null: the controller died before it could say */
  readonly outcome: LineOf<'outcome'> | null;
}

export interface VolumeRecord {
  readonly name: string;
  readonly definition: VolumeDefinition;
  /** null: the host was not looked at for it */
  readonly found: FoundLine | null;
  readonly changes: readonly ChangeRecord[];
  readonly ended: VolumeEnd | null;
}

export interface HostRecord {
  readonly name: string;
  /** when it was begun; null: it was not */
  readonly started: string | null;
  readonly volumes: ReadonlyMap<string, VolumeRecord>;
  /** changes that belong to no volume: exec, discovery */
  readonly changes: readonly ChangeRecord[];
  /** of a playbook, in the order in which they ended */
  readonly steps: readonly StepEndLine[];
  readonly ended: HostEndLine | null;
}

/** One verb on some hosts. */
export interface TaskRecord {
  readonly start: LineOf<'task-started'>;
  readonly hosts: ReadonlyMap<string, HostRecord>;
  readonly hasEnded: boolean;
}

/** A run as its journal tells it. Plain data. */
export interface RunRecord {
  readonly filePath: string;
  readonly start: RunStart;
  readonly tasks: readonly TaskRecord[];
  readonly wasInterrupted: boolean;
  /** null: it still goes on, or its controller died */
  readonly ended: LineOf<'run-ended'> | null;
  /** time of the last line */
  readonly lastAt: string;
}

interface OpenVolume {
  readonly name: string;
  readonly definition: VolumeDefinition;
  found: FoundLine | null;
  readonly changes: OpenChange[];
  ended: VolumeEnd | null;
}

interface OpenChange {
  readonly intent: LineOf<'intent'>;
  outcome: LineOf<'outcome'> | null;
}

interface OpenHost {
  readonly name: string;
  started: string | null;
  readonly volumes: Map<string, OpenVolume>;
  readonly changes: OpenChange[];
  readonly steps: StepEndLine[];
  ended: HostEndLine | null;
}

interface OpenTask {
  readonly start: LineOf<'task-started'>;
  readonly hosts: Map<string, OpenHost>;
  hasEnded: boolean;
}

/** Puts the lines of a journal together (pure). null when not even its first line was written. Throws `E_JOURNAL` when they contradict each other. */
export function runRecord(lines: readonly JournalLine[], filePath: string): RunRecord | null {
  const [start] = lines;
  if (start === undefined) return null;
  if (start.type !== 'run-started') throw wrong(filePath, 'does not begin with run-started');
  const tasks = new Map<number, OpenTask>();
  const changes = new Map<number, OpenChange>();
  let wasInterrupted = false;
  let ended: LineOf<'run-ended'> | null = null;
  const hostOf = (line: { readonly task: number; readonly host: string }): OpenHost => {
    const host = tasks.get(line.task)?.hosts.get(line.host);
    if (host === undefined) throw wrong(filePath, `task ${line.task} has no host ${line.host}`);
    return host;
  };
  const volumeOf = (line: { readonly task: number; readonly host: string; readonly volume: string }): OpenVolume => {
    const volume = hostOf(line).volumes.get(line.volume);
    if (volume === undefined) throw wrong(filePath, `task ${line.task} has no volume ${line.volume} on ${line.host}`);
    return volume;
  };
  for (const line of lines) {
    switch (line.type) {
      case 'run-started':
        break;
      case 'task-started':
        tasks.set(line.task, openTask(line));
        break;
      case 'host-started':
        hostOf(line).started = line.t;
        break;
      case 'found':
        volumeOf(line).found ??= line;
        break;
      case 'intent': {
        const change: OpenChange = { intent: line, outcome: null };
        changes.set(line.op, change);
        const { volume } = line;
        (volume === undefined ? hostOf(line) : volumeOf({ ...line, volume })).changes.push(change);
        break;
      }
      case 'outcome': {
        const change = changes.get(line.op);
        if (change === undefined) throw wrong(filePath, `an outcome of change ${line.op}, which was not announced`);
        change.outcome = line;
        break;
      }
      case 'volume-ended':
        volumeOf(line).ended = line;
        break;
      case 'step-ended':
        hostOf(line).steps.push(line);
        break;
      case 'host-ended':
        hostOf(line).ended = line;
        break;
      case 'host-not-run':
        break;
      case 'task-ended': {
        const task = tasks.get(line.task);
        if (task !== undefined) task.hasEnded = true;
        break;
      }
      case 'run-interrupted':
        wasInterrupted = true;
        break;
      case 'run-ended':
        ended = line;
        break;
    }
  }
  const lastAt = lines.at(-1)?.t ?? start.t;
  return { filePath, start, tasks: [...tasks.values()], wasInterrupted, ended, lastAt };
}

function openTask(start: LineOf<'task-started'>): OpenTask {
  const hosts = start.hosts.map(({ name, volumes }): [string, OpenHost] => {
    const own = volumes.flatMap((place): [string, OpenVolume][] => {
      const definition = start.volumes[place];
      return definition === undefined
        ? []
        : [[definition.name, { name: definition.name, definition, found: null, changes: [], ended: null }]];
    });
    return [name, { name, started: null, volumes: new Map(own), changes: [], steps: [], ended: null }];
  });
  return { start, hosts: new Map(hosts), hasEnded: false };
}

function wrong(filePath: string, what: string): LongshoreError {
  return new LongshoreError('E_JOURNAL', `${filePath}: damaged: ${what}`, {
    remedy: 'what the hosts show counts: longshore status. Move the file away to do without this journal',
  });
}
