import type { FleetResult } from '../fleet/fleet-result.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { auditFleet, type FleetAudit } from '../sweep/audit-fleet.js';
import { auditTask } from '../sweep/audit-task.js';
import type { HostLook } from '../sweep/cross-host.js';
import type { CommandContext } from './command.js';
import { hostConnector } from './connect-host.js';
import { performVerb } from './perform-verb.js';

/** Looks at all hosts, changing nothing, and judges what they show. */
export async function lookAtFleet(
  context: CommandContext,
  verb: string,
  hosts: readonly InventoryHost[],
): Promise<{ readonly result: FleetResult; readonly audit: FleetAudit }> {
  const seen = new Map<string, HostLook>();
  const result = await performVerb(context, {
    verb,
    hosts,
    task: auditTask({ volumesOf: ({ volumes }) => volumes.values(), onLook: (host, look) => seen.set(host, look) }),
    connect: hostConnector(context),
    changesHosts: false,
  });
  // in the order of the inventory, not of the answers
  const looks = new Map(
    hosts.flatMap(({ name }) => {
      const look = seen.get(name);
      return look === undefined ? [] : [[name, look] as const];
    }),
  );
  return { result, audit: auditFleet(looks, context.options.outageShare) };
}
