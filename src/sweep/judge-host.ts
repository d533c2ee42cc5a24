import type { Claim, PortalsDown } from './claims.js';
import { describer } from './device-context.js';
import type { HostSnapshot } from './host-snapshot.js';
import { judgeDevices } from './judge-devices.js';
import { judgeRecords, judgeSessions } from './judge-sessions.js';
import type { SweepObject } from './sweep-object.js';

/**
 * Everything that a host has, each with a class and the evidence for it (pure), from the top of the stack down. `portalsDown` is what other sessions of
 * the fleet show: it tells an outage from an orphan.
 */
export function judgeHost(
  snapshot: HostSnapshot,
  claims: readonly Claim[],
  portalsDown: PortalsDown,
): readonly SweepObject[] {
  return [
    ...judgeDevices(snapshot, claims),
    ...judgeSessions(snapshot, claims, portalsDown),
    ...judgeRecords(snapshot, claims),
    ...judgeLinks(snapshot),
  ];
}

/** Links of encrypted volumes: os-brick and Longshore make them, and udev does not take them away. */
function judgeLinks({ privateLinks, blockNumbers }: HostSnapshot): readonly SweepObject[] {
  return privateLinks.map(({ linkPath, target }) => {
    const object = describer('link', `link:${linkPath}`, `link ${linkPath}`);
    if (target === null || blockNumbers === null) return object('unknown', ['where it leads could not be followed']);
    const isThere = [...blockNumbers.values()].some(({ name }) => target === `/dev/${name}`);
    if (isThere) return object('foreign', [`it leads to ${target}`]);
    // what is no device at all was not made by whoever makes such links
    if (!target.startsWith('/dev/')) return object('unknown', [`it leads to ${target}, which is no device`]);
    return object('candidate', [`it leads to ${target}, which is not there`], { kind: 'link', linkPath, target });
  });
}
