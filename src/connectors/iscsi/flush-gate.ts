import { LongshoreError } from '../../errors/longshore-error.js';
import type { Plan } from '../engine/engine.js';
import type { History } from '../engine/history.js';
import type { DetachScope, ScopedView } from './detach-scope.js';
import type { IscsiObservation } from './observation.js';

/** Red Hat's guide for removing a device: not while less of the memory is free, for writing back then takes minutes or never ends (B5). */
const LEAST_FREE_PERCENT = 5;
/** Observations, with growing pauses between them, in which memory may become free. */
const LOOKS_AT_MEMORY = 5;

/** Why nothing is written back now, or null. With `force` the data does not matter, and what an undo removes was never handed out. */
export function unfitForFlush(
  scope: DetachScope,
  { memory }: IscsiObservation,
  { disks, maps }: ScopedView,
  history: History,
): Plan | null {
  if (scope.keep !== null || scope.force) return null;
  const suspended = maps.find((map) => map.suspended);
  if (suspended !== undefined) {
    return {
      kind: 'look',
      why: `map ${suspended.dmName} (${suspended.name}) is suspended: nothing can be written through it`,
    };
  }
  if (disks.length === 0 || memory == null) return null;
  const percent = (100 * memory.availableKiB) / memory.totalKiB;
  if (percent >= LEAST_FREE_PERCENT) return null;
  const why = `only ${percent.toFixed(1)} % of the memory is free: to write back now may take very long`;
  if (history.observations < LOOKS_AT_MEMORY) return { kind: 'look', why };
  return {
    kind: 'stop',
    error: new LongshoreError('E_LOW_MEMORY', `${why}; nothing was removed`, {
      remedy: `free memory on the host until ${LEAST_FREE_PERCENT} % are available, then run this again`,
    }),
  };
}
