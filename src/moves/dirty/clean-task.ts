import type { VolumeResult, VolumeSpec } from '../../connectors/connector.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import type { HostFindings } from '../../fleet/fleet-result.js';
import { asLongshoreError, worstOutcome } from '../../fleet/outcome.js';
import type { FleetHost, HostContext, HostTask } from '../../fleet/run-host.js';
import type { ConnectorFactory } from '../../fleet/volume-task.js';
import { changeVolume } from '../change-volume.js';
import type { Ledger } from '../ledger/ledger-entry.js';
import { type DirtyHost, dirtyMark } from '../ledger/ledger-view.js';
import { lockHost } from '../lock-host.js';
import { lookAt } from '../look-at.js';
import { sameVolumeAt } from '../same-volume.js';
import { hasRebootedSince } from './boot-time.js';

export interface CleanOptions<H extends FleetHost> {
  readonly ledger: Ledger;
  readonly volumesOf: (host: H) => ReadonlyMap<string, VolumeSpec>;
  readonly connectorFor: ConnectorFactory;
  readonly planOnly: boolean;
  readonly now: () => Date;
}

/**
 * Proves that a dirty host has nothing left of the volumes that were taken from it, and takes its mark away. It acts on what the ledger
 * says was taken and on nothing else (rule S24), and removes only what cannot write any more: what a host that was not rebooted
 * still holds in memory would go over what the new owner has written.
 */
export function cleanTask<H extends FleetHost>(options: CleanOptions<H>): HostTask<H> {
  return async (host, context) => {
    const mark = dirtyMark(await options.ledger.entries(), host.name);
    if (mark === null) return { outcome: 'ok' };
    if (!options.planOnly) await lockHost(host.name, context);
    const results = new Map<string, VolumeResult>();
    for (const { volume, wwid } of mark.volumes) {
      context.deadline.check();
      results.set(volume, await cleanVolume(mark, volume, wwid, options.volumesOf(host), context, options));
    }
    const findings = findingsOf(results, host.name);
    if (findings.error !== undefined || options.planOnly) return findings;
    const why = 'proven to have nothing left of what was taken from it';
    await options.ledger.add({ kind: 'host-mark', host: host.name, mark: 'clean', volumes: [...mark.volumes], why });
    return { ...findings, outcome: 'changed' };
  };
}

async function cleanVolume<H extends FleetHost>(
  mark: DirtyHost,
  volume: string,
  wwid: string,
  declared: ReadonlyMap<string, VolumeSpec>,
  context: HostContext,
  options: CleanOptions<H>,
): Promise<VolumeResult> {
  const spec = sameVolumeAt(declared, volume, wwid);
  if (spec === null) {
    const message = `${volume} (${wwid}) was taken from ${mark.host}, and the inventory does not declare it there`;
    return refusal(
      new LongshoreError('E_HOST_DIRTY', message, {
        remedy: 'declare it for the host: its sessions and records cannot be known without',
      }),
    );
  }
  const { connectorFor } = options;
  const look = await lookAt(context, spec, connectorFor);
  const { side, detach } = look;
  if (side.kind === 'absent') {
    const absent: VolumeResult = { outcome: 'ok', paths: [], warnings: [], steps: [] };
    // the runs that attached it have not heard of that
    context.journal?.volumeEnded(spec.name, absent);
    return absent;
  }
  if (side.kind === 'blocked' || side.kind === 'silent') return refusal(side.error);
  if (side.users !== null) {
    const message = `${volume} is in use on ${mark.host}, and belongs to another host: ${side.users}`;
    return refusal(new LongshoreError('E_DEVICE_BUSY', message, { remedy: REBOOT }));
  }
  const connector = connectorFor(spec.driverVolumeType, context);
  const shown = (await connector.status([spec])).get(spec.name);
  const hasDevice = shown === undefined || shown.error !== undefined || shown.deviceInfo !== undefined;
  if (hasDevice && !(await hasRebootedSince(mark.last, context, options.now()))) {
    const message = `${mark.host} was not rebooted since ${mark.last} and still has ${volume}: what it holds in memory would be written over what its owner has written`;
    return refusal(new LongshoreError('E_HOST_DIRTY', message, { remedy: REBOOT }));
  }
  if (options.planOnly) return detach ?? refusal(new LongshoreError('E_INTERNAL', 'there is no plan'));
  const change = { context, host: mark.host, volume: spec, connectorFor };
  return changeVolume(change, (own, verbOptions) => own.detach(spec, null, verbOptions));
}

const REBOOT = 'reboot it with its array access still closed, then run this again';

function refusal(error: LongshoreError): VolumeResult {
  return { outcome: 'refused', paths: [], warnings: [], steps: [], error };
}

function findingsOf(volumes: ReadonlyMap<string, VolumeResult>, host: string): HostFindings {
  const results = [...volumes.values()];
  const error = results.find((result) => result.error !== undefined)?.error;
  const outcome = worstOutcome(results.map((result) => result.outcome));
  return { outcome, volumes, ...(error === undefined ? {} : { error: asLongshoreError(error, host) }) };
}
