import type { ConnectorContext, VolumeResult, VolumeSpec } from '../connectors/connector.js';
import type { LongshoreError } from '../errors/longshore-error.js';
import { asLongshoreError } from '../fleet/outcome.js';
import type { ConnectorFactory } from '../fleet/volume-task.js';
import { readOnlyExecutor } from '../transport/read-only-executor.js';
import type { Side } from './side.js';

/** Codes after which nobody knows what the host has: it cannot be asked. */
const NO_ANSWER = ['E_UNREACHABLE', 'E_OUTCOME_UNKNOWN', 'E_AUTH', 'E_HOST_KEY', 'E_LANE', 'E_BECOME'];

/** What a look at one host found, with what it would take to detach and to attach the volume there. */
export interface Look {
  readonly side: Side;
  /** as a plan shows it; absent when the host was not asked for it */
  readonly detach?: VolumeResult;
  readonly attach?: VolumeResult;
}

/**
 * Looks at one volume on one host, through the same connector that would change it and without any way to change it: absent is what a
 * detach finds nothing to do about, whole is what an attach finds nothing to do about. Knows nothing of the protocol.
 */
export async function lookAt(
  context: ConnectorContext,
  volume: VolumeSpec,
  connectorFor: ConnectorFactory,
): Promise<Look> {
  const connector = connectorFor(volume.driverVolumeType, {
    ...context,
    executor: readOnlyExecutor(context.executor),
  });
  const detach = await settled(() => connector.detach(volume, null, { planOnly: true }));
  const removal = errorOf(detach);
  if (removal === null && detach.outcome === 'ok') return { side: { kind: 'absent' }, detach };
  const lost = silentBy(removal);
  if (lost !== null) return { side: lost, detach };
  const users = removal?.code === 'E_DEVICE_BUSY' ? removal.message : null;
  // without a live path there is nothing to flush to, and still something there
  if (removal !== null && users === null && removal.code !== 'E_FLUSH_FAILED') {
    return { side: { kind: 'blocked', error: removal }, detach };
  }
  const attach = await settled(() => connector.attach(volume, { planOnly: true }));
  return { side: presentSide(detach, attach, users), detach, attach };
}

/** What it would take to attach a volume at a host that has nothing of it. */
export function attachPlan(
  context: ConnectorContext,
  volume: VolumeSpec,
  connectorFor: ConnectorFactory,
): Promise<VolumeResult> {
  const readOnly = { ...context, executor: readOnlyExecutor(context.executor) };
  return settled(() => connectorFor(volume.driverVolumeType, readOnly).attach(volume, { planOnly: true }));
}

function presentSide(detach: VolumeResult, attach: VolumeResult, users: string | null): Side {
  const error = errorOf(attach);
  const lost = silentBy(error);
  if (lost !== null) return lost;
  if (error !== null && error.code !== 'E_DEVICE_NOT_FOUND' && attach.outcome === 'refused') {
    return { kind: 'blocked', error };
  }
  if (error === null && attach.outcome === 'ok' && attach.deviceInfo !== undefined) {
    return { kind: 'whole', deviceInfo: attach.deviceInfo, users };
  }
  const changes = [...new Set(detach.steps.flatMap((step) => step.changes))];
  const what = changes.length > 0 ? changes.join(', ') : (errorOf(detach)?.message ?? error?.message ?? 'a device');
  return { kind: 'partial', what, users };
}

function silentBy(error: LongshoreError | null): Side | null {
  return error !== null && NO_ANSWER.includes(error.code) ? { kind: 'silent', error } : null;
}

/** A result also when the connector throws, except for an interrupt: that is nothing that the host shows. */
async function settled(work: () => Promise<VolumeResult>): Promise<VolumeResult> {
  let result: VolumeResult;
  try {
    result = await work();
  } catch (thrown) {
    result = { outcome: 'failed', paths: [], warnings: [], steps: [], error: asLongshoreError(thrown) };
  }
  const error = errorOf(result);
  if (error?.code === 'E_INTERRUPTED') throw error;
  return result;
}

function errorOf(result: VolumeResult): LongshoreError | null {
  return result.error === undefined ? null : asLongshoreError(result.error);
}
