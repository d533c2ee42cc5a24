import type {
  ConnectorContext,
  DisconnectOptions,
  InitiatorConnector,
  VolumeResult,
  VolumeSpec,
} from '../../connectors/connector.js';
import { hostLock } from '../../connectors/engine/verb-options.js';
import { outcomeOfError } from '../../connectors/outcome.js';
import { connectorFor } from '../../connectors/registry.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { asLongshoreError } from '../../fleet/outcome.js';
import { isFailure } from '../../fleet/stop-rules.js';
import { readOnlyExecutor } from '../../transport/read-only-executor.js';
import type { HostStepContext, PlannedWork, WorkResult } from './step-kind.js';

type Verb = (connector: InitiatorConnector, volume: VolumeSpec, options: DisconnectOptions) => Promise<VolumeResult>;

/** What the verb would do to each volume, from one observation each. */
export async function planVolumes(context: HostStepContext, verb: Verb): Promise<readonly PlannedWork[]> {
  const planned: PlannedWork[] = [];
  // one after the other: their observations would share the host's slow spots
  for (const volume of context.volumes) planned.push(await planVolume(context, volume, verb));
  return planned;
}

async function planVolume(context: HostStepContext, volume: VolumeSpec, verb: Verb): Promise<PlannedWork> {
  const lookOnly = { ...connectorContext(context), executor: readOnlyExecutor(context.executor) };
  const result = await resultOf(() =>
    verb(connectorFor(volume.driverVolumeType, lookOnly), volume, { planOnly: true }),
  );
  return plannedWork(context.host.name, volume, result);
}

/**
 * Does the verb to each volume in turn; they share the host's lock, node database and multipathd. With an approved plan the host's lock is
 * taken first, so that nothing comes between the look that is compared and the work. The first failure ends it: what follows may build on it.
 */
export async function runVolumes(context: HostStepContext, verb: Verb): Promise<readonly WorkResult[]> {
  const { host, recheck, emit, journal } = context;
  const results: WorkResult[] = [];
  for (const volume of context.volumes) {
    const result = await resultOf(async () => {
      context.deadline.check();
      await recheck(host.name, volume.name, async () => {
        await takeHostLock(context);
        return planVolume(context, volume, verb);
      });
      const connector = connectorFor(volume.driverVolumeType, connectorContext(context));
      return verb(connector, volume, {
        onEvent: (event) => emit({ ...event, host: host.name }),
        ...(journal === undefined ? {} : { journal: journal.volume(volume.name) }),
      });
    });
    journal?.volumeEnded(volume.name, result);
    results.push(workResult(host.name, volume.name, result));
    if (isFailure(result.outcome)) break;
  }
  return results;
}

async function takeHostLock(context: HostStepContext): Promise<void> {
  const [reply] = await context.executor.sequence(context.deadline, [hostLock(connectorContext(context))]);
  if (reply.ok) return;
  const holder = reply.kind === 'lock' ? reply.holder : 'unknown';
  throw new LongshoreError('E_LOCKED', `another controller is at work on this host: ${holder}`, {
    host: context.host.name,
    remedy: 'wait until it has finished, then run this again',
  });
}

export function connectorContext({ executor, deadline, runId, controller }: HostStepContext): ConnectorContext {
  return { executor, deadline, runId, ...(controller === undefined ? {} : { controller }) };
}

/** A result whatever happens: what is thrown is its error. */
async function resultOf(work: () => Promise<VolumeResult>): Promise<VolumeResult> {
  try {
    return await work();
  } catch (thrown) {
    const error = asLongshoreError(thrown);
    return { outcome: outcomeOfError(error), paths: [], warnings: [], steps: [], error };
  }
}

/** A connector's plan as an approval sees it. */
export function plannedWork(host: string, volume: VolumeSpec, result: VolumeResult): PlannedWork {
  const error = result.error === undefined ? {} : { error: asLongshoreError(result.error, host) };
  return {
    host,
    subject: volume.name,
    outcome: result.outcome,
    why: whyOf(result),
    identity: identitiesOf(volume, result),
    observed: [
      ...result.paths.map(
        (path) => `path ${path.portal} ${path.state}${path.wwid === undefined ? '' : ` ${path.wwid}`}`,
      ),
      ...(result.sizeBytes === undefined ? [] : [`size ${result.sizeBytes}`]),
    ],
    steps: result.steps,
    ...error,
  };
}

function whyOf(result: VolumeResult): string {
  if (result.error !== undefined) return result.error.message;
  if (result.outcome === 'ok') return 'nothing to do: it is so already';
  return attachedText(result);
}

/** `attached, 2 of 2 paths live`, or `not attached` */
export function attachedText({ deviceInfo, paths }: VolumeResult): string {
  const there = paths.filter((path) => path.device !== '');
  if (deviceInfo === undefined && there.length === 0) return 'not attached';
  return `attached, ${livePaths(paths)} of ${paths.length} paths live`;
}

export function livePaths(paths: VolumeResult['paths']): number {
  return paths.filter(({ state }) => state === 'active' || state === 'running' || state === 'live').length;
}

function identitiesOf(volume: VolumeSpec, result: VolumeResult): readonly string[] {
  const seen = [volume.wwid, result.deviceInfo?.scsi_wwn, ...result.paths.map((path) => path.wwid)];
  return [...new Set(seen.filter((one): one is string => one !== undefined && one !== ''))].sort();
}

export function workResult(host: string, subject: string, result: VolumeResult, message?: string): WorkResult {
  return {
    host,
    subject,
    outcome: result.outcome,
    message: message ?? result.error?.message ?? attachedText(result),
    warnings: result.warnings,
    volume: result,
    ...(result.error === undefined ? {} : { error: asLongshoreError(result.error, host) }),
  };
}
