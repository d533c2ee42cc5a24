import type { Inventory, InventoryHost } from '../inventory.js';
import { foldNames } from './fold-names.js';
import { selectHosts } from './select-hosts.js';

/** What `longshore inventory list` shows; safe to print as JSON. */
export interface InventoryListing {
  readonly hosts: readonly ListedHost[];
  readonly groups: readonly ListedGroup[];
}

export interface ListedHost {
  readonly name: string;
  readonly address: string;
  /** null: what ssh_config says */
  readonly port: number | null;
  readonly user: string | null;
  readonly connection: 'ssh' | 'local';
  readonly become: { readonly method: string; readonly user: string } | null;
  readonly groups: readonly string[];
  readonly volumes: readonly string[];
  readonly unsupported?: string;
}

export interface ListedGroup {
  readonly name: string;
  readonly children: readonly string[];
  /** of the selected hosts, folded: `web[01-50]` */
  readonly hosts: string;
  readonly count: number;
}

/** The hosts that a pattern selects, also those that Longshore cannot work on, and the groups that have any of them. */
export function listInventory(inventory: Inventory, pattern = 'all'): InventoryListing {
  const selected = selectHosts(inventory, pattern, { keepUnsupported: true });
  const names = new Set(selected.map(({ name }) => name));
  const groups = [...inventory.groups.values()].flatMap(({ name, children, hosts }) => {
    const members = hosts.filter((host) => names.has(host));
    return members.length === 0 ? [] : [{ name, children, hosts: foldNames(members), count: members.length }];
  });
  return { hosts: selected.map(listedHost), groups };
}

function listedHost(host: InventoryHost): ListedHost {
  const { name, address, port, user, connection, become, groups, volumes, unsupported } = host;
  return {
    name,
    address,
    port: port ?? null,
    user: user ?? null,
    connection,
    become: become.method === 'none' ? null : { method: become.method, user: become.user },
    groups,
    volumes: [...volumes.keys()],
    ...(unsupported === undefined ? {} : { unsupported }),
  };
}
