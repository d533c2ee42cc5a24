import { readFile } from 'node:fs/promises';
import { LongshoreError } from '../errors/longshore-error.js';
import type { SecretContext } from '../inventory/hosts/secrets.js';
import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import { nearMisses } from '../inventory/near-misses.js';
import { selectHosts } from '../inventory/patterns/select-hosts.js';
import { check } from '../inventory/source/check.js';
import { errorCode } from '../inventory/source/error-code.js';
import type { Located, LocatedMap } from '../inventory/source/located.js';
import { valuePosition } from '../inventory/source/located.js';
import { type DocumentPath, ProblemList, quoted } from '../inventory/source/problems.js';
import { readDocument } from '../inventory/source/read-document.js';
import { runbookDigest } from './digest.js';
import { PLAY_KEYS, readHeadSchema } from './play-schema.js';
import { headOf } from './play-head.js';
import type { Play, Runbook } from './playbook.js';
import { readSteps } from './read-steps.js';
import { substitute, VARIABLE_NAME } from './substitute.js';
import { extraVariables, isSecretName, playLookUp, type PlayVariables, SECRET_REFUSED } from './variables.js';

export interface ReadPlaybookOptions {
  readonly inventory: Inventory;
  /** pattern of --limit: plays are about no other hosts */
  readonly limit?: string;
  /** names of hosts: plays are about no others. Default: all that `limit` leaves */
  readonly only?: ReadonlySet<string>;
  /** `k=v` words of --extra-vars */
  readonly extraVars?: readonly string[];
  /** for secrets of volumes that stand in the playbook; the CLI passes its own environment */
  readonly env: SecretContext['env'];
}

const REQUIRED = {
  name: 'one line that says what it does',
  hosts: 'a group, a host or a pattern such as web*:!web07',
  steps: 'a list of what is to be done',
} as const;

/** What reading a play needs to know beside the play. */
export interface PlayContext {
  readonly inventory: Inventory;
  readonly secrets: SecretContext;
  readonly problems: ProblemList;
}

/**
 * Reads a playbook and puts it together with the inventory: every variable is filled in, every option checked and every volume found, for
 * every host, before anything is connected to.
 *
 * Throws `E_PLAYBOOK` with one line (file, line, column, what, remedy) for each problem; `E_USAGE` for --limit and --extra-vars.
 */
export async function readPlaybook(filePath: string, options: ReadPlaybookOptions): Promise<Runbook> {
  const problems = new ProblemList();
  const extra = extraVariables(options.extraVars ?? []);
  if ('problem' in extra) throw new LongshoreError('E_USAGE', `--extra-vars: ${extra.problem}`);
  const { inventory, limit, only } = options;
  const selected = selectHosts(inventory, limit, { keepUnsupported: true }).map(({ name }) => name);
  const limited = new Set(selected.filter((name) => only === undefined || only.has(name)));
  const text = await readText(filePath, problems);
  const root = readDocument(text, filePath, problems);
  problems.throwIfAny('E_PLAYBOOK');

  const context: PlayContext = { inventory, secrets: { env: options.env, secrets: 'deferred' }, problems };
  const plays = playsOf(root, filePath, problems).flatMap(([node, path]) => {
    const own = node.entries.get('vars');
    const vars = own === undefined ? null : variablesOf(own.value, [...path, 'vars'], problems);
    const variables: PlayVariables = { extra, own: vars, ownPath: [...path, 'vars'], problems };
    const play = readPlay(node, path, variables, limited, context);
    return play === null ? [] : [play];
  });
  checkNames(plays, root, problems);
  problems.throwIfAny('E_PLAYBOOK');
  const named = new Set(plays.flatMap((play) => play.hosts.map(({ name }) => name)));
  if (named.size === 0)
    throw new LongshoreError('E_USAGE', `--limit or --retry leaves no host of any play of ${filePath}`);
  const hosts = [...inventory.hosts.values()].filter(({ name }) => named.has(name));
  return { filePath, plays, hosts, digest: runbookDigest(text, inventory, plays, hosts) };
}

