import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { emptyGraph, type GroupGraph, membersOf, settleGraph } from './groups/group-graph.js';
import { hostLookup } from './groups/host-variables.js';
import { parseYamlGroups } from './groups/parse-yaml-groups.js';
import { parseScriptGroups } from './groups/parse-script-groups.js';
import { readScript, type RunExecutable } from './groups/read-script.js';
import { readVariableFiles } from './groups/variable-files.js';
import { HostBuilder } from './hosts/build-host.js';
import type { SecretContext } from './hosts/secrets.js';
import type { Inventory, InventoryGroup, InventoryHost, InventoryNote } from './inventory.js';
import { errorCode } from './source/error-code.js';
import { type Located, withoutSchemaKey } from './source/located.js';
import { ProblemList, type SourcePosition } from './source/problems.js';
import { readDocument } from './source/read-document.js';

export interface ReadInventoryOptions {
  /** for `{env: NAME}` and `~`; the CLI passes its own environment */
  readonly env: SecretContext['env'];
  /** `deferred`: a secret that cannot be had fails when it is used, or in `requireSecrets`. Default `resolved` */
  readonly secrets?: SecretContext['secrets'];
  /** runs an executable inventory; without it such an inventory is refused */
  readonly runExecutable?: RunExecutable;
}

/**
 * Reads an Ansible inventory: YAML or JSON, or an executable that prints JSON, with `group_vars/` and `host_vars/` beside it. All of it
 * is checked, also what no host of a run will use, so that nothing is connected to before all is valid.
 *
 * Throws `E_INVENTORY` with one line (file, line, column, what, remedy) for each problem; `E_SECRET` when only secrets are missing.
 */
export async function readInventory(filePath: string, options: ReadInventoryOptions): Promise<Inventory> {
  const problems = new ProblemList();
  const notes: InventoryNote[] = [];
  const graph = emptyGraph();
  const text = await readSource(filePath, graph, options.runExecutable, problems);
  problems.throwIfAny('E_INVENTORY');
  settleGraph(graph, problems);
  problems.throwIfAny('E_INVENTORY');

  const files = await readVariableFiles(path.dirname(filePath), graph, problems, notes);
  const lookup = hostLookup(graph, files, problems);
  const builder = new HostBuilder({ env: options.env, secrets: options.secrets ?? 'resolved' }, problems);
  const hosts = new Map<string, InventoryHost>();
  for (const raw of graph.hosts.values()) {
    hosts.set(raw.name, builder.build(raw, lookup.variablesOf(raw), lookup.groupsOf(raw)));
  }
  problems.throwIfAny('E_INVENTORY');
  if (builder.ignored.size > 0) {
    notes.push({ level: 'debug', message: `${filePath}: not used: ${[...builder.ignored].sort().join(', ')}` });
  }
  const groups = new Map<string, InventoryGroup>();
  for (const { name, children } of graph.groups.values()) {
    groups.set(name, { name, children: [...children], hosts: membersOf(graph, name) });
    if (graph.hosts.has(name)) {
      notes.push({
        level: 'warning',
        message: `${filePath}: ${JSON.stringify(name)} is a group and a host; patterns mean the group`,
      });
    }
  }
  return {
    filePath,
    hosts,
    groups,
    notes,
    variablesOf(name) {
      const raw = graph.hosts.get(name);
      return raw === undefined ? new Map() : lookup.variablesOf(raw);
    },
    digest: createHash('sha256').update(text).digest('hex'),
  };
}

/** Gives the text of the file; '' for an executable, whose output may differ each time where its hosts do not. */
async function readSource(
  filePath: string,
  graph: GroupGraph,
  runExecutable: RunExecutable | undefined,
  problems: ProblemList,
): Promise<string> {
  const start: SourcePosition = { filePath, line: 1, column: 1 };
  let text: string;
  let executable: boolean;
  try {
    const info = await stat(filePath);
    if (info.isDirectory()) {
      problems.add(start, [], 'is a directory; give the inventory file in it');
      return '';
    }
    const isData = /\.(?:ya?ml|json)$/i.test(filePath);
    executable = !isData && (info.mode & (constants.S_IXUSR | constants.S_IXGRP | constants.S_IXOTH)) !== 0;
    text = executable ? '' : await readText(filePath);
  } catch (error) {
    problems.add(start, [], `cannot be read (${errorCode(error)}); check the path and its permissions`);
    return '';
  }
  if (executable) {
    if (runExecutable === undefined) {
      const fix =
        'save what it prints for --list as FILE.json and use that, or take away its x permission if it is data';
      problems.add(start, [], `is executable, and inventories cannot be run here; ${fix}`);
    } else await readScript(filePath, runExecutable, graph, problems);
    return '';
  }
  if (text.startsWith('#!'))
    problems.add(start, [], 'is a script without the x permission; make it executable (chmod +x)');
  else if (text.startsWith('$ANSIBLE_VAULT;')) {
    problems.add(
      start,
      [],
      'is encrypted by ansible-vault; decrypt it, and give its secrets as {env: NAME} or {file: PATH}',
    );
  } else {
    const root = readDocument(text, filePath, problems);
    if (root !== null) parseInventory(withoutSchemaKey(root), graph, problems);
    else if (problems.count === 0) problems.add(start, [], 'is empty; begin with "all:"');
  }
  return text;
}

/** A saved `--list` is JSON with `_meta`; everything else is the YAML form. */
function parseInventory(root: Located, graph: GroupGraph, problems: ProblemList): void {
  if (root.kind === 'map' && root.entries.has('_meta')) parseScriptGroups(root, graph, problems);
  else parseYamlGroups(root, graph, problems);
}

/** Also from a pipe, as in `-i <(command)`. */
async function readText(filePath: string): Promise<string> {
  const file = await open(filePath);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
