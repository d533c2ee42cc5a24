import type { InitiatorConnector, VerbOptions, VolumeResult, VolumeSpec } from '../connectors/connector.js';
import type { AttachGate } from './attach-gate.js';

/** Attaches a volume unless another host of this run has it; one that only shows as another's when it is there goes again. */
export async function attachAlone(
  connector: InitiatorConnector,
  volume: VolumeSpec,
  options: VerbOptions,
  host: string,
  gate: AttachGate,
  volumes: readonly VolumeSpec[],
): Promise<VolumeResult> {
  const result = await connector.attach(volume, { ...options, gate: gate.of(host, volumes) });
  const wwid = result.deviceInfo?.scsi_wwn ?? '';
  const error = wwid === '' || options.planOnly === true ? null : gate.attached(host, wwid, volume);
  if (error === null) return result;
  if (result.outcome !== 'changed') return { ...result, outcome: 'refused', error };
  const undone = await connector.detach(volume, result.deviceInfo ?? null, options);
  const warnings = undone.error === undefined ? ['what this attach had done was undone'] : [undone.error.message];
  return { ...undone, outcome: 'refused', warnings: [...result.warnings, ...undone.warnings, ...warnings], error };
}
