import { observe } from '../../linux/fact.js';
import { storageFact } from '../../linux/storage-observation.js';
import type { ConnectorContext, VolumeResult, VolumeSpec } from '../connector.js';
import { type IscsiGoal, iscsiGoal } from './goal.js';
import { strangeTarget } from './identity.js';
import { withKnownTargets } from './known-targets.js';
import type { IscsiObservation } from './observation.js';
import { attachedPart } from './volume-result.js';
import { viewVolume } from './volume-view.js';

/** What is attached of these volumes, in one round trip. Identities are as the kernel cached them, and the paths say so. */
export async function statusOf(
  context: ConnectorContext,
  volumes: readonly VolumeSpec[],
): Promise<ReadonlyMap<string, VolumeResult>> {
  const goals = volumes.map((volume) => iscsiGoal(volume, { credentials: false }));
  const storage = await observe(context.executor, context.deadline, storageFact({ withMounts: false }));
  const observation: IscsiObservation = { storage, live: new Map(), readable: null };
  return new Map(goals.map((goal) => [goal.volume, statusOfOne(withKnownTargets(goal, storage), observation)]));
}

function statusOfOne(goal: IscsiGoal, observation: IscsiObservation): VolumeResult {
  const part = attachedPart(goal, observation);
  const unread = observation.storage.unknowns
    .filter(({ subject }) => subject.startsWith('/sys/'))
    .map(({ subject, reason }) => `cannot read ${subject}: ${reason}`);
  const { devices } = viewVolume(observation.storage, goal, goal.expectedWwid);
  const strange = strangeTarget(observation.storage, devices, goal);
  const found = strange === null ? unread : [...unread, strange.message];
  const warnings = part.deviceInfo === undefined ? found : [...found, ...attachedWarnings(goal, part)];
  return { outcome: 'ok', ...part, paths: part.deviceInfo === undefined ? [] : part.paths, warnings, steps: [] };
}

function attachedWarnings(goal: IscsiGoal, part: Pick<VolumeResult, 'paths' | 'deviceInfo'>): readonly string[] {
  const warnings: string[] = [];
  const up = part.paths.filter((path) => path.state === 'active' || path.state === 'running');
  if (goal.multipath && up.length < part.paths.length) {
    const down = part.paths.filter((path) => !up.includes(path)).map((path) => `${path.portal} ${path.state}`);
    warnings.push(`degraded: ${up.length} of ${part.paths.length} paths; ${down.join(', ')}`);
  }
  const wwid = part.deviceInfo?.scsi_wwn;
  if (goal.expectedWwid !== null && wwid !== undefined && wwid !== '' && wwid !== goal.expectedWwid) {
    warnings.push(`another volume is at this LUN: it is ${wwid}, wanted is ${goal.expectedWwid}`);
  }
  return warnings;
}
