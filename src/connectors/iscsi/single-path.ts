import { portalAddress, portalPort } from '../../linux/identifiers.js';
import type { ScsiDevice } from '../../linux/storage-state.js';
import type { Plan } from '../engine/engine.js';
import type { History } from '../engine/history.js';
import type { Step } from '../engine/step.js';
import { byPathLun } from './addressing.js';
import { mapStep, type ScanTarget, stepId } from './attach-steps.js';
import type { IscsiGoal } from './goal.js';
import type { IscsiObservation } from './observation.js';
import { BY_PATH } from './volume-paths.js';
import { diskName, type VolumeView } from './volume-view.js';

/** How long udev may take with a new disk, ms. */
const UDEV_MS = 5000;

/**
 * Waits, in the lane of the scan, until udev has been through with the disk of a single-path volume: only then its database says whether
 * multipathd will take the disk. That it does not come is not a failure: a host may have no such rule for links.
 */
export function udevWaitStep({ triple, session }: ScanTarget, patienceMs: number | null): Step {
  const scan = stepId.scan(triple, session);
  const address = portalAddress(triple.portal);
  // the kernel spells an IPv6 address in its own way
  const shown = address.includes(':') ? '*' : address;
  const link = `*ip-${shown}:${portalPort(triple.portal)}-iscsi-${triple.targetName}-lun-${byPathLun(triple.lun)}`;
  return {
    id: `udev after ${scan}`,
    what: 'wait until udev has been through with the disk',
    changes: [],
    after: [scan],
    lane: scan,
    requests: [
      {
        kind: 'wait',
        present: [`${BY_PATH}/${link}`],
        timeoutMs: patienceMs === null ? UDEV_MS : Math.min(UDEV_MS, Math.max(1000, patienceMs)),
      },
    ],
    main: 0,
    endsLast: true,
    judge: () => ({ ok: true }),
  };
}

/**
 * What must still happen when multipathd is going to take the only disk of a volume into a map, because it knows the volume from before or takes
 * every disk: with the disk in hand, the user would find it busy a moment later. The map is handed out then. null when nothing must.
 */
export function claimWork(
  goal: IscsiGoal,
  observation: IscsiObservation,
  view: VolumeView,
  live: readonly ScsiDevice[],
  history: History,
): Plan | null {
  const disk = claimedDisk(goal, observation, view, live);
  const identity = disk === undefined ? undefined : observation.live.get(diskName(disk));
  if (disk === undefined || identity?.kind !== 'match-source') return null;
  const step = mapStep(identity.wwid, [disk]);
  return history.failures.get(step.id)?.final === true ? null : { kind: 'steps', steps: [step] };
}

/** What to know of a single-path volume that multipathd has a hand in. */
export function claimWarnings(
  goal: IscsiGoal,
  observation: IscsiObservation,
  view: VolumeView,
  live: readonly ScsiDevice[],
): readonly string[] {
  if (goal.multipath) return [];
  const [map] = view.maps;
  if (map !== undefined) return [`multipathd holds the disk in map ${map.dmName}, so that is what was attached`];
  const disk = claimedDisk(goal, observation, view, live);
  if (disk === undefined) return [];
  const name = diskName(disk);
  return [`multipathd claims ${name} but makes no map of it: it may take it later, and /dev/${name} is busy then`];
}

function claimedDisk(
  { multipath }: IscsiGoal,
  { claim }: IscsiObservation,
  { maps }: VolumeView,
  live: readonly ScsiDevice[],
): ScsiDevice | undefined {
  if (multipath || maps.length > 0 || claim?.claimed !== true) return undefined;
  return live.find((device) => diskName(device) === claim.disk);
}
