import { expandHostRange, hasHostRange } from '../hosts/host-range.js';
import { parseAddress } from '../hosts/host-names.js';
import type { Inventory } from '../inventory.js';
import { expandNodeset, hasNodeset } from './nodeset.js';

/** Names of the hosts, or why there are none. */
export type Matched =
  { readonly ok: true; readonly hosts: readonly string[] } | { readonly ok: false; readonly message: string | null };

/**
 * The hosts that one term of a pattern means. `message: null` when nothing in the inventory matches; a group without hosts does match.
 *
 * `name[...]`: with one number or a `:`, positions within a group or glob, as in Ansible; with `-` or `,`, a nodeset of host names.
 */
export function matchTerm(text: string, inventory: Inventory): Matched {
  const plain = matchName(text, inventory);
  if (plain !== null) return { ok: true, hosts: plain };
  if (text.startsWith('~')) return matchRegex(text.slice(1), inventory);

  const positions = /^(.+)\[(?:(-?\d+)|(\d+):(\d*))\]$/.exec(text);
  // A range with leading zeros comes from an inventory file: those are host names, never positions.
  if (positions?.[1] !== undefined && !/^0\d/.test(positions[3] ?? '')) {
    const [, base, index, first, last] = positions;
    const hosts = matchName(base, inventory) ?? (/[*?]/.test(base) ? matchGlob(base, inventory) : null);
    if (hosts !== null) return pick(base, hosts, index, first, last);
  }
  const isNodeset = hasNodeset(text);
  if (isNodeset || hasHostRange(text)) {
    const expanded = isNodeset ? expandNodeset(text) : expandHostRange(text);
    if (!expanded.ok) return expanded;
    return found(expanded.names.filter((name) => inventory.hosts.has(name)));
  }
  return found(/[*?[]/.test(text) ? (matchGlob(text, inventory) ?? []) : []);
}

function found(hosts: readonly string[]): Matched {
  return hosts.length > 0 ? { ok: true, hosts } : { ok: false, message: null };
}

/** A group, else a host, by its exact name. */
function matchName(text: string, inventory: Inventory): readonly string[] | null {
  const group = inventory.groups.get(text === '*' ? 'all' : text);
  if (group !== undefined) return group.hosts;
  if (inventory.hosts.has(text)) return [text];
  const bare = text.startsWith('[') ? parseAddress(text) : null;
  return bare !== null && inventory.hosts.has(bare) ? [bare] : null;
}

/** Groups and hosts whose names match, as Ansible does for globs and regular expressions; null for none. */
function matchNames(pattern: RegExp, inventory: Inventory): readonly string[] | null {
  const names = new Set<string>();
  let any = false;
  for (const group of inventory.groups.values()) {
    if (!pattern.test(group.name)) continue;
    any = true;
    for (const host of group.hosts) names.add(host);
  }
  for (const host of inventory.hosts.keys()) if (pattern.test(host)) names.add(host);
  return any || names.size > 0 ? [...names] : null;
}

function matchRegex(source: string, inventory: Inventory): Matched {
  let pattern: RegExp;
  try {
    // Ansible anchors at the start only.
    pattern = new RegExp(`^(?:${source})`);
  } catch {
    return { ok: false, message: 'is not a valid regular expression' };
  }
  const hosts = matchNames(pattern, inventory);
  return hosts === null ? { ok: false, message: null } : { ok: true, hosts };
}

function matchGlob(glob: string, inventory: Inventory): readonly string[] | null {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at] ?? '';
    const close = char === '[' ? glob.indexOf(']', at + 2) : -1;
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (close > 0) {
      const inner = glob.slice(at + 1, close).replace(/[\\\][]/g, '\\$&');
      source += inner.startsWith('!') ? `[^${inner.slice(1)}]` : `[${inner.replace(/^\^/, '\\^')}]`;
      at = close;
    } else source += char.replace(/[\\^$.|+(){}[\]]/, '\\$&');
  }
  try {
    return matchNames(new RegExp(`^${source.replace(/(?:\.\*)+/g, '.*')}$`, 's'), inventory);
  } catch {
    // Such as [z-a], which matches nothing.
    return null;
  }
}

/** Positions count from 0 (or from the end: -1); both ends are in. */
function pick(base: string, hosts: readonly string[], index?: string, first?: string, last?: string): Matched {
  const chosen =
    index !== undefined
      ? hosts.at(Number(index))
      : hosts.slice(Number(first), last === undefined || last === '' ? undefined : Number(last) + 1);
  const list = chosen === undefined ? [] : typeof chosen === 'string' ? [chosen] : chosen;
  if (list.length > 0) return { ok: true, hosts: list };
  const count = hosts.length === 1 ? '1 host' : `${hosts.length} hosts`;
  return { ok: false, message: `is past the end: ${JSON.stringify(base)} has ${count}, counted from 0` };
}