async function readText(filePath: string, problems: ProblemList): Promise<string> {
  try {
    return await readFile(filePath, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    const why =
      code === 'EISDIR'
        ? 'is a directory; give a playbook file in it'
        : `cannot be read (${code}); check the path and its permissions`;
    problems.add({ filePath, line: 1, column: 1 }, [], why);
    problems.throwIfAny('E_PLAYBOOK');
    return '';
  }
}

function playsOf(root: Located | null, filePath: string, problems: ProblemList): [LocatedMap, DocumentPath][] {
  if (root === null || (root.kind === 'scalar' && root.value === null)) {
    problems.add(
      { filePath, line: 1, column: 1 },
      [],
      'is empty; write a list of plays, each with "name:", "hosts:" and "steps:"',
    );
    return [];
  }
  if (root.kind !== 'list') {
    const fix =
      root.kind === 'map' && root.entries.has('hosts')
        ? 'begin the play with "- "'
        : 'write each play as an item, "- name: ..."';
    problems.add(root.position, [], `a playbook is a list of plays; ${fix}`);
    return [];
  }
  if (root.items.length === 0) problems.add(root.position, [], 'holds no play; write one, "- name: ..."');
  return root.items.flatMap((item, index): [LocatedMap, DocumentPath][] => {
    if (item.kind === 'map') return [[item, [index]]];
    problems.add(item.position, [index], 'a play is a mapping; write "name:", "hosts:" and "steps:" under each other');
    return [];
  });
}

function variablesOf(node: Located, path: DocumentPath, problems: ProblemList): LocatedMap | null {
  if (node.kind === 'scalar' && node.value === null && node.tag === undefined) return null;
  if (node.kind !== 'map') {
    problems.add(node.position, path, 'must be a mapping of variables; write "name: value" lines');
    return null;
  }
  for (const [name, entry] of node.entries) {
    if (!VARIABLE_NAME.test(name)) {
      problems.add(
        entry.key,
        [...path, name],
        'is not a name of a variable; write letters, digits and "_", not beginning with a digit',
      );
    } else if (isSecretName(name)) {
      problems.add(entry.key, [...path, name], SECRET_REFUSED);
    }
  }
  return node;
}

function readPlay(
  node: LocatedMap,
  path: DocumentPath,
  variables: PlayVariables,
  limited: ReadonlySet<string>,
  context: PlayContext,
): Play | null {
  const { problems, inventory } = context;
  const entries = [...node.entries].filter(([key]) => key !== 'vars' && key !== 'steps');
  const head = substitute({ ...node, entries: new Map(entries) }, playLookUp(variables), path, problems);
  const before = problems.count;
  reportMissing(node, path, problems);
  const checked = check(readHeadSchema, withSerialList(head), path, problems, PLAY_KEYS);
  const steps = node.entries.get('steps');
  if (checked === undefined || problems.count > before) return null;
  const { name = '', hosts: pattern = '' } = checked;
  let selected: readonly InventoryHost[];
  try {
    selected = selectHosts(inventory, pattern);
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    const entry = node.entries.get('hosts');
    problems.add(entry === undefined ? node.position : valuePosition(entry), [...path, 'hosts'], error.message);
    return null;
  }
  // steps are checked for all hosts of the play: --limit must not hide a slip that the next run meets
  const read = steps === undefined ? null : readSteps(steps.value, [...path, 'steps'], variables, selected, context);
  if (read === null) return null;
  return {
    ...headOf({ ...checked, name, hosts: pattern }),
    hosts: selected.filter(({ name }) => limited.has(name)),
    steps: read,
  };
}

/** Keys that a play must have; not where one that is misspelt will be told. */
function reportMissing(node: LocatedMap, path: DocumentPath, problems: ProblemList): void {
  const unknown = [...node.entries.keys()].filter((key) => !PLAY_KEYS.includes(key));
  for (const [key, what] of Object.entries(REQUIRED)) {
    if (node.entries.has(key) || unknown.some((other) => nearMisses(other, PLAY_KEYS).includes(key))) continue;
    problems.add(node.position, path, `a play needs "${key}:", ${what}`);
  }
}

/** A single size is a list of one: so each has its place in messages. */
function withSerialList(head: Located): Located {
  const serial = head.kind === 'map' ? head.entries.get('serial') : undefined;
  if (head.kind !== 'map' || serial?.value.kind !== 'scalar') return head;
  const list: Located = { kind: 'list', items: [serial.value], position: serial.value.position };
  return { ...head, entries: new Map([...head.entries, ['serial', { ...serial, value: list }]]) };
}

function checkNames(plays: readonly Play[], root: Located | null, problems: ProblemList): void {
  const names = plays.map(({ name }) => name);
  const again = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (again === -1 || root?.kind !== 'list') return;
  const items = root.items.filter((item): item is LocatedMap => item.kind === 'map' && item.entries.has('name'));
  const entry = items[again]?.entries.get('name');
  const name = names[again] ?? '';
  const position = entry === undefined ? root.position : valuePosition(entry);
  problems.add(
    position,
    [again, 'name'],
    `a second play is named ${quoted(name)}; rename one, so that people can tell them apart`,
  );
}
