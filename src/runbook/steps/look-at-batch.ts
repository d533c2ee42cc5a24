import { LongshoreError } from '../../errors/longshore-error.js';
import { auditFleet, type FleetAudit } from '../../sweep/audit-fleet.js';
import { auditTask } from '../../sweep/audit-task.js';
import type { HostLook } from '../../sweep/cross-host.js';
import { OUTAGE_DEFAULTS } from '../../sweep/outage.js';
import { SweepFiles } from '../../sweep/state-files.js';
import type { EarlierLooks } from '../../sweep/sweep-plan.js';
import type { FleetStepContext } from './step-kind.js';

/** Looks at all hosts of the batch without changing anything, judges them together, and keeps the look for a sweep. */
export async function lookAtBatch(context: FleetStepContext): Promise<{
  readonly audit: FleetAudit;
  readonly files: SweepFiles;
  readonly earlier: EarlierLooks;
  readonly now: number;
}> {
  const looks = new Map<string, HostLook>();
  const task = auditTask<FleetStepContext['hosts'][number]>({
    volumesOf: ({ volumes }) => volumes.values(),
    onLook: (host, look) => looks.set(host, look),
  });
  await context.onHosts(context.hosts, task);
  const inOrder = context.hosts.flatMap(({ name }) => {
    const look = looks.get(name);
    return look === undefined ? [] : [[name, look] as const];
  });
  const audit = auditFleet(new Map(inOrder), OUTAGE_DEFAULTS.sharePercent);
  if (context.stateDirectory === undefined) {
    throw new LongshoreError('E_STATE', 'there is no state directory to keep what was seen in');
  }
  const files = new SweepFiles(context.stateDirectory);
  const now = Date.now();
  const earlier = await files.earlierLooks(now);
  await files.keepAudit(context.runId, now, audit);
  return { audit, files, earlier, now };
}
