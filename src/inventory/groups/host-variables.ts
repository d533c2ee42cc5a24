import type { ProblemList } from '../source/problems.js';
import type { GroupGraph, RawHost, Variable, Variables } from './group-graph.js';

/** Variables from `group_vars/` and `host_vars/`, by the name of the group or host. */
export interface FileVariables {
  readonly groups: ReadonlyMap<string, Variables>;
  readonly hosts: ReadonlyMap<string, Variables>;
}

export interface HostLookup {
  /** every group of the host, weakest first: by depth, then `ansible_group_priority`, then name */
  groupsOf(host: RawHost): readonly string[];
  /**
   * A host's variables after precedence, weakest first: groups in the inventory, `group_vars/all`, other `group_vars/`, the host in the
   * inventory, `host_vars/`. So group_vars/all wins over a child group's vars inside the inventory, as in Ansible. A later value
   * replaces an earlier one as a whole (Ansible's default hash_behaviour).
   */
  variablesOf(host: RawHost): Variables;
}

/** For a graph that was settled and has no cycles. */
export function hostLookup(graph: GroupGraph, files: FileVariables, problems: ProblemList): HostLookup {
  const parents = new Map<string, string[]>();
  for (const group of graph.groups.values()) {
    for (const child of group.children) parents.set(child, [...(parents.get(child) ?? []), group.name]);
  }
  const ancestors = new Map<string, ReadonlySet<string>>();
  const withAncestors = (name: string): ReadonlySet<string> => {
    const known = ancestors.get(name);
    if (known !== undefined) return known;
    const found = new Set([name]);
    for (const parent of parents.get(name) ?? []) for (const above of withAncestors(parent)) found.add(above);
    ancestors.set(name, found);
    return found;
  };
  const order = groupOrder(graph, parents, problems);

  const direct = new Map<string, string[]>();
  for (const group of graph.groups.values()) {
    for (const host of group.hosts) {
      const groups = direct.get(host);
      if (groups === undefined) direct.set(host, [group.name]);
      else groups.push(group.name);
    }
  }
  // Hosts of one range share their groups, so thousands of them merge once.
  const merged = new Map<string, { groups: readonly string[]; vars: Variables }>();
  const ofGroups = (host: RawHost): { groups: readonly string[]; vars: Variables } => {
    const names = direct.get(host.name) ?? [];
    const key = JSON.stringify(names);
    let known = merged.get(key);
    if (known === undefined) {
      const every = new Set(['all', ...names.flatMap((name) => [...withAncestors(name)])]);
      const groups = [...every].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
      const vars = merge([
        ...groups.map((name) => graph.groups.get(name)?.vars),
        ...groups.map((name) => files.groups.get(name)),
      ]);
      known = { groups, vars };
      merged.set(key, known);
    }
    return known;
  };
  return {
    groupsOf: (host) => ofGroups(host).groups,
    variablesOf: (host) => merge([ofGroups(host).vars, host.vars, files.hosts.get(host.name)]),
  };
}

function merge(layers: readonly (Variables | undefined)[]): Map<string, Variable> {
  const merged = new Map<string, Variable>();
  for (const layer of layers) for (const [name, variable] of layer ?? []) merged.set(name, variable);
  return merged;
}

/** The rank of each group: its longest way down from `all`, then its priority, then its name (Ansible's sort_groups). */
function groupOrder(
  graph: GroupGraph,
  parents: ReadonlyMap<string, readonly string[]>,
  problems: ProblemList,
): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const depth = Math.max(-1, ...(parents.get(name) ?? []).map(depthOf)) + 1;
    depths.set(name, depth);
    return depth;
  };
  const ranked = [...graph.groups.values()].map(({ name, vars }) => ({
    name,
    depth: depthOf(name),
    priority: priorityOf(vars.get('ansible_group_priority'), problems),
  }));
  ranked.sort((a, b) => a.depth - b.depth || a.priority - b.priority || (a.name < b.name ? -1 : 1));
  return new Map(ranked.map(({ name }, rank) => [name, rank]));
}

function priorityOf(variable: Variable | undefined, problems: ProblemList): number {
  if (variable === undefined) return 1;
  const text = variable.node.kind === 'scalar' ? variable.node.text : '';
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  problems.add(variable.position, variable.path, 'must be a whole number; Ansible uses 1 when it is not given');
  return 1;
}
