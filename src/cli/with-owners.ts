import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { recordOwners } from '../moves/ledger/record-owners.js';
import type { CommandContext } from './command.js';
import { moveTools } from './move-tools.js';

/** The result, with who owns what written down: that it could not be is told with it. */
export async function withOwners<R extends FleetResult>(
  context: CommandContext,
  result: R,
  hosts: readonly InventoryHost[],
  volumesOf: (host: InventoryHost) => readonly VolumeSpec[],
): Promise<R> {
  const specs = new Map(hosts.map((host) => [host.name, volumesOf(host)]));
  const specOf = (host: string, volume: string) => specs.get(host)?.find(({ name }) => name === volume);
  try {
    await recordOwners(result, specOf, moveTools(context, result.run).ledger);
    return result;
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    return { ...result, journalError: error };
  }
}
