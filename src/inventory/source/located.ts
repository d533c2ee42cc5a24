import type { DocumentPath, SourcePosition } from './problems.js';

/** A document as data whose every value knows where it stands. Aliases and merge keys are resolved, shared, not copied. */
export type Located = LocatedScalar | LocatedMap | LocatedList;

export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** as it was written: `0123`, `36001405e51`, where `value` is a number */
  readonly text: string;
  /** `vault`: encrypted by ansible-vault; `literal`: `!unsafe`, in which `{{` means itself */
  readonly tag?: 'vault' | 'literal';
  readonly position: SourcePosition;
}

export interface LocatedMap {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, LocatedEntry>;
  readonly position: SourcePosition;
}

export interface LocatedEntry {
  readonly key: SourcePosition;
  readonly value: Located;
}

export interface LocatedList {
  readonly kind: 'list';
  readonly items: readonly Located[];
  readonly position: SourcePosition;
}

/** Keys whose values are text even when they look like numbers: a WWID of digits must not become 3.6e33. */
const TEXT_KEY =
  /^(?:wwid|name|volume|volume_id|argv|command|question|message|reason|driver_volume_type|env|file|.*(?:username|password|passwd|passphrase|_pass|_user|_host))$/;

/**
 * Plain data for a schema to check. Shared parts stay shared, so that a document of nested aliases costs no more than its text.
 * `key` is the name under which the value stands.
 */
export function toPlain(node: Located, key = '', done = new Map<Located, unknown>()): unknown {
  if (node.kind === 'scalar') {
    if (typeof node.value !== 'number') return node.value;
    return TEXT_KEY.test(key) || (Number.isInteger(node.value) && !Number.isSafeInteger(node.value))
      ? node.text
      : node.value;
  }
  const known = done.get(node);
  if (known !== undefined) return known;
  if (node.kind === 'list') {
    const list: unknown[] = [];
    done.set(node, list);
    for (const item of node.items) list.push(toPlain(item, key, done));
    return list;
  }
  const map: Record<string, unknown> = {};
  done.set(node, map);
  for (const [name, entry] of node.entries) map[name] = toPlain(entry.value, name, done);
  return map;
}

/** The value at `path`, or as far down as the document goes; `keyOf` when the last part is a key that is itself the problem. */
export function locate(node: Located, path: readonly PropertyKey[], keyOf = false): SourcePosition {
  let at: Located = node;
  let position = node.position;
  for (const [index, part] of path.entries()) {
    if (at.kind === 'map') {
      const entry = at.entries.get(String(part));
      if (entry === undefined) break;
      at = entry.value;
      position = keyOf && index === path.length - 1 ? entry.key : valuePosition(entry);
    } else if (at.kind === 'list') {
      const item = at.items[Number(part)];
      if (item === undefined) break;
      at = item;
      position = item.position;
    } else break;
  }
  return position;
}

/** Where to point for the value of an entry: at the value, or at the key when nothing is written there. */
export function valuePosition(entry: LocatedEntry): SourcePosition {
  return entry.value.kind === 'scalar' && entry.value.value === null && entry.value.text === ''
    ? entry.key
    : entry.value.position;
}

export interface Unresolved {
  readonly scalar: LocatedScalar;
  readonly path: DocumentPath;
}

/** The first scalar below that Ansible would have to decrypt or to fill in; null when all is literal. */
export function findUnresolved(node: Located, path: DocumentPath = [], seen = new Set<Located>()): Unresolved | null {
  if (node.kind === 'scalar') {
    const template = node.tag !== 'literal' && typeof node.value === 'string' && /\{\{|\{%/.test(node.value);
    return node.tag === 'vault' || template ? { scalar: node, path } : null;
  }
  if (seen.has(node)) return null;
  seen.add(node);
  const children: Iterable<readonly [string | number, Located]> =
    node.kind === 'list' ? node.items.entries() : [...node.entries].map(([key, { value }]) => [key, value] as const);
  for (const [part, child] of children) {
    const found = findUnresolved(child, [...path, part], seen);
    if (found !== null) return found;
  }
  return null;
}

/** A root without the `$schema` key by which JSON files name their schema to an editor. */
export function withoutSchemaKey(root: Located): Located {
  if (root.kind !== 'map' || !root.entries.has('$schema')) return root;
  return { ...root, entries: new Map([...root.entries].filter(([key]) => key !== '$schema')) };
}
