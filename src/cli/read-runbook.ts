import { requireSecrets } from '../inventory/hosts/secrets.js';
import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import type { Runbook } from '../runbook/playbook.js';
import { readPlaybook } from '../runbook/read-playbook.js';
import type { CommandContext } from './command.js';
import { type HostConnector, hostConnector } from './connect-host.js';
import { retriedHosts } from './retried-hosts.js';
import { loadInventory, prepareHosts } from './select-hosts.js';

/** A playbook that was read, and the way to its hosts. */
export interface PreparedRunbook {
  readonly runbook: Runbook;
  readonly inventory: Inventory;
  readonly hosts: readonly InventoryHost[];
  readonly connect: HostConnector;
}

/** Reads the playbook and the inventory that the command line names, and checks that its hosts can be logged in to. */
export async function prepareRunbook(context: CommandContext): Promise<PreparedRunbook> {
  const { options, terminal } = context;
  const inventory = await loadInventory(context);
  const retried = await retriedHosts(context);
  const runbook = await readPlaybook(options.playbook, {
    inventory,
    extraVars: options.extraVars,
    env: terminal.env,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(retried === null ? {} : { only: retried }),
  });
  // a step that moves volumes connects hosts beside those of its play
  const movesVolumes = runbook.plays.some(({ steps }) => steps.some(({ kind }) => kind.moves !== undefined));
  const usable = [...inventory.hosts.values()].filter(({ unsupported }) => unsupported === undefined);
  const prepared = await prepareHosts(movesVolumes ? usable : runbook.hosts, context);
  const known = new Map(prepared.map((host) => [host.name, host]));
  const hosts = runbook.hosts.map((host) => known.get(host.name) ?? host);
  const connector = hostConnector(context);
  return {
    runbook,
    inventory,
    hosts,
    // steps know hosts as the inventory has them, without what the command line says about logging in
    connect(prompts) {
      const connections = connector(prompts);
      return {
        ...connections,
        connect: (host, deadline) => connections.connect(known.get(host.name) ?? host, deadline),
      };
    },
  };
}

/** Throws `E_SECRET` when a step that logs in to a target would have to do so without its secret. */
export function requireStepSecrets({ plays }: Runbook): void {
  const attaching = plays.flatMap((play) =>
    play.steps
      .filter(({ kind }) => kind.logsIn === true)
      .flatMap((step) => play.hosts.map((host) => ({ ...host, volumes: step.on(host.name).volumes }))),
  );
  requireSecrets(
    attaching.map((host) => ({ ...host, volumes: new Map(host.volumes.map((volume) => [volume.name, volume])) })),
  );
}
