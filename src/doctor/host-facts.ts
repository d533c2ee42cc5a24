import type { Deadline } from '../time/deadline.js';
import type { Executor } from '../transport/executor.js';
import { readOnlyExecutor } from '../transport/read-only-executor.js';
import { dmDevicesFact } from '../linux/dm-devices.js';
import { combineFacts, observe } from '../linux/fact.js';
import { hostHealthFact, secondLookFact, type HostHealth } from '../linux/host-health.js';
import type { Iqn } from '../linux/identifiers.js';
import { initiatorNameFact } from '../linux/initiator-name.js';
import { installedToolsFact } from '../linux/installed-tools.js';
import { iscsidSettingsFact, type IscsidSettings } from '../linux/iscsid-settings.js';
import { iscsiSessionsFact } from '../linux/iscsi-sessions.js';
import { multipathSettingsFact, type MultipathSettings } from '../linux/multipath-settings.js';
import { processStatesFact, type ProcessStates } from '../linux/process-states.js';
import { scsiDevicesFact } from '../linux/scsi-devices.js';
import type { DmDevice, IscsiSession, ScsiDevice, Unknown } from '../linux/storage-state.js';
import { toolVersionsFact, type ToolVersions } from '../linux/tool-versions.js';

/** All that the rules judge one host by. */
export interface HostFacts {
  /** the inventory declares a volume with several paths for this host */
  readonly expectsMultipath: boolean;
  readonly sessions: readonly IscsiSession[];
  readonly scsiDevices: readonly ScsiDevice[];
  readonly dmDevices: readonly DmDevice[];
  readonly initiatorName: Iqn | null;
  readonly iscsid: IscsidSettings;
  readonly multipath: MultipathSettings;
  readonly health: HostHealth;
  readonly processes: ProcessStates | null;
  readonly tools: ReadonlySet<string>;
  readonly versions: ToolVersions;
  /** pages swapped between two looks at the host; null when unknown */
  readonly swappedPages: number | null;
  readonly uptimeSeconds: number | null;
  readonly clock: ClockReading | null;
  readonly unknowns: readonly Unknown[];
}

/** The host's clock less the controller's. The truth lies within `offsetMs` plus or minus `errorMs`. */
export interface ClockReading {
  readonly offsetMs: number;
  readonly errorMs: number;
}

/**
 * Looks at a host in two round trips and at most six processes: grep, dmsetup (where there are maps), multipathd, awk, iscsiadm and multipath for
 * their versions. The second trip starts none: it times the clock on a warm lane and sees what was swapped meanwhile. Nothing can be changed.
 */
export async function observeHost(
  executor: Executor,
  deadline: Deadline,
  options: { readonly expectsMultipath: boolean },
): Promise<HostFacts> {
  const readOnly = readOnlyExecutor(executor);
  const fact = combineFacts(
    hostHealthFact(),
    iscsiSessionsFact(),
    scsiDevicesFact(),
    initiatorNameFact(),
    installedToolsFact(),
    iscsidSettingsFact(),
    dmDevicesFact({ withOpenCounts: false, withMapPaths: true }),
    multipathSettingsFact(),
    processStatesFact(),
  );
  const [learnt, versions] = await observe(readOnly, deadline, combineFacts(fact, toolVersionsFact()));
  const [health, sessions, scsiDevices, initiatorName, tools, iscsid, dmDevices, multipath, processes] = learnt;
  const sentAt = Date.now();
  const second = await observe(readOnly, deadline, secondLookFact());
  const answeredAt = Date.now();
  const swapped = [health.value.swappedPages, second.swappedPages] as const;
  return {
    expectsMultipath: options.expectsMultipath,
    sessions: sessions.value,
    scsiDevices: scsiDevices.value,
    dmDevices: dmDevices.value,
    initiatorName: initiatorName.value,
    iscsid: iscsid.value,
    multipath: multipath.value,
    health: health.value,
    processes: processes.value,
    tools: tools.value,
    versions,
    swappedPages: swapped[0] === null || swapped[1] === null ? null : swapped[1] - swapped[0],
    uptimeSeconds: second.uptimeSeconds,
    clock: clockReading(health.value.bootedAtSeconds, second.uptimeSeconds, sentAt, answeredAt),
    unknowns: learnt.flatMap((part) => part.unknowns).filter((unknown) => !isOpenCount(unknown)),
  };
}

/** They are not asked for: no rule needs them. */
function isOpenCount({ subject, reason }: Unknown): boolean {
  return subject === 'dmsetup info' || reason.includes('open count');
}

/** The kernel tells when it booted in whole seconds, rounded down: that is half a second of error beside the round trip's. */
export function clockReading(
  bootedAtSeconds: number | null,
  uptimeSeconds: number | null,
  sentAt: number,
  answeredAt: number,
): ClockReading | null {
  if (bootedAtSeconds === null || uptimeSeconds === null) return null;
  const hostNow = (bootedAtSeconds + 0.5 + uptimeSeconds) * 1000;
  return {
    offsetMs: Math.round(hostNow - (sentAt + answeredAt) / 2),
    errorMs: Math.round(500 + (answeredAt - sentAt) / 2),
  };
}
