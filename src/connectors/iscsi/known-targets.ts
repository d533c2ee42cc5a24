import type { OfferedTarget } from '../../linux/send-targets.js';
import type { ScsiDevice, StorageState } from '../../linux/storage-state.js';
import { distinct, type IscsiGoal, type TargetTriple } from './goal.js';

/**
 * os-brick's rule for what a discovery offers: when every portal has the wanted target, only that one is taken; otherwise everything
 * (arrays with one target name for each portal).
 */
export function selectTargets(wanted: TargetTriple, offered: readonly OfferedTarget[]): readonly TargetTriple[] {
  const portals = new Set(offered.map((one) => one.portal));
  const same = offered.filter((one) => one.targetName === wanted.targetName);
  const chosen = same.length === portals.size ? same : offered;
  return chosen.map(({ portal, targetName }) => ({ portal, targetName, lun: wanted.lun }));
}

/**
 * The goal of a volume that was attached by discovery, with the ways that the host itself shows: sessions that carry the volume, and
 * records that Longshore logged in by. The array is not asked: it may offer something else by now.
 */
export function withKnownTargets(goal: IscsiGoal, ...looks: readonly StorageState[]): IscsiGoal {
  const [wanted] = goal.targets;
  if (goal.discovery === null || wanted === undefined) return goal;
  const found = looks.flatMap((storage) => [...carriers(goal, wanted, storage), ...used(wanted, storage)]);
  return { ...goal, targets: distinct([...goal.targets, ...found]) };
}

function carriers(goal: IscsiGoal, wanted: TargetTriple, storage: StorageState): readonly TargetTriple[] {
  const own = storage.sessions.filter((session) => session.targetName === wanted.targetName).map(({ sid }) => sid);
  const atLun = storage.scsiDevices.filter((device) => own.includes(device.sid) && device.lun === wanted.lun);
  const wwid = goal.expectedWwid ?? atLun.find((device) => device.cachedWwid !== null)?.cachedWwid ?? null;
  const known = atLun.find((device) => device.cachedWwid === wwid);
  const devices = [
    ...atLun,
    ...storage.scsiDevices.filter((device) => wwid !== null && device.cachedWwid === wwid && isAlike(device, known)),
  ];
  return devices.flatMap(({ sid, lun }) => {
    const session = storage.sessions.find((one) => one.sid === sid);
    return session?.portal == null ? [] : [{ portal: session.portal, targetName: session.targetName, lun }];
  });
}

/** One identity is not proof enough that two targets are one array's (incident A15): make and size must agree as well. */
function isAlike({ vendor, model, block }: ScsiDevice, known: ScsiDevice | undefined): boolean {
  if (block === null) return false;
  if (known === undefined) return true;
  return vendor === known.vendor && model === known.model && block.sizeBytes === known.block?.sizeBytes;
}

function used(wanted: TargetTriple, storage: StorageState): readonly TargetTriple[] {
  return storage.nodeRecords
    .filter((record) => record.targetName === wanted.targetName && record.mark !== undefined)
    .map(({ portal, targetName }) => ({ portal, targetName, lun: wanted.lun }));
}
