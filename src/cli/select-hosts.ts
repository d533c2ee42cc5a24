import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import { readInventory } from '../inventory/read-inventory.js';
import { selectHosts } from '../inventory/patterns/select-hosts.js';
import { askSecret } from './ask-secret.js';
import type { CommandContext } from './command.js';
import { usageError } from './parse-options.js';
import { paintFor } from './terminal.js';

/** Reads the inventory that `-i` names. `deferred` leaves secrets alone: for commands that connect to nothing. */
export async function loadInventory(
  { options, terminal, logger }: CommandContext,
  secrets: 'resolved' | 'deferred' = 'resolved',
): Promise<Inventory> {
  if (options.inventory === undefined) throw usageError('which hosts? give an inventory with -i FILE');
  const inventory = await readInventory(options.inventory, { secrets, env: terminal.env });
  const paint = paintFor(terminal.stderr);
  for (const { level, message } of inventory.notes) {
    if (level === 'debug') logger.debug(message);
    else terminal.stderr.write(`${paint('yellow', 'warning')}  ${message}\n`);
  }
  return inventory;
}

/** The hosts of a run: those of the inventory that `--limit` leaves, with what the command line says about logging in. */
export async function selectFleet(context: CommandContext): Promise<readonly InventoryHost[]> {
  const { options } = context;
  const inventory = await loadInventory(context);
  const hosts = selectHosts(inventory, options.limit ?? 'all');
  if (hosts.length === 0) throw usageError('no host is selected', 'See what there is with longshore inventory list.');
  const password = options.askBecomePass ? await askSecret('sudo password: ', context.terminal) : undefined;
  return hosts.map((host) => ({
    ...host,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.privateKey === undefined ? {} : { privateKeyFile: options.privateKey }),
    become: {
      ...host.become,
      ...(options.become && host.become.method === 'none' ? { method: 'sudo' as const } : {}),
      ...(password === undefined ? {} : { password }),
    },
  }));
}
