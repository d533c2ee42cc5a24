import { PRIVATE_LINKS } from '../connectors/iscsi/private-link.js';
import { blockNumbersFact, type NumberedDevice } from '../linux/block-numbers.js';
import { configuredDevicesFact } from '../linux/configured-devices.js';
import { deviceLinksFact, type DeviceLink } from '../linux/device-links.js';
import { dmDependenciesFact } from '../linux/dm-dependencies.js';
import { combineFacts, type Fact, observe } from '../linux/fact.js';
import { fileSystemIdsFact, type FileSystemId } from '../linux/file-system-ids.js';
import { hostHealthFact, type HostIdentities } from '../linux/host-health.js';
import type { Hctl, Iqn } from '../linux/identifiers.js';
import { processStatesFact, type BlockedTask } from '../linux/process-states.js';
import { storageFact } from '../linux/storage-observation.js';
import type { StorageState, Unknown } from '../linux/storage-state.js';
import type { Deadline } from '../time/deadline.js';
import type { Executor } from '../transport/executor.js';
import { readOnlyExecutor } from '../transport/read-only-executor.js';
import { askUnits, type UnitAnswer } from './unit-answers.js';

/** All that a host shows of its storage at one time, unscoped: what an audit judges. Kernel names hold for this snapshot only. */
export interface HostSnapshot {
  readonly storage: StorageState;
  /** what each SCSI disk said when it was asked who it is; disks that could not be expected to answer were not asked */
  readonly answers: ReadonlyMap<Hctl, UnitAnswer>;
  /** every block device by `major:minor`; null when it could not be learnt */
  readonly blockNumbers: ReadonlyMap<string, NumberedDevice> | null;
  /** numbers of the devices that a mapped device is made of, by its dm name; null when it could not be learnt */
  readonly dependencies: ReadonlyMap<string, readonly string[]> | null;
  /** iSCSI targets that the host may have booted from */
  readonly bootTargets: ReadonlySet<Iqn>;
  /** the links that encryption tools get, `os-brick+...` */
  readonly privateLinks: readonly DeviceLink[];
  /** names and devices of crypttab and fstab; null when they could not be read */
  readonly configured: readonly string[] | null;
  readonly fileSystemIds: readonly FileSystemId[];
  readonly identities: HostIdentities;
  /** processes in uninterruptible sleep at that moment; null when it could not be learnt */
  readonly blocked: readonly BlockedTask[] | null;
  /** what of the above could not be read, beside `storage.unknowns` */
  readonly unknowns: readonly Unknown[];
}

/** Everything but the answers of disks, which need their names first: one sequence, nine processes at most. */
export function snapshotFact(): Fact<Omit<HostSnapshot, 'answers'>> {
  const fact = combineFacts(
    storageFact(),
    blockNumbersFact(),
    dmDependenciesFact(),
    deviceLinksFact([PRIVATE_LINKS]),
    configuredDevicesFact(),
    fileSystemIdsFact(),
    hostHealthFact(),
    processStatesFact(),
  );
  return {
    requests: fact.requests,
    parse(replies) {
      const [storage, ...others] = fact.parse(replies);
      const [blockNumbers, dependencies, links, configured, fileSystemIds, health, processes] = others;
      return {
        storage,
        blockNumbers: blockNumbers.value,
        dependencies: dependencies.value,
        bootTargets: new Set((storage.bootTargets ?? []).map(({ targetName }) => targetName)),
        privateLinks: links.value,
        configured: configured.value,
        fileSystemIds: fileSystemIds.value,
        identities: health.value.identities,
        blocked: processes.value?.blocked ?? null,
        unknowns: others.flatMap((part) => part.unknowns),
      };
    },
  };
}

/**
 * Looks at a host without any way to change it: one round trip; one more where there are disks, to ask each who it is; and a third for
 * those that gave no identity. A disk that hangs delays only its own answer.
 */
export async function lookAtHost(executor: Executor, deadline: Deadline): Promise<HostSnapshot> {
  const readOnly = readOnlyExecutor(executor);
  const snapshot = await observe(readOnly, deadline, snapshotFact());
  return { ...snapshot, answers: await askUnits(readOnly, deadline, snapshot.storage) };
}
