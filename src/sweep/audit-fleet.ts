import type { Portal } from '../linux/identifiers.js';
import { missedSessions, type PortalsDown } from './claims.js';
import { crossFindings, type CrossFinding, type HostLook } from './cross-host.js';
import { judgeHost } from './judge-host.js';
import { breakageOf, outageOf } from './outage.js';
import { digestOf, type SweepObject } from './sweep-object.js';

export interface HostAudit extends HostLook {
  readonly objects: readonly SweepObject[];
  /** digest of each candidate, by its key: what an approval is about */
  readonly digests: ReadonlyMap<string, string>;
}

/** What all hosts that could be looked at show, each by itself and together. */
export interface FleetAudit {
  readonly hosts: ReadonlyMap<string, HostAudit>;
  readonly crossHost: readonly CrossFinding[];
  /** why a sweep may only report now; null when it may do more */
  readonly outage: string | null;
  readonly portalsDown: PortalsDown;
}

/** Judges all hosts together (pure): what is down for others too is no orphan. */
export function auditFleet(looks: ReadonlyMap<string, HostLook>, outagePercent: number): FleetAudit {
  const portalsDown = downPortals(looks.values());
  const hosts = new Map<string, HostAudit>();
  for (const [host, look] of looks) {
    const objects = judgeHost(look.snapshot, look.claims, portalsDown);
    hosts.set(host, { ...look, objects, digests: digestsOf(objects, look.snapshot.identities.bootId) });
  }
  return {
    hosts,
    crossHost: crossFindings(looks),
    outage: outageOf(
      [...looks.values()].map(({ snapshot }) => breakageOf(snapshot)),
      outagePercent,
    ),
    portalsDown,
  };
}

export function digestsOf(objects: readonly SweepObject[], bootId: string | null): ReadonlyMap<string, string> {
  return new Map(
    objects.flatMap(({ key, removal }) =>
      removal === undefined ? [] : [[key, digestOf(key, removal, bootId)] as const],
    ),
  );
}

function downPortals(looks: Iterable<HostLook>): PortalsDown {
  const down = new Map<Portal, number>();
  for (const { snapshot, claims } of looks) {
    for (const { portal } of missedSessions(snapshot.storage, claims)) {
      if (portal !== null) down.set(portal, (down.get(portal) ?? 0) + 1);
    }
  }
  return down;
}
