import { groupNameProblem, hostNameProblem } from '../hosts/host-names.js';
import { didYouMean } from '../near-misses.js';
import type { Located, LocatedEntry, LocatedMap } from '../source/located.js';
import type { DocumentPath, ProblemList } from '../source/problems.js';
import { quoted } from '../source/problems.js';
import { type GroupGraph, groupOf, hostOf } from './group-graph.js';
import { addChild, variablesOf } from './parse-yaml-groups.js';

const SECTIONS = ['hosts', 'children', 'vars'] as const;

/**
 * What an executable inventory prints for `--list`: groups with lists of hosts and children, and each host's variables in
 * `_meta.hostvars`. Host names are taken as they are: ranges belong to inventories that people write.
 *
 * @returns whether `_meta.hostvars` was there; without it every host has to be asked for with `--host`
 */
export function parseScriptGroups(root: Located, graph: GroupGraph, problems: ProblemList): boolean {
  if (root.kind !== 'map') {
    problems.add(root.position, [], 'an executable inventory prints one JSON object of groups for --list');
    return true;
  }
  for (const [name, entry] of root.entries) if (name !== '_meta') parseGroup(name, entry, graph, problems);
  // A group that has no hosts just now is often named as a child and left out itself.
  for (const group of graph.groups.values()) group.defined = true;
  const meta = root.entries.get('_meta')?.value;
  const hostvars = meta?.kind === 'map' ? meta.entries.get('hostvars') : undefined;
  if (hostvars === undefined) return false;
  if (hostvars.value.kind !== 'map') {
    problems.add(hostvars.key, ['_meta', 'hostvars'], 'must be an object: host name to variables');
    return true;
  }
  for (const [name, entry] of hostvars.value.entries) {
    const path = ['_meta', 'hostvars', name];
    const host = graph.hosts.get(name);
    const vars = mapOf(entry, path, problems);
    if (host !== undefined) for (const [key, value] of variablesOf(vars, path)) host.vars.set(key, value);
    else if (!hasProblem(name)) {
      const near = didYouMean(name, graph.hosts.keys());
      problems.add(
        entry.key,
        path,
        `host ${quoted(name)} is in no group; add it to one, if only to "ungrouped"${near}`,
      );
    } else problems.add(entry.key, path, hostNameProblem(name) ?? '');
  }
  return true;
}

function parseGroup(name: string, entry: LocatedEntry, graph: GroupGraph, problems: ProblemList): void {
  const bad = groupNameProblem(name);
  if (bad !== null) {
    problems.add(entry.key, [name], bad);
    return;
  }
  const group = groupOf(graph, name);
  group.defined = true;
  // The oldest form: the group is just the list of its hosts.
  if (entry.value.kind === 'list') {
    addHosts(entry, [name], group.hosts, graph, problems);
    return;
  }
  for (const [key, section] of mapOf(entry, [name], problems).entries) {
    const path = [name, key];
    if (key === 'hosts') addHosts(section, path, group.hosts, graph, problems);
    else if (key === 'vars') {
      for (const [variable, value] of variablesOf(mapOf(section, path, problems), path))
        group.vars.set(variable, value);
    } else if (key === 'children') {
      for (const [child, position] of names(section, path, problems)) {
        addChild(graph, name, child, position, [...path, child], problems);
      }
    } else
      problems.add(section.key, path, `a group knows only "hosts", "children" and "vars"${didYouMean(key, SECTIONS)}`);
  }
}

function addHosts(
  entry: LocatedEntry,
  path: DocumentPath,
  into: Set<string>,
  graph: GroupGraph,
  problems: ProblemList,
): void {
  for (const [name, position] of names(entry, path, problems)) {
    const bad = hostNameProblem(name);
    if (bad !== null) {
      problems.add(position, path, bad);
      continue;
    }
    into.add(name);
    hostOf(graph, name, position, path);
  }
}

function* names(
  entry: LocatedEntry,
  path: DocumentPath,
  problems: ProblemList,
): Generator<[string, Located['position']]> {
  if (entry.value.kind !== 'list') {
    problems.add(entry.key, path, 'must be a list of names');
    return;
  }
  for (const [index, item] of entry.value.items.entries()) {
    if (item.kind === 'scalar' && item.value !== null) yield [item.text, item.position];
    else problems.add(item.position, [...path, index], 'must be a name');
  }
}

function mapOf(entry: LocatedEntry, path: DocumentPath, problems: ProblemList): LocatedMap {
  const { value } = entry;
  if (value.kind === 'map') return value;
  if (value.kind !== 'scalar' || value.value !== null) problems.add(entry.key, path, 'must be an object');
  return { kind: 'map', entries: new Map(), position: value.position };
}

function hasProblem(name: string): boolean {
  return hostNameProblem(name) !== null;
}
