import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { InventoryNote } from '../inventory.js';
import { errorCode } from '../source/error-code.js';
import type { ProblemList } from '../source/problems.js';
import { readDocument } from '../source/read-document.js';
import type { GroupGraph, Variable, Variables } from './group-graph.js';
import type { FileVariables } from './host-variables.js';
import { variablesOf } from './parse-yaml-groups.js';

// In Ansible's order; the first that exists is the only one that is read.
const EXTENSIONS = ['', '.yml', '.yaml', '.json'];

/** Reads `group_vars/` and `host_vars/` beside the inventory, as far as they are about its groups and hosts. */
export async function readVariableFiles(
  directory: string,
  graph: GroupGraph,
  problems: ProblemList,
  notes: InventoryNote[],
): Promise<FileVariables> {
  return {
    groups: await readFolder(
      path.join(directory, 'group_vars'),
      'group',
      new Set(graph.groups.keys()),
      problems,
      notes,
    ),
    hosts: await readFolder(path.join(directory, 'host_vars'), 'host', new Set(graph.hosts.keys()), problems, notes),
  };
}

async function readFolder(
  folder: string,
  what: string,
  known: ReadonlySet<string>,
  problems: ProblemList,
  notes: InventoryNote[],
): Promise<Map<string, Variables>> {
  const candidates = new Map<string, string[]>();
  for (const file of await list(folder, problems)) {
    const name = stemOf(file, known);
    if (!known.has(name)) {
      // One folder often serves several inventories.
      if (!file.startsWith('.'))
        notes.push({ level: 'debug', message: `${path.join(folder, file)} is about no ${what} of this inventory` });
      continue;
    }
    candidates.set(name, [...(candidates.get(name) ?? []), file]);
  }
  const variables = new Map<string, Variables>();
  for (const [name, files] of candidates) {
    files.sort((a, b) => EXTENSIONS.indexOf(a.slice(name.length)) - EXTENSIONS.indexOf(b.slice(name.length)));
    const [first, ...ignored] = files;
    if (first === undefined) continue;
    for (const file of ignored) {
      const message = `${path.join(folder, file)} is not read, because ${path.join(folder, first)} exists (as in Ansible)`;
      notes.push({ level: 'warning', message });
    }
    const merged = new Map<string, Variable>();
    for (const filePath of await filesBelow(path.join(folder, first), problems)) {
      for (const [key, value] of await readVariables(filePath, problems, notes)) merged.set(key, value);
    }
    variables.set(name, merged);
  }
  return variables;
}

/** `web01.example.com` may be a whole name or a name and an extension, so the inventory's names decide. */
function stemOf(file: string, known: ReadonlySet<string>): string {
  if (known.has(file)) return file;
  const extension = EXTENSIONS.slice(1).find((candidate) => file.endsWith(candidate));
  return extension === undefined ? file : file.slice(0, -extension.length);
}

/** The file itself, or all files below a folder in the order of their names, without hidden ones, backups and other extensions. */
async function filesBelow(filePath: string, problems: ProblemList, depth = 0): Promise<string[]> {
  const info = await stat(filePath).catch(() => null);
  if (info?.isFile() === true) return [filePath];
  if (info?.isDirectory() !== true || depth > 8) return [];
  const found: string[] = [];
  for (const name of await list(filePath, problems)) {
    if (name.startsWith('.') || name.endsWith('~')) continue;
    const child = path.join(filePath, name);
    const extension = path.extname(name);
    const isFolder = (await stat(child).catch(() => null))?.isDirectory() === true;
    if (isFolder ? extension === '' : EXTENSIONS.includes(extension))
      found.push(...(await filesBelow(child, problems, depth + 1)));
  }
  return found;
}

async function readVariables(filePath: string, problems: ProblemList, notes: InventoryNote[]): Promise<Variables> {
  const start = { filePath, line: 1, column: 1 };
  let text: string;
  try {
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    problems.add(start, [], `cannot be read (${errorCode(error)}); check its permissions`);
    return new Map();
  }
  if (text.startsWith('$ANSIBLE_VAULT;')) {
    const message = `${filePath} is encrypted by ansible-vault and was not read; give secrets as {env: NAME} or {file: PATH}`;
    notes.push({ level: 'warning', message });
    return new Map();
  }
  const root = readDocument(text, filePath, problems);
  if (root === null || (root.kind === 'scalar' && root.value === null)) return new Map();
  if (root.kind === 'map') return variablesOf(root, []);
  problems.add(root.position, [], 'must be a mapping of variables; write "name: value" lines');
  return new Map();
}

async function list(folder: string, problems: ProblemList): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      problems.add({ filePath: folder, line: 1, column: 1 }, [], `cannot be read (${code}); check its permissions`);
    }
    return [];
  }
}
