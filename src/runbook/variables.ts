import { HOST_FIELDS } from '../inventory/hosts/host-schema.js';
import { unresolvedMessage } from '../inventory/hosts/unresolved.js';
import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import { didYouMean } from '../inventory/near-misses.js';
import { findUnresolved, type Located, type LocatedMap, type LocatedScalar } from '../inventory/source/located.js';
import { type DocumentPath, type ProblemList, quoted, type SourcePosition } from '../inventory/source/problems.js';
import { type Found, type LookUp, substitute, VARIABLE_NAME } from './substitute.js';

/** Variables of one play: those of the command line go before its own, and these before those of a host. */
export interface PlayVariables {
  readonly extra: ReadonlyMap<string, Located>;
  readonly own: LocatedMap | null;
  readonly ownPath: DocumentPath;
  readonly problems: ProblemList;
}

const SECRET_VARIABLES: readonly string[] = [
  HOST_FIELDS.password,
  HOST_FIELDS.privateKeyPassphrase,
  HOST_FIELDS.becomePassword,
].flatMap(({ names }): readonly string[] => names);
const SECRET_NAME = /pass(?:word|wd|phrase|code)?(?:$|_)|secret|token|credential/i;
/** Why a variable of such a name is refused: what follows its name. */
export const SECRET_REFUSED =
  'may be a secret, which plans and logs would show; rename it if it is none, and give a volume its secret as {env: NAME} or {file: PATH}';
const BUILT_IN = ['inventory_hostname', 'group_names'];

export function isSecretName(name: string): boolean {
  return SECRET_VARIABLES.includes(name) || SECRET_NAME.test(name);
}

/** `k=v` words of --extra-vars; a value is typed as YAML would type it. Later ones win. */
export function extraVariables(words: readonly string[]): ReadonlyMap<string, Located> | { readonly problem: string } {
  const variables = new Map<string, Located>();
  for (const word of words) {
    const at = word.indexOf('=');
    const name = word.slice(0, Math.max(0, at));
    if (!VARIABLE_NAME.test(name)) return { problem: `${quoted(word)} is not NAME=VALUE, such as rack=r12` };
    if (isSecretName(name)) return { problem: `${name} ${SECRET_REFUSED}` };
    variables.set(name, typedScalar(word.slice(at + 1), { filePath: '--extra-vars', line: 1, column: 1 }));
  }
  return variables;
}

/** For what a whole play is about: hosts differ, so their variables do not count. */
export function playLookUp(play: PlayVariables): LookUp {
  const known = [...play.extra.keys(), ...(play.own?.entries.keys() ?? [])];
  return withPlayVariables(play, (name) => {
    const why = 'is not known here: for a whole play only its "vars:" and --extra-vars count';
    return { problem: why + didYouMean(name, known) };
  });
}

/** For a step on one host. */
export function hostLookUp(play: PlayVariables, inventory: Inventory, host: InventoryHost): LookUp {
  let variables: ReturnType<Inventory['variablesOf']> | null = null;
  return withPlayVariables(play, (name) => {
    const builtIn = builtInOf(name, host);
    if (builtIn !== null) return { value: builtIn };
    variables ??= inventory.variablesOf(host.name);
    const found = variables.get(name);
    if (found !== undefined) return usable(found.node);
    const known = [...play.extra.keys(), ...(play.own?.entries.keys() ?? []), ...variables.keys(), ...BUILT_IN];
    const near = didYouMean(name, known);
    const fix = near === '' ? '; add it to "vars:", to the inventory or to --extra-vars' : near;
    return { problem: `is not known for ${host.name}${fix}; a literal \${${name}} is written $\${${name}}` };
  });
}

/** Own variables are filled in once, when they are first asked for. */
function withPlayVariables({ extra, own, ownPath, problems }: PlayVariables, outer: LookUp): LookUp {
  const done = new Map<string, Found>();
  const lookUp: LookUp = (name) => {
    if (isSecretName(name)) return { problem: SECRET_REFUSED };
    const given = extra.get(name);
    if (given !== undefined) return { value: given };
    const entry = own?.entries.get(name);
    if (entry === undefined) return outer(name);
    const known = done.get(name);
    if (known !== undefined) return known;
    done.set(name, { problem: 'is defined by itself, directly or through others; give one of them a value' });
    const found = usable(entry.value);
    const filled = 'value' in found ? { value: substitute(found.value, lookUp, [...ownPath, name], problems) } : found;
    done.set(name, filled);
    return filled;
  };
  return lookUp;
}

function builtInOf(name: string, host: InventoryHost): Located | null {
  const { origin: position } = host;
  const scalar = (text: string): LocatedScalar => ({ kind: 'scalar', value: text, text, position });
  if (name === 'inventory_hostname') return scalar(host.name);
  return name === 'group_names' ? { kind: 'list', items: host.groups.map(scalar), position } : null;
}

function usable(value: Located): Found {
  const unresolved = findUnresolved(value);
  if (unresolved === null) return { value };
  const { filePath, line } = unresolved.scalar.position;
  return { problem: `(${filePath}:${line}) ${unresolvedMessage(unresolved.scalar)}` };
}

/** Text as a plain YAML scalar: a number, true, false, null, or itself. */
function typedScalar(text: string, position: SourcePosition): LocatedScalar {
  const isNumber = /^[-+]?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text);
  const words: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };
  const word = Object.hasOwn(words, text) ? words[text] : undefined;
  return { kind: 'scalar', value: isNumber ? Number(text) : word === undefined ? text : word, text, position };
}
