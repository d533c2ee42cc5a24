import { LongshoreError } from '../../errors/longshore-error.js';
import { observe } from '../../linux/fact.js';
import type { ConnectorContext, VolumeResult, VolumeSpec } from '../connector.js';
import { outcomeOfError } from '../outcome.js';
import { iscsiGoal } from './goal.js';
import { proveIdentity } from './identity.js';
import { withKnownTargets } from './known-targets.js';
import { attachObservation, type IscsiObservation } from './observation.js';
import { attachedPart } from './volume-result.js';
import { byPathPatterns } from './volume-paths.js';
import { viewVolume } from './volume-view.js';

/**
 * Proves, without changing anything, that a volume is attached as it should be: every live path was asked who it is, all agree with each
 * other, the map and what is expected, and the device that users have was read from, past the page cache. Two round trips, three where something of the volume turns up elsewhere.
 */
export async function verifyVolume(context: ConnectorContext, volume: VolumeSpec): Promise<VolumeResult> {
  const { executor, deadline } = context;
  const wanted = iscsiGoal(volume, { credentials: false });
  const first = await observe(
    executor,
    deadline,
    attachObservation(wanted, { previous: null, matches: [], again: false }),
  );
  const goal = withKnownTargets(wanted, first.storage);
  const lookAfter = (previous: IscsiObservation): Promise<IscsiObservation> =>
    observe(executor, deadline, attachObservation(goal, { previous, matches: [], again: false }));
  const second = await lookAfter(first);
  const look = second.beyond === undefined ? second : await lookAfter(second);
  const view = viewVolume(look.storage, goal, goal.expectedWwid);
  const part = attachedPart(goal, look);
  const fail = (error: LongshoreError): VolumeResult => {
    const { paths } = part;
    return { outcome: outcomeOfError(error), paths, warnings: [], steps: [], error };
  };
  if (part.deviceInfo === undefined) {
    return fail(new LongshoreError('E_DEVICE_NOT_FOUND', `${volume.name} is not attached to this host`));
  }
  const identity = proveIdentity(look, view, goal);
  if (identity.kind === 'mismatch') return fail(identity.error);
  if (identity.kind === 'unknown') return fail(new LongshoreError('E_IDENTITY_UNKNOWN', identity.why));
  if (goal.multipath && view.maps.length === 0) {
    return fail(
      new LongshoreError('E_MULTIPATH_UNUSABLE', `${volume.name} has paths, but no multipath map is over them`),
    );
  }
  if (look.readable !== true) {
    return fail(new LongshoreError('E_DEVICE_NOT_FOUND', `${part.deviceInfo.path} is there, but cannot be read from`));
  }
  return { outcome: 'ok', ...part, warnings: [], steps: [] };
}

/**
 * Waits on the host, in one round trip, until names of the volume are there or gone. Names prove nothing: they only say when it is worth
 * looking. Gives false when the time was over first.
 */
export async function waitForNames(
  { executor, deadline }: ConnectorContext,
  volume: VolumeSpec,
  state: 'attached' | 'absent',
  timeoutMs: number,
): Promise<boolean> {
  const names = byPathPatterns(iscsiGoal(volume, { credentials: false }));
  const [reply] = await executor.sequence(deadline, [
    { kind: 'wait', ...(state === 'attached' ? { present: names } : { absent: names }), timeoutMs },
  ]);
  return reply.ok;
}
