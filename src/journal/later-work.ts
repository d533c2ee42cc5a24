import { volumeKey } from './attachments.js';
import type { WorkItem } from './left-work.js';
import type { RunRecord, VolumeRecord } from './run-record.js';
import { mayHaveChanged } from './run-state.js';

/** A run that has worked on a volume after the one that is to be resumed. */
export interface LaterWork {
  readonly host: string;
  readonly volume: string;
  readonly run: string;
  readonly verb: string;
}

/**
 * Which of these volumes another run has attached or detached since (pure): what the older run wanted of them no longer counts. Runs that
 * resumed it are no others, and one that changed nothing and did not get to its goal has not counted either.
 */
export function laterWork(
  { start }: RunRecord,
  items: readonly WorkItem[],
  later: readonly RunRecord[],
): readonly LaterWork[] {
  const wanted = new Map(items.map((item) => [volumeKey(item.host, item.definition), item]));
  const found: LaterWork[] = [];
  for (const run of later) {
    if (run.start.resumes?.run === start.run) continue;
    for (const { start: task, hosts } of run.tasks) {
      if (task.verb === 'extend') continue;
      for (const host of hosts.values()) {
        for (const volume of host.volumes.values()) {
          if (!wanted.has(volumeKey(host.name, volume.definition)) || !counts(volume)) continue;
          found.push({ host: host.name, volume: volume.name, run: run.start.run, verb: task.verb });
        }
      }
    }
  }
  return found;
}

function counts({ ended, changes }: VolumeRecord): boolean {
  return ended?.outcome === 'ok' || ended?.outcome === 'changed' || mayHaveChanged(changes);
}
