import type { Wwid } from '../../linux/identifiers.js';
import type { Plan } from '../engine/engine.js';
import type { History } from '../engine/history.js';
import { type DetachScope, viewScope } from './detach-scope.js';
import { forgetId, forgetStep } from './forget-step.js';
import type { IscsiObservation } from './observation.js';
import { diskName } from './volume-view.js';

/**
 * When all else is gone: multipathd must be known to have forgotten the paths, or be told to. A detach that found no disk may go on with what another one
 * began, which took the disks away a moment ago: then it is asked what it tracks that is no disk any more.
 */
export function forgetAtLast(
  scope: DetachScope,
  observation: IscsiObservation,
  first: IscsiObservation,
  wwid: Wwid | null,
  history: History,
): Plan | null {
  const { disks, maps } = viewScope(scope, first, wwid);
  const own = disks.map(diskName);
  if (own.length === 0 && scope.keep === null && observation.stalePaths === undefined) {
    return { kind: 'look', why: 'which paths multipathd still tracks is not known' };
  }
  const names = own.length > 0 ? own : (observation.stalePaths ?? []);
  const modes = ['wait', 'tell'] as const;
  if (names.length === 0 || modes.some((mode) => history.succeeded.has(forgetId(mode)))) return null;
  const mode = modes.find((one) => history.failures.get(forgetId(one))?.final !== true);
  if (mode !== undefined) return { kind: 'steps', steps: [forgetStep(names, [], mode, maps.length === 0)] };
  const failure = history.failures.get(forgetId('tell'));
  return failure === undefined ? null : { kind: 'stop', error: failure.error };
}
