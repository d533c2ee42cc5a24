import type { InventoryHost } from '../../inventory/inventory.js';
import { selectHosts } from '../../inventory/patterns/select-hosts.js';
import { jsonText } from '../../report/result-document.js';
import { textTable } from '../../report/table.js';
import { plural } from '../../report/units.js';
import { printable } from '../../transport/printable.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { loadInventory } from '../select-hosts.js';
import { paintFor } from '../terminal.js';

/** Shows what an inventory and a pattern come to. Connects to nothing and reads no secret. */
export const inventoryList: Command = async (context) => {
  const { options, terminal } = context;
  const inventory = await loadInventory(context, 'deferred');
  const hosts = selectHosts(inventory, options.limit ?? 'all');
  if (options.json) {
    const entries = hosts.map((host) => [host.name, hostDocument(host)] as const);
    terminal.stdout.write(jsonText({ hosts: Object.fromEntries(entries) }));
    return EXIT.ok;
  }
  const head = ['HOST', 'ADDRESS', 'USER', 'BECOME', 'GROUPS', 'VOLUMES'];
  const rows = hosts.map((host) => rowOf(host).map(printable));
  if (rows.length > 0) terminal.stdout.write(textTable(head, rows, paintFor(terminal.stdout)));
  terminal.stderr.write(`${plural(hosts.length, 'host')}\n`);
  return EXIT.ok;
};

function rowOf(host: InventoryHost): string[] {
  const { address, port, user, become, connection } = host;
  const bracketed = address.includes(':') && port !== undefined ? `[${address}]` : address;
  return [
    host.name,
    connection === 'local' ? '(local)' : port === undefined ? address : `${bracketed}:${port}`,
    user ?? '',
    become.method === 'none' ? '' : `${become.method} ${become.user}`,
    host.groups.join(','),
    [...host.volumes.keys()].join(','),
  ];
}

function hostDocument(host: InventoryHost): object {
  return {
    address: host.address,
    port: host.port ?? null,
    user: host.user ?? null,
    connection: host.connection,
    become: host.become.method === 'none' ? null : { method: host.become.method, user: host.become.user },
    groups: host.groups,
    volumes: [...host.volumes.keys()],
    ...(host.unsupported === undefined ? {} : { unsupported: host.unsupported }),
  };
}
