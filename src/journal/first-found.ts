import type { FoundRecord } from '../connectors/change-journal.js';
import type { ResumeMode } from './left-work.js';
import type { FoundLine, RunRecord, VolumeRecord } from './run-record.js';

/**
 * What a host had stored of a volume before a run, or one that resumed it, began to change it (pure): a record that has come since, and that nobody has marked,
 * is of an attach that died between making and marking it. undefined where nothing is known: none has looked, or none has announced a change, or the run
 * is a detach that is to be finished, which makes no records.
 *
 * @param run the run to be resumed
 * @param resumers those that have resumed it before, the oldest first
 */
export function recordsFoundFirst(
  run: RunRecord,
  resumers: readonly RunRecord[],
  mode: ResumeMode,
  at: { readonly host: string; readonly volume: string },
): readonly FoundRecord[] | undefined {
  const own = [run, ...resumers].flatMap((one) => volumesOf(one, at));
  const found = own.find((volume) => volume.found !== null)?.found?.found;
  const isDetach = run.tasks.some(({ start }) => start.verb === 'detach');
  if (found === undefined || own.every(({ changes }) => changes.length === 0)) return undefined;
  if (!isDetach) return found.records.map(known);
  // a detach has deleted those that a Longshore had made: what is there again was made by an undo of that detach
  return mode === 'undo' ? found.records.filter(({ mark }) => mark !== 'made').map(known) : undefined;
}

/** What a run's journal has of one volume on one host, once for each of its tasks that had to do with it. */
export function volumesOf(
  run: RunRecord,
  { host, volume }: { readonly host: string; readonly volume: string },
): VolumeRecord[] {
  return run.tasks.flatMap(({ hosts }) => hosts.get(host)?.volumes.get(volume) ?? []);
}

function known({ target, portal, iface, mark }: FoundLine['found']['records'][number]): FoundRecord {
  return { target, portal, iface, ...(mark === undefined ? {} : { mark }) };
}
