import type { InitiatorConnector, VerbOptions, VolumeResult, VolumeSpec } from '../connectors/connector.js';
import type { HostContext } from '../fleet/run-host.js';
import type { ConnectorFactory } from '../fleet/volume-task.js';
import { gatedExecutor } from './gated-executor.js';

export interface VolumeChange {
  readonly context: HostContext;
  readonly host: string;
  readonly volume: VolumeSpec;
  readonly connectorFor: ConnectorFactory;
  /** has to pass right before the first change; when it throws, nothing was changed */
  readonly gate?: () => Promise<void>;
}

/** One verb for one volume on one host, with the journal and the events of the run that it belongs to. */
export async function changeVolume(
  { context, host, volume, connectorFor, gate }: VolumeChange,
  work: (connector: InitiatorConnector, options: VerbOptions) => Promise<VolumeResult>,
): Promise<VolumeResult> {
  const executor = gate === undefined ? context.executor : gatedExecutor(context.executor, gate);
  const journal = context.journal?.volume(volume.name);
  const result = await work(connectorFor(volume.driverVolumeType, { ...context, executor }), {
    onEvent: (event) => context.emit({ ...event, host }),
    ...(journal === undefined ? {} : { journal }),
  });
  context.journal?.volumeEnded(volume.name, result);
  return result;
}
