import type { Located } from '../source/located.js';
import type { DocumentPath, ProblemList, SourcePosition } from '../source/problems.js';
import { didYouMean } from '../near-misses.js';

/** A variable with its place; the value is not checked yet. */
export interface Variable {
  readonly node: Located;
  readonly position: SourcePosition;
  readonly path: DocumentPath;
}

export type Variables = ReadonlyMap<string, Variable>;

export interface RawGroup {
  readonly name: string;
  readonly vars: Map<string, Variable>;
  readonly children: Set<string>;
  readonly hosts: Set<string>;
  /** where it was first named as a child, and whether it has content anywhere */
  reference: { readonly position: SourcePosition; readonly path: DocumentPath } | null;
  defined: boolean;
}

export interface RawHost {
  readonly name: string;
  readonly vars: Map<string, Variable>;
  readonly origin: SourcePosition;
  readonly path: DocumentPath;
}

/** Groups and hosts as an inventory names them, in its order, not yet put together. */
export interface GroupGraph {
  readonly groups: Map<string, RawGroup>;
  readonly hosts: Map<string, RawHost>;
}

export function emptyGraph(): GroupGraph {
  const graph: GroupGraph = { groups: new Map(), hosts: new Map() };
  for (const name of ['all', 'ungrouped']) groupOf(graph, name).defined = true;
  return graph;
}

/** The group of that name, made when it is new. */
export function groupOf(graph: GroupGraph, name: string): RawGroup {
  let group = graph.groups.get(name);
  if (group === undefined) {
    group = { name, vars: new Map(), children: new Set(), hosts: new Set(), reference: null, defined: false };
    graph.groups.set(name, group);
  }
  return group;
}

/** The host of that name, made when it is new. */
export function hostOf(graph: GroupGraph, name: string, origin: SourcePosition, path: DocumentPath): RawHost {
  let host = graph.hosts.get(name);
  if (host === undefined) {
    host = { name, vars: new Map(), origin, path };
    graph.hosts.set(name, host);
  }
  return host;
}

/**
 * Completes the graph as Ansible does (a group without a parent is a child of `all`, a host in no other group is in
 * `ungrouped`) and checks it: groups that nothing defines, cycles.
 */
export function settleGraph(graph: GroupGraph, problems: ProblemList): void {
  const all = groupOf(graph, 'all');
  const childNames = new Set([...graph.groups.values()].flatMap((group) => [...group.children]));
  for (const group of graph.groups.values()) {
    if (group.name !== 'all' && !childNames.has(group.name)) all.children.add(group.name);
    if (!group.defined && group.reference !== null) {
      const known = [...graph.groups.values()].filter((other) => other.defined).map((other) => other.name);
      const { position, path } = group.reference;
      const fix = `define the group (an empty one as "${group.name}: {}")${didYouMean(group.name, known)}`;
      problems.add(position, path, `names a group that is not defined anywhere; ${fix}`);
    }
  }
  const grouped = new Set<string>();
  for (const group of graph.groups.values()) {
    if (group.name !== 'all' && group.name !== 'ungrouped') for (const host of group.hosts) grouped.add(host);
  }
  const ungrouped = groupOf(graph, 'ungrouped');
  ungrouped.hosts.clear();
  for (const host of graph.hosts.keys()) if (!grouped.has(host)) ungrouped.hosts.add(host);
  reportCycles(graph, problems);
}

/** Hosts of a group: its own, then those of its children, level by level, as Ansible counts positions (`web[0]`). */
export function membersOf(graph: GroupGraph, name: string): string[] {
  const levels = new Set([name]);
  const members = new Set<string>();
  for (const at of levels) {
    const group = graph.groups.get(at);
    for (const host of group?.hosts ?? []) members.add(host);
    for (const child of group?.children ?? []) levels.add(child);
  }
  return [...members];
}

function reportCycles(graph: GroupGraph, problems: ProblemList): void {
  const finished = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    if (finished.has(name)) return;
    const group = graph.groups.get(name);
    if (group === undefined) return;
    for (const child of group.children) {
      const from = [...above, name];
      const at = from.indexOf(child);
      if (at < 0) visit(child, from);
      else {
        const loop = [...from.slice(at), child].join(' > ');
        const reference = graph.groups.get(child)?.reference;
        const { position, path } = reference ?? { position: NOWHERE, path: [child] };
        problems.add(position, path, `groups contain each other: ${loop}; remove one of these children`);
      }
    }
    finished.add(name);
  };
  for (const name of graph.groups.keys()) visit(name, []);
}

const NOWHERE: SourcePosition = { filePath: 'inventory', line: 1, column: 1 };
