import type { FoundRecord, FoundSession } from '../connectors/change-journal.js';
import type {
  ConnectorContext,
  ConnectorEvent,
  DisconnectOptions,
  InitiatorConnector,
  VolumeResult,
  VolumeSpec,
} from '../connectors/connector.js';
import { outcomeOfError } from '../connectors/outcome.js';
import { readOnlyExecutor } from '../transport/read-only-executor.js';
import { attachAlone } from './attach-alone.js';
import { AttachGate } from './attach-gate.js';
import type { HostFindings } from './fleet-result.js';
import { asLongshoreError, worstOutcome } from './outcome.js';
import type { FleetHost, HostContext, HostTask } from './run-host.js';

/** Gives the connector of a storage protocol for one host; throws `E_UNSUPPORTED` for a protocol that it does not know. */
export type ConnectorFactory = (driverVolumeType: string, context: ConnectorContext) => InitiatorConnector;

export type VolumeVerb = 'attach' | 'detach' | 'extend' | 'status';

export interface VolumeTaskOptions<H extends FleetHost> {
  readonly volumesOf: (host: H) => readonly VolumeSpec[];
  readonly connectorFor: ConnectorFactory;
  /** show the steps, change nothing: the connector gets an executor that runs no change */
  readonly planOnly?: boolean;
  /** only for detach */
  readonly force?: boolean;
  readonly ignoreErrors?: boolean;
  /** only for a detach that undoes an attach */
  readonly keepSessionsOf?: (host: H, volume: VolumeSpec) => readonly FoundSession[];
  /** only for a run that resumes another: see `VerbOptions.recordsBefore`; undefined: not known */
  readonly recordsBeforeOf?: (host: H, volume: VolumeSpec) => readonly FoundRecord[] | undefined;
  /** only for a run that resumes another: see `VerbOptions.flushInDoubt` */
  readonly flushInDoubtOf?: (host: H, volume: VolumeSpec) => boolean;
  /** where the hosts of an attach are compared before the first is changed. Default: each with those that came before it */
  readonly gate?: AttachGate;
}

/** The work of one storage verb on one host, for `runFleet`. */
export function volumeTask<H extends FleetHost>(verb: VolumeVerb, options: VolumeTaskOptions<H>): HostTask<H> {
  const gate = options.gate ?? new AttachGate();
  return async (host, hostContext) => {
    const executor =
      options.planOnly === true || verb === 'status' ? readOnlyExecutor(hostContext.executor) : hostContext.executor;
    const { deadline, runId, controller } = hostContext;
    const context = { executor, deadline, runId, ...(controller === undefined ? {} : { controller }) };
    const volumes = options.volumesOf(host);
    const results =
      verb === 'status'
        ? await readStatus(volumes, context, options.connectorFor)
        : await changeInTurn(verb, host, volumes, context, { ...options, gate }, hostContext);
    return findingsOf(results, host.name);
  };
}

/** One after the other: they share the host's lock, node database and multipathd. */
async function changeInTurn<H extends FleetHost>(
  verb: Exclude<VolumeVerb, 'status'>,
  host: H,
  volumes: readonly VolumeSpec[],
  context: ConnectorContext,
  options: VolumeTaskOptions<H> & { readonly gate: AttachGate },
  hostContext: HostContext,
): Promise<Map<string, VolumeResult>> {
  const results = new Map<string, VolumeResult>();
  const verbOptions: DisconnectOptions = {
    planOnly: options.planOnly === true,
    force: options.force === true,
    ignoreErrors: options.ignoreErrors === true,
    onEvent: (event: ConnectorEvent) => hostContext.emit({ ...event, host: host.name }),
  };
  const journal = options.planOnly === true ? undefined : hostContext.journal;
  for (const volume of volumes) {
    const recordsBefore = options.recordsBeforeOf?.(host, volume);
    const own: DisconnectOptions = {
      ...verbOptions,
      ...(options.keepSessionsOf === undefined ? {} : { keepSessions: options.keepSessionsOf(host, volume) }),
      ...(recordsBefore === undefined ? {} : { recordsBefore }),
      ...(options.flushInDoubtOf === undefined ? {} : { flushInDoubt: options.flushInDoubtOf(host, volume) }),
      ...(journal === undefined ? {} : { journal: journal.volume(volume.name) }),
    };
    const result = await orFailed(async () => {
      context.deadline.check();
      const connector = options.connectorFor(volume.driverVolumeType, context);
      switch (verb) {
        case 'attach':
          return attachAlone(connector, volume, own, host.name, options.gate, volumes);
        case 'detach':
          return connector.detach(volume, null, own);
        case 'extend':
          return connector.extend(volume, own);
      }
    });
    journal?.volumeEnded(volume.name, result);
    results.set(volume.name, result);
  }
  return results;
}

/** All volumes of one protocol in one observation. */
async function readStatus(
  volumes: readonly VolumeSpec[],
  context: ConnectorContext,
  connectorFor: ConnectorFactory,
): Promise<Map<string, VolumeResult>> {
  const byDriver = new Map<string, VolumeSpec[]>();
  for (const volume of volumes) {
    const group = byDriver.get(volume.driverVolumeType) ?? [];
    byDriver.set(volume.driverVolumeType, [...group, volume]);
  }
  const found = await Promise.all(
    [...byDriver].map(async ([driver, group]): Promise<ReadonlyMap<string, VolumeResult>> => {
      try {
        return await connectorFor(driver, context).status(group);
      } catch (thrown) {
        return new Map(group.map((volume) => [volume.name, failedResult(thrown)]));
      }
    }),
  );
  const results = new Map<string, VolumeResult>();
  for (const volume of volumes) {
    const result = found.map((group) => group.get(volume.name)).find((one) => one !== undefined);
    results.set(volume.name, result ?? failedResult(new Error(`the connector gave no status of ${volume.name}`)));
  }
  return results;
}

async function orFailed(work: () => Promise<VolumeResult>): Promise<VolumeResult> {
  try {
    return await work();
  } catch (thrown) {
    return failedResult(thrown);
  }
}

function failedResult(thrown: unknown): VolumeResult {
  const error = asLongshoreError(thrown);
  return { outcome: outcomeOfError(error), paths: [], warnings: [], steps: [], error };
}

/** The host's outcome is the worst of its volumes', and its error the error of the first volume that has that outcome. */
function findingsOf(volumes: ReadonlyMap<string, VolumeResult>, host: string): HostFindings {
  const results = [...volumes.values()];
  const outcome = worstOutcome(results.map((result) => result.outcome));
  const worst = results.find((result) => result.outcome === outcome && result.error !== undefined);
  const error = worst?.error === undefined ? {} : { error: asLongshoreError(worst.error, host) };
  return { outcome, volumes, ...error };
}
