import { listInventory, type ListedHost } from '../../inventory/patterns/list-inventory.js';
import { oneLine } from '../../report/one-line.js';
import { jsonText } from '../../report/result-document.js';
import { textTable } from '../../report/table.js';
import { plural } from '../../report/units.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { loadInventory } from '../select-hosts.js';
import { paintFor } from '../terminal.js';

/** Shows what an inventory and a pattern come to. Connects to nothing and needs no secret. */
export const inventoryList: Command = async (context) => {
  const { options, terminal } = context;
  const listing = listInventory(await loadInventory(context), options.limit);
  if (options.json) {
    terminal.stdout.write(jsonText(listing));
    return EXIT.ok;
  }
  const head = ['HOST', 'ADDRESS', 'USER', 'BECOME', 'GROUPS', 'VOLUMES'];
  const rows = listing.hosts.map((host) => rowOf(host).map((cell) => oneLine(cell)));
  if (rows.length > 0) terminal.stdout.write(textTable(head, rows, paintFor(terminal.stdout)));
  terminal.stderr.write(`${plural(rows.length, 'host')}\n`);
  return EXIT.ok;
};

function rowOf(host: ListedHost): string[] {
  const { name, user, become, groups, volumes, unsupported } = host;
  const known = [addressOf(host), user ?? '', become === null ? '' : `${become.method} ${become.user}`];
  const shown = unsupported === undefined ? known : [`(${unsupported})`, '', ''];
  return [name, ...shown, groups.join(','), volumes.join(',')];
}

function addressOf({ address, port, connection }: ListedHost): string {
  if (connection === 'local') return '(this machine)';
  if (port === null) return address;
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
