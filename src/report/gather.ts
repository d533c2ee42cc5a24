/** Hosts for which something is the same, and what that is. */
export interface Gathered<T> {
  readonly names: readonly string[];
  readonly value: T;
}

/** Puts entries with the same key together, in the order in which each key came first. */
export function gather<T>(
  entries: Iterable<readonly [name: string, value: T]>,
  keyOf: (value: T) => string,
): Gathered<T>[] {
  const groups = new Map<string, { names: string[]; value: T }>();
  for (const [name, value] of entries) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { names: [name], value });
    else group.names.push(name);
  }
  return [...groups.values()];
}
