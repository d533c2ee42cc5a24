import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import { requireSecrets } from '../inventory/hosts/secrets.js';
import { readInventory } from '../inventory/read-inventory.js';
import { selectHosts } from '../inventory/patterns/select-hosts.js';
import { askSecret } from './ask-secret.js';
import type { CommandContext } from './command.js';
import { checkConnectable } from './connect-host.js';
import { usageError } from './parse-options.js';
import { retriedHosts } from './retried-hosts.js';
import { runExecutable } from './run-executable.js';
import { paintFor } from './terminal.js';
import { replayInventory, withoutLogin } from './traced-connections.js';

/** Reads the inventory that `-i` names. Secrets are left for those who need them: other hosts' may not be there for this user. */
export async function loadInventory({ options, terminal, logger }: CommandContext): Promise<Inventory> {
  const filePath = options.inventory ?? (options.replay === undefined ? undefined : replayInventory(options.replay));
  if (filePath === undefined) throw usageError('which hosts? give an inventory with -i FILE');
  const inventory = await readInventory(filePath, {
    secrets: 'deferred',
    env: terminal.env,
    runExecutable,
  });
  const paint = paintFor(terminal.stderr);
  for (const { level, message } of inventory.notes) {
    if (level === 'debug') logger.debug(message);
    else terminal.stderr.write(`${paint('yellow', 'warning')}  ${message}\n`);
  }
  return inventory;
}

/**
 * The hosts of a run: those of the inventory that `--limit` leaves, with what the command line says about logging in. Throws `E_SECRET` when
 * a secret for logging in to one of them cannot be had.
 */
export async function selectFleet(context: CommandContext): Promise<readonly InventoryHost[]> {
  const retried = await retriedHosts(context);
  const selected = selectHosts(await loadInventory(context), context.options.limit);
  const hosts = retried === null ? selected : selected.filter(({ name }) => retried.has(name));
  if (hosts.length === 0) throw usageError('--retry: no host on which that run failed is left by --limit');
  return prepareHosts(hosts, context);
}

/** These hosts with what the command line says about logging in; throws as `selectFleet`. */
export async function prepareHosts(
  selected: readonly InventoryHost[],
  context: CommandContext,
): Promise<readonly InventoryHost[]> {
  const { options, terminal } = context;
  if (options.replay !== undefined) return selected.map(withoutLogin);
  const loginPassword = options.askPass ? await askSecret('SSH password: ', terminal) : undefined;
  const password = options.askBecomePass ? await askSecret('sudo password: ', terminal) : undefined;
  const hosts = selected.map((host) => ({
    ...host,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(loginPassword === undefined ? {} : { password: loginPassword }),
    ...(options.privateKey === undefined ? {} : { privateKeyFile: options.privateKey }),
    ...(options.transport === undefined ? {} : { transport: options.transport }),
    become: {
      ...host.become,
      ...(options.become && host.become.method === 'none' ? { method: 'sudo' as const } : {}),
      ...(password === undefined ? {} : { password }),
    },
  }));
  await checkConnectable(hosts, context);
  requireSecrets(hosts.map((host) => ({ ...host, volumes: new Map() })));
  return hosts;
}
