import type { InventoryHost } from '../inventory/inventory.js';
import { didYouMean } from '../inventory/near-misses.js';
import { check } from '../inventory/source/check.js';
import {
  type Located,
  type LocatedEntry,
  type LocatedMap,
  toPlain,
  valuePosition,
} from '../inventory/source/located.js';
import { type DocumentPath, quoted } from '../inventory/source/problems.js';
import type { PlayStep, StepInput } from './playbook.js';
import type { PlayContext } from './read-playbook.js';
import { checkOrder } from './step-order.js';
import { STEP_KINDS } from './steps/registry.js';
import type { StepKind } from './steps/step-kind.js';
import { textOption } from './steps/option-schemas.js';
import { volumesOfStep } from './step-volumes.js';
import { type LookUp, substitute, variablesIn } from './substitute.js';
import { hostLookUp, playLookUp, type PlayVariables } from './variables.js';

const NAME = textOption('a name; write one line of text');

/** A step as it is written: its kind and its options, nothing filled in yet. */
interface RawStep {
  readonly kind: StepKind;
  readonly name: string | null;
  readonly options: LocatedMap;
  readonly path: DocumentPath;
}

/** The steps of a play for all of its hosts; null when `problems` has the reason. */
export function readSteps(
  node: Located,
  path: DocumentPath,
  variables: PlayVariables,
  hosts: readonly InventoryHost[],
  context: PlayContext,
): readonly PlayStep[] | null {
  const { problems, inventory } = context;
  const before = problems.count;
  if (node.kind !== 'list') {
    problems.add(node.position, path, 'must be a list; write each step as an item, "- attach: VOLUME"');
    return null;
  }
  if (node.items.length === 0)
    problems.add(node.position, path, 'holds no step; write one, such as "- attach: VOLUME"');
  const raw = node.items.map((item, index) => rawStep(item, [...path, index], variables, context));
  if (problems.count > before) return null;
  const lookUps = new Map(hosts.map((host) => [host.name, hostLookUp(variables, inventory, host)]));
  const forPlay = playLookUp(variables);
  const steps = raw.flatMap((step) => {
    if (step === null) return [];
    const lookUpOf = (host: InventoryHost) =>
      step.kind.scope === 'fleet' ? forPlay : (lookUps.get(host.name) ?? forPlay);
    const read = readStep(step, lookUpOf, hosts, context);
    return read === null ? [] : [read];
  });
  if (problems.count > before) return null;
  checkOrder(steps, path, problems);
  return problems.count > before ? null : steps;
}

function rawStep(node: Located, path: DocumentPath, variables: PlayVariables, context: PlayContext): RawStep | null {
  const { problems } = context;
  const kinds = [...STEP_KINDS.keys()];
  if (node.kind !== 'map') {
    const bare = node.kind === 'scalar' && STEP_KINDS.has(node.text);
    const fix = bare ? `write "${node.text}:" with a colon` : `write one of ${kinds.join(', ')} and its options`;
    problems.add(node.position, path, `a step is a mapping; ${fix}`);
    return null;
  }
  const keys = [...node.entries].filter(([key]) => key !== 'name');
  const known = keys.filter(([key]) => STEP_KINDS.has(key));
  for (const [key, entry] of keys) {
    if (STEP_KINDS.has(key)) continue;
    const near = didYouMean(key, [...kinds, 'name']);
    const inside =
      known.length > 0
        ? `; options of ${known[0]?.[0] ?? ''} are indented under it`
        : `; steps are ${kinds.join(', ')}`;
    problems.add(entry.key, [...path, key], `${quoted(key)} is not a step${near === '' ? inside : near}`);
  }
  const [first, second] = known;
  if (second !== undefined) {
    problems.add(
      second[1].key,
      [...path, second[0]],
      `a step does one thing; put "- " before ${quoted(second[0])} to make it a step of its own`,
    );
  }
  if (first === undefined) {
    if (keys.length === 0) problems.add(node.position, path, `does nothing; write one of ${kinds.join(', ')}`);
    return null;
  }
  const kind = STEP_KINDS.get(first[0]);
  if (kind === undefined || keys.length > 1) return null;
  const name = nameOf(node, path, variables, context);
  const options = optionsOf(kind, first[1], [...path, kind.name], context);
  return options === null ? null : { kind, name, options, path: [...path, kind.name] };
}

function nameOf(
  node: LocatedMap,
  path: DocumentPath,
  variables: PlayVariables,
  { problems }: PlayContext,
): string | null {
  const entry = node.entries.get('name');
  if (entry === undefined) return null;
  const at = [...path, 'name'];
  return check(NAME, substitute(entry.value, playLookUp(variables), at, problems), at, problems) ?? null;
}

/** Options as a mapping, also when only the value of the shorthand is written. */
function optionsOf(
  kind: StepKind,
  { key, value }: LocatedEntry,
  path: DocumentPath,
  { problems }: PlayContext,
): LocatedMap | null {
  const { shorthand } = kind;
  if (value.kind === 'map') return value;
  const isEmpty = value.kind === 'scalar' && value.value === null && value.tag === undefined;
  if (isEmpty) return { kind: 'map', entries: new Map(), position: key };
  if (shorthand !== undefined) {
    return { kind: 'map', entries: new Map([[shorthand, { key, value }]]), position: value.position };
  }
  problems.add(
    valuePosition({ key, value }),
    path,
    `needs its options as a mapping; write them indented under "${kind.name}:"`,
  );
  return null;
}

/** Checks a step once for each set of values that its variables have; the first host with a problem speaks for all. */
function readStep(
  step: RawStep,
  lookUpOf: (host: InventoryHost) => LookUp,
  hosts: readonly InventoryHost[],
  context: PlayContext,
): PlayStep | null {
  const { problems } = context;
  const { kind, options, path } = step;
  const before = problems.count;
  const names = [...variablesIn(options)];
  const known = new Map<string, { readonly options: unknown; readonly filled: LocatedMap }>();
  const inputs = new Map<string, StepInput>();
  for (const host of hosts) {
    const lookUp = lookUpOf(host);
    const key = JSON.stringify(names.map((name) => valueKey(lookUp, name)));
    let checked = known.get(key);
    if (checked === undefined) {
      const filled = substitute(options, lookUp, path, problems);
      const value =
        problems.count > before || filled.kind !== 'map' ? undefined : checkOptions(kind, filled, path, context);
      if (value === undefined || filled.kind !== 'map') return null;
      checked = { options: value, filled };
      known.set(key, checked);
    }
    const volumes = volumesOfStep(kind, checked.filled, path, host, context);
    if (volumes === null) return null;
    inputs.set(host.name, { options: checked.options, volumes });
  }
  const [first = { options: {}, volumes: [] }] = inputs.values();
  const what = first.volumes.length > 0 ? ` ${first.volumes.map(({ name }) => name).join(', ')}` : '';
  return {
    kind,
    title: step.name ?? `${kind.name}${what}`,
    position: options.position,
    on: (host) => inputs.get(host) ?? first,
  };
}

/** undefined: it has problems. */
function checkOptions(kind: StepKind, filled: LocatedMap, path: DocumentPath, { problems }: PlayContext): unknown {
  const { options } = kind;
  const keys = 'shape' in options ? Object.keys(options.shape as object) : [];
  return check(options, filled, path, problems, keys);
}

function valueKey(lookUp: LookUp, name: string): unknown {
  const found = lookUp(name);
  return 'value' in found ? toPlain(found.value, 'name') : null;
}
