import { createHash } from 'node:crypto';
import type { VolumeSpec } from '../connectors/connector.js';
import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import type { Play } from './playbook.js';

/**
 * Changes with the text of playbook and inventory, with what variables came to, and with how hosts are reached. Secrets have no part in
 * it: a `Secret` turns itself into the same text whatever it holds.
 */
export function runbookDigest(
  text: string,
  inventory: Inventory,
  plays: readonly Play[],
  hosts: readonly InventoryHost[],
): string {
  const hash = createHash('sha256').update(JSON.stringify([text, inventory.digest]));
  for (const host of hosts) hash.update(JSON.stringify(hostPart(host)));
  for (const play of plays) {
    hash.update(JSON.stringify([play.name, play.pattern, play.serial, play.limits, play.fanout ?? null]));
    for (const step of play.steps) {
      hash.update(JSON.stringify([step.kind.name, step.title]));
      for (const { name } of play.hosts) {
        const { options, volumes } = step.on(name);
        hash.update(JSON.stringify([name, optionsPart(options), volumes.map(volumePart)]));
      }
    }
  }
  return hash.digest('hex');
}

function hostPart({ name, address, port, user, become, connection, volumes }: InventoryHost): unknown {
  const { method, user: other } = become;
  return [name, address, port ?? null, user ?? null, method, other, connection, [...volumes.values()].map(volumePart)];
}

function volumePart(volume: VolumeSpec): unknown {
  return volume;
}

/** A volume among the options stands in `volumes` too, where its secrets are secrets. */
function optionsPart(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options;
  const { volume, ...rest } = options as Readonly<Record<string, unknown>>;
  return typeof volume === 'object' && !Array.isArray(volume) ? rest : options;
}
