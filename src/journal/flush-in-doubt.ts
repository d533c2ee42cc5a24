import { volumesOf } from './first-found.js';
import type { RunRecord, VolumeRecord } from './run-record.js';
import { openChanges } from './run-state.js';

/**
 * Whether a run, or one that resumed it, began to flush a volume and did not hear how that ended, or died before it could tell that it had failed (pure): the
 * host may have told of lost data then, and tells it once.
 */
export function flushInDoubt(
  run: RunRecord,
  resumers: readonly RunRecord[],
  at: { readonly host: string; readonly volume: string },
): boolean {
  return [run, ...resumers].some((one) => volumesOf(one, at).some(isInDoubt));
}

function isInDoubt({ changes, ended }: VolumeRecord): boolean {
  const flushes = changes.filter(({ intent }) => intent.flushes === true);
  const hasFailed = flushes.some(({ outcome }) => outcome?.result === 'failed');
  return openChanges(flushes).length > 0 || (hasFailed && ended === null);
}
