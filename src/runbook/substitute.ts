import type { Located, LocatedEntry, LocatedScalar } from '../inventory/source/located.js';
import { type DocumentPath, type ProblemList, quoted } from '../inventory/source/problems.js';

/** A variable's value with nothing left to fill in, or why it cannot be used: what follows "variable NAME". */
export type Found = { readonly value: Located } | { readonly problem: string };

/** Gives variables by name. */
export type LookUp = (name: string) => Found;

export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `$${` is a literal `${`; what stands between the braces of `${...}` is a variable's name. */
const REFERENCE = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;
const WHOLE = /^\$\{([^{}]*)\}$/;

/** Names of the variables that a document refers to. */
export function variablesIn(node: Located, found: Set<string> = new Set()): ReadonlySet<string> {
  if (node.kind === 'list') for (const item of node.items) variablesIn(item, found);
  else if (node.kind === 'map') for (const { value } of node.entries.values()) variablesIn(value, found);
  else if (typeof node.value === 'string' && node.tag === undefined) {
    for (const [, name] of node.value.matchAll(REFERENCE)) if (name !== undefined) found.add(name.trim());
  }
  return found;
}

/**
 * The same document with its `${name}` filled in. A text that is nothing but one reference becomes the variable's value, whatever its
 * type; in longer texts values must be text, numbers, true or false. Positions stay where the reference is written.
 */
export function substitute(node: Located, lookUp: LookUp, path: DocumentPath, problems: ProblemList): Located {
  switch (node.kind) {
    case 'list':
      return { ...node, items: node.items.map((item, index) => substitute(item, lookUp, [...path, index], problems)) };
    case 'map': {
      const entries = [...node.entries].map(([key, entry]): [string, LocatedEntry] => [
        key,
        { ...entry, value: substitute(entry.value, lookUp, [...path, key], problems) },
      ]);
      return { ...node, entries: new Map(entries) };
    }
    case 'scalar':
      return substituteText(node, lookUp, path, problems);
  }
}

function substituteText(node: LocatedScalar, lookUp: LookUp, path: DocumentPath, problems: ProblemList): Located {
  if (typeof node.value !== 'string' || node.tag !== undefined || !node.value.includes('${')) return node;
  const value = (name: string): Located | null => valueOf(name.trim(), node, lookUp, path, problems);
  const whole = WHOLE.exec(node.value)?.[1];
  if (whole !== undefined) {
    const found = value(whole);
    return found === null ? node : { ...found, position: node.position };
  }
  const text = node.value.replace(REFERENCE, (match, name: string | undefined) => {
    if (match === '$${') return '${';
    if (name === undefined) {
      problems.add(node.position, path, 'a "${" is not closed; write ${name}, or $${ for a literal ${');
      return match;
    }
    const found = value(name);
    if (found === null) return match;
    if (found.kind === 'scalar' && found.value !== null) return found.text;
    const what = found.kind === 'map' ? 'a mapping' : found.kind === 'list' ? 'a list' : 'empty';
    const fix = 'and cannot stand inside a text; let it stand alone';
    problems.add(node.position, path, `variable ${quoted(name.trim())} is ${what} ${fix}`);
    return match;
  });
  return { ...node, value: text, text };
}

function valueOf(
  name: string,
  { position }: LocatedScalar,
  lookUp: LookUp,
  path: DocumentPath,
  problems: ProblemList,
): Located | null {
  if (!VARIABLE_NAME.test(name)) {
    const fix = 'write ${name} with letters, digits and "_", or $${ for a literal ${';
    problems.add(position, path, `${quoted(`\${${name}}`)} names no variable; ${fix}`);
    return null;
  }
  const found = lookUp(name);
  if ('value' in found) return found.value;
  problems.add(position, path, `variable ${quoted(name)} ${found.problem}`);
  return null;
}
