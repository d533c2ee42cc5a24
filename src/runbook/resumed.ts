import type { RunRecord, TaskRecord } from '../journal/run-record.js';
import type { Play, Runbook } from './playbook.js';

/** What earlier runs of the same runbook have done. Plays and steps count from 0. */
export interface Resumed {
  /** whether a host has done all of a play */
  readonly hasDone: (play: number, host: string) => boolean;
  /** whether a step that may change anything on the host ended well there: it is not done a second time */
  readonly hasRun: (play: number, host: string, step: number) => boolean;
  /** hosts that were begun: what a plan says of them is only how they were before that */
  readonly begun: ReadonlySet<string>;
}

/** Puts together what the journals of a run, and of the runs that it resumed, say (pure). */
export function resumedOf(records: readonly RunRecord[]): Resumed {
  const done = new Set<string>();
  const ran = new Set<string>();
  const begun = new Set<string>();
  for (const task of records.flatMap((record) => record.tasks)) {
    const place = placeOf(task);
    for (const host of task.hosts.values()) {
      if (host.started !== null) begun.add(host.name);
      if (place === null) continue;
      const outcome = host.ended?.outcome;
      const isWell = outcome === 'ok' || outcome === 'changed';
      if (isWell && place.part === place.parts) done.add(keyOf(place.play - 1, host.name));
      for (const { step, outcome: how } of host.steps) {
        if (how === 'ok' || how === 'changed') ran.add(keyOf(place.play - 1, host.name, step - 1));
      }
    }
  }
  return {
    hasDone: (play, host) => done.has(keyOf(play, host)),
    hasRun: (play, host, step) => ran.has(keyOf(play, host, step)),
    begun,
  };
}

/** The same runbook about fewer hosts. Its digest stays, and with it the plan that was approved. */
export function narrowedRunbook(runbook: Runbook, keep: (play: number, host: string) => boolean): Runbook {
  const plays = runbook.plays.map((play, index): Play => {
    return { ...play, hosts: play.hosts.filter(({ name }) => keep(index, name)) };
  });
  const left = new Set(plays.flatMap((play) => play.hosts.map(({ name }) => name)));
  return { ...runbook, plays, hosts: runbook.hosts.filter(({ name }) => left.has(name)) };
}

function placeOf({
  start,
}: TaskRecord): { readonly play: number; readonly part: number; readonly parts: number } | null {
  const { play, part, parts, within } = start.options;
  if (within === true || typeof play !== 'number' || typeof part !== 'number' || typeof parts !== 'number') return null;
  return { play, part, parts };
}

function keyOf(...parts: readonly (string | number)[]): string {
  return JSON.stringify(parts);
}
