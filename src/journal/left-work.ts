import type { FoundSession } from '../connectors/change-journal.js';
import type { HostRecord, RunRecord, TaskRecord, VolumeRecord } from './run-record.js';
import type { VolumeDefinition } from './volume-definition.js';

export type ResumeMode = 'finish' | 'undo';
export type ResumableVerb = 'attach' | 'detach' | 'extend';

/** One volume on one host that a run has left behind, and what brings it to where it belongs. */
export interface WorkItem {
  readonly host: string;
  readonly definition: VolumeDefinition;
  readonly verb: ResumableVerb;
  /** for the undo of an attach: what stays although it carries nothing any more */
  readonly keepSessions: readonly FoundSession[];
}

/** A volume that is left as it is, and why. */
export interface SkippedItem {
  readonly host: string;
  readonly volume: string;
  readonly why: string;
}

export interface LeftWork {
  readonly items: readonly WorkItem[];
  readonly skipped: readonly SkippedItem[];
}

const INVERSE: Readonly<Partial<Record<ResumableVerb, ResumableVerb>>> = { attach: 'detach', detach: 'attach' };

export function isResumable(verb: string): verb is ResumableVerb {
  return verb === 'attach' || verb === 'detach' || verb === 'extend';
}

/**
 * What a run has left to finish, or to undo (pure). Volumes that ended well are not in it. An undo brings back what was found before the first
 * change: what was attached then stays, what was not looked at was not changed.
 */
export function leftWork(run: RunRecord, mode: ResumeMode): LeftWork {
  const items: WorkItem[] = [];
  const skipped: SkippedItem[] = [];
  for (const task of run.tasks) {
    for (const host of task.hosts.values()) {
      for (const volume of host.volumes.values()) {
        const next = mode === 'finish' ? finish(task, host, volume) : undo(task, host, volume);
        if (next === null) continue;
        if ('why' in next) skipped.push(next);
        else items.push(next);
      }
    }
  }
  return { items, skipped };
}

function endedWell({ ended }: VolumeRecord): boolean {
  return ended?.outcome === 'ok' || ended?.outcome === 'changed';
}

function finish(task: TaskRecord, host: HostRecord, volume: VolumeRecord): WorkItem | null {
  const { verb } = task.start;
  if (endedWell(volume) || !isResumable(verb)) return null;
  return { host: host.name, definition: volume.definition, verb, keepSessions: [] };
}

function undo(task: TaskRecord, host: HostRecord, volume: VolumeRecord): WorkItem | SkippedItem | null {
  const { verb } = task.start;
  const inverse = isResumable(verb) ? INVERSE[verb] : undefined;
  const { found, definition, name, ended } = volume;
  const skip = (why: string): SkippedItem => ({ host: host.name, volume: name, why });
  if (inverse === undefined) return null;
  if (endedWell(volume)) return skip(`the ${verb} ended well there: it stays`);
  if (found === null || volume.changes.length === 0) return skip('nothing was changed there');
  if (verb === 'detach') {
    if (!found.found.attached) return skip('it was not attached before');
    return { host: host.name, definition, verb: inverse, keepSessions: [] };
  }
  if (found.found.attached) return skip('it was attached before that run: it stays');
  if (ended !== null && ended.outcome !== 'unknown' && ended.left.length === 0)
    return skip('the run has undone it itself');
  return { host: host.name, definition, verb: inverse, keepSessions: found.found.sessions };
}
