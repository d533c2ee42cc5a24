import type { VolumeSpec } from '../connectors/connector.js';
import type { FleetHost, HostTask } from '../fleet/run-host.js';
import { claimsOf } from './claims.js';
import type { HostLook } from './cross-host.js';
import { lookAtHost } from './host-snapshot.js';

export interface AuditOptions<H extends FleetHost> {
  /** what the inventory declares for the host: that is owned */
  readonly volumesOf: (host: H) => Iterable<VolumeSpec>;
  /** takes what was seen; it is judged when all hosts have been looked at, since an outage shows only then */
  readonly onLook: (host: string, look: HostLook) => void;
}

/** Looks at one host and changes nothing. `ok` means that it could be looked at. */
export function auditTask<H extends FleetHost>(options: AuditOptions<H>): HostTask<H> {
  return async (host, { executor, deadline }) => {
    const snapshot = await lookAtHost(executor, deadline);
    options.onLook(host.name, { snapshot, claims: claimsOf(options.volumesOf(host)) });
    return { outcome: 'ok' };
  };
}
