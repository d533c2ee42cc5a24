import { z } from 'zod';
import { connectorFor } from '../../connectors/registry.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { refusing } from '../../inventory/hosts/field-schemas.js';
import type { InventoryHost } from '../../inventory/inventory.js';
import type { MoveServices } from '../../moves/move-services.js';
import type { FleetStepContext } from './step-kind.js';

const NAMES = refusing('volumes; write the name of one that the source declares, or a list of names');
const HOST = refusing('a host; write its name in the inventory');

export const namesOption = z
  .union([z.string(NAMES).min(1, NAMES), z.array(z.string(NAMES).min(1, NAMES)).min(1, NAMES)], NAMES)
  .transform((names): readonly string[] => (typeof names === 'string' ? [names] : names));
export const hostOption = z.string(HOST).min(1, HOST);

/** A host of the inventory, of this batch or not. Throws `E_USAGE`. */
export function hostNamed({ inventory }: FleetStepContext, name: string): InventoryHost {
  const host = inventory.hosts.get(name);
  if (host !== undefined && host.unsupported === undefined) return host;
  throw new LongshoreError('E_USAGE', `the inventory has no host ${JSON.stringify(name)} that Longshore can work on`);
}

export function moveServices(context: FleetStepContext, planOnly: boolean): MoveServices {
  return {
    ...context.moves,
    onHost: async (host, task) => (await context.onHosts([host], task)).get(host.name) ?? null,
    ask: context.ask,
    connectorFor,
    runId: context.runId,
    planOnly,
    ...(context.memory === undefined ? {} : { memory: context.memory }),
  };
}
