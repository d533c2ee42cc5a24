import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';

/** A host with the volumes that it is to get. */
export interface VolumeWish {
  readonly host: string;
  readonly volumes: readonly VolumeSpec[];
}

/**
 * Refuses, before any host is connected to, to attach one volume on two hosts, unless every one of them says that it is `shared` or takes it read-only (rule S40).
 * A volume is known by its WWID, else by Cinder's `volume_id`. Where a target and a LUN lead is the array's choice for each host, so those prove
 * nothing.
 *
 * @throws LongshoreError E_CONFLICT naming both hosts
 */
export function refuseConflicts(wishes: readonly VolumeWish[]): void {
  const seen = new Map<string, { readonly host: string; readonly volume: VolumeSpec }[]>();
  for (const { host, volumes } of wishes) {
    for (const volume of volumes) {
      const identity = volumeIdentity(volume);
      if (identity !== null) seen.set(identity, [...(seen.get(identity) ?? []), { host, volume }]);
    }
  }
  for (const [identity, uses] of seen) {
    const hosts = [...new Set(uses.map(({ host }) => host))];
    const [first, second] = hosts;
    if (first === undefined || second === undefined || mayBeShared(uses.map(({ volume }) => volume))) continue;
    const more = hosts.length > 2 ? ` and ${hosts.length - 2} more` : '';
    throw conflict(`${uses[0]?.volume.name ?? ''} (${identity}) is asked for on ${first}, ${second}${more}`);
  }
}

/** Whether these uses of one volume bear each other: all of them say so, or none of them writes. */
export function mayBeShared(volumes: readonly VolumeSpec[]): boolean {
  return volumes.every(({ shared }) => shared === true) || volumes.every(isReadOnly);
}

function isReadOnly({ accessMode, data }: VolumeSpec): boolean {
  return (accessMode ?? data['access_mode']) === 'ro';
}

/** What a volume is known by when it is compared with another: its WWID, else Cinder's `volume_id`; null: neither is declared. */
export function volumeIdentity({ wwid, data }: VolumeSpec): string | null {
  if (wwid !== undefined) return wwid;
  const id = data['volume_id'];
  return typeof id === 'string' && id !== '' ? id : null;
}

export function conflict(what: string, host?: string): LongshoreError {
  return new LongshoreError('E_CONFLICT', `${what}: two hosts would write to one volume`, {
    remedy: 'detach it from the other host first; for a volume that a cluster guards, write `shared: true` beside it',
    ...(host === undefined ? {} : { host }),
  });
}
