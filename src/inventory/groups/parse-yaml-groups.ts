import { expandHostRange } from '../hosts/host-range.js';
import { groupNameProblem, hostNameProblem } from '../hosts/host-names.js';
import { didYouMean } from '../near-misses.js';
import { type Located, type LocatedEntry, type LocatedMap, valuePosition } from '../source/located.js';
import type { DocumentPath, ProblemList, SourcePosition } from '../source/problems.js';
import { type GroupGraph, groupOf, hostOf, type Variable } from './group-graph.js';

const SECTIONS = ['hosts', 'children', 'vars'] as const;

/** Ansible's YAML inventory: any top-level groups, each with `hosts`, `children` and `vars`. */
export function parseYamlGroups(root: Located, graph: GroupGraph, problems: ProblemList): void {
  if (root.kind !== 'map') {
    const ini =
      root.kind === 'scalar' ? ', or convert an INI inventory with "ansible-inventory -i FILE --list --yaml"' : '';
    problems.add(root.position, [], `an inventory is a mapping of groups; begin with "all:"${ini}`);
    return;
  }
  const plugin = root.entries.get('plugin');
  if (plugin !== undefined && plugin.value.kind === 'scalar') {
    const fix = 'save what "ansible-inventory -i FILE --list --yaml" prints and use that';
    problems.add(
      plugin.key,
      ['plugin'],
      `this configures an Ansible inventory plugin, which Longshore does not run; ${fix}`,
    );
    return;
  }
  for (const [name, entry] of root.entries) {
    if (SECTIONS.some((section) => section === name)) {
      const what = name === 'hosts' ? 'these hosts are in no group' : 'it belongs to a group';
      problems.add(entry.key, [name], `${what}; indent "${name}:" under a group, such as "all:"`);
    } else parseGroup(name, entry, [name], graph, problems);
  }
}

function parseGroup(
  name: string,
  entry: LocatedEntry,
  path: DocumentPath,
  graph: GroupGraph,
  problems: ProblemList,
): void {
  const bad = groupNameProblem(name);
  if (bad !== null) {
    problems.add(entry.key, path, bad);
    return;
  }
  const group = groupOf(graph, name);
  const body = entry.value;
  const isChild = path.length > 1;
  if (isNull(body)) {
    // A name alone under `children` refers to a group; at the top it defines one.
    if (!isChild) group.defined = true;
    return;
  }
  group.defined = true;
  if (body.kind !== 'map') {
    problems.add(
      body.position,
      path,
      'a group is a mapping of "hosts", "children" and "vars"; write it as one, or leave it empty',
    );
    return;
  }
  for (const [key, section] of body.entries) {
    const at = [...path, key];
    if (key === 'hosts') {
      for (const [host, vars] of sectionEntries(section, at, problems))
        parseHosts(host, vars, name, at, graph, problems);
    } else if (key === 'vars') {
      for (const [variable, value] of sectionEntries(section, at, problems))
        group.vars.set(variable, toVariable(variable, value, at));
    } else if (key === 'children') {
      for (const [child, value] of sectionEntries(section, at, problems)) {
        addChild(graph, name, child, value.key, [...at, child], problems);
        if (child !== 'all') parseGroup(child, value, [...at, child], graph, problems);
      }
    } else {
      const vars =
        key.startsWith('ansible_') || key === 'volumes' ? '; variables go under "vars:"' : didYouMean(key, SECTIONS);
      problems.add(section.key, at, `a group knows only "hosts", "children" and "vars"${vars}`);
    }
  }
}

/** Makes one group a child of another. */
export function addChild(
  graph: GroupGraph,
  parent: string,
  child: string,
  position: SourcePosition,
  path: DocumentPath,
  problems: ProblemList,
): void {
  if (child === 'all') {
    problems.add(position, path, '"all" holds every group and cannot be a child; remove it here');
    return;
  }
  groupOf(graph, parent).children.add(child);
  groupOf(graph, child).reference ??= { position, path };
}

function parseHosts(
  pattern: string,
  entry: LocatedEntry,
  group: string,
  sectionPath: DocumentPath,
  graph: GroupGraph,
  problems: ProblemList,
): void {
  const path = [...sectionPath, pattern];
  const { name: range, port } = splitPort(pattern);
  const expanded = expandHostRange(range);
  if (!expanded.ok) {
    problems.add(entry.key, path, expanded.message);
    return;
  }
  const vars = new Map<string, Variable>();
  if (port !== null) {
    const node: Located = { kind: 'scalar', value: Number(port), text: port, position: entry.key };
    vars.set('ansible_port', { node, position: entry.key, path: [...path, 'ansible_port'] });
  }
  for (const [name, value] of sectionEntries({ key: entry.key, value: entry.value }, path, problems)) {
    vars.set(name, toVariable(name, value, path));
  }
  for (const name of expanded.names) {
    const bad = hostNameProblem(name);
    if (bad !== null) {
      problems.add(entry.key, path, bad);
      return;
    }
    groupOf(graph, group).hosts.add(name);
    const host = hostOf(graph, name, entry.key, path);
    for (const [key, value] of vars) host.vars.set(key, value);
  }
}

/** `web01:2222` and `[2001:db8::1]:2222` name a port as well; IPv6 addresses are themselves. */
function splitPort(pattern: string): { name: string; port: string | null } {
  const ipv6 = /^\[([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?)\](?::(\d+))?$/.exec(pattern);
  // [1:10:2] alone would be a range of host names made of digits, as in Ansible.
  if (ipv6?.[1] !== undefined && (ipv6[2] !== undefined || /::|[a-fA-F]|(?:.*:){4}/.test(ipv6[1]))) {
    return { name: ipv6[1], port: ipv6[2] ?? null };
  }
  const match = /^((?:[^:[\]]|\[[^\]]*\])+):(\d+)$/.exec(pattern);
  return match?.[1] === undefined ? { name: pattern, port: null } : { name: match[1], port: match[2] ?? null };
}

/** Entries of a section: a mapping, nothing, or (as Ansible allows) one name as text. */
function sectionEntries(
  section: LocatedEntry,
  path: DocumentPath,
  problems: ProblemList,
): Iterable<[string, LocatedEntry]> {
  const { value } = section;
  if (value.kind === 'map') return value.entries;
  if (isNull(value)) return [];
  const last = path.at(-1);
  if (value.kind === 'scalar' && typeof value.value === 'string' && (last === 'hosts' || last === 'children')) {
    const nothing: Located = { kind: 'scalar', value: null, text: '', position: value.position };
    return [[value.value, { key: value.position, value: nothing }]];
  }
  const fix =
    value.kind === 'list' && (last === 'hosts' || last === 'children')
      ? 'write each name as a key ("web01:") instead of a list item ("- web01")'
      : 'write "name: value" lines, or leave it empty';
  problems.add(valuePosition(section), path, `must be a mapping; ${fix}`);
  return [];
}

export function toVariable(name: string, entry: LocatedEntry, parent: DocumentPath): Variable {
  return { node: entry.value, position: valuePosition(entry), path: [...parent, name] };
}

/** Variables of a mapping that stands under `path`. */
export function variablesOf(map: LocatedMap, path: DocumentPath): Map<string, Variable> {
  return new Map([...map.entries].map(([name, entry]) => [name, toVariable(name, entry, path)]));
}

function isNull(node: Located): boolean {
  return node.kind === 'scalar' && node.value === null;
}
