import { readFileSync } from 'node:fs';
import { LongshoreError } from '../../errors/longshore-error.js';
import { errorCode } from '../source/error-code.js';
import type { Inventory, InventoryHost } from '../inventory.js';
import { didYouMean } from '../near-misses.js';
import { joinProblems, quoted } from '../source/problems.js';
import { foldNames } from './fold-names.js';
import { matchTerm } from './match-term.js';
import { type PatternTerm, splitPattern } from './split-pattern.js';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The hosts that a pattern means, in the inventory's order; all of them without one.
 *
 * Ansible's grammar: `a:b` or `a,b` (union), `:&` (and), `:!` (not), globs, `~regex`, `@file` (one pattern on a line), `group[0]`,
 * `group[0:2]`; and ClusterShell's nodesets, `node[001-100]`.
 *
 * Throws `E_USAGE` when a term matches nothing or no host is left, also for a term that excludes: a slip there would select hosts that
 * were meant to be left out. Throws `E_INVENTORY` when a host is selected that Longshore cannot work on, unless `keepUnsupported`.
 */
export function selectHosts(
  inventory: Inventory,
  pattern = 'all',
  options: { readonly keepUnsupported?: boolean } = {},
): readonly InventoryHost[] {
  const isName = (text: string): boolean => inventory.hosts.has(text) || inventory.groups.has(text);
  const terms = splitPattern(pattern, isName).flatMap((term) => readTermFile(term, isName));
  if (terms.length === 0) throw usage('the host pattern is empty; write "all" for every host');

  const problems: string[] = [];
  const hostsOf = (op: PatternTerm['op']): Set<string>[] =>
    terms
      .filter((term) => term.op === op)
      .map(({ text }) => {
        const matched = matchTerm(text, inventory);
        if (matched.ok) return new Set(matched.hosts);
        problems.push(`host pattern ${quoted(text)} ${matched.message ?? noMatch(text, inventory)}`);
        return new Set();
      });
  const [or, and, not] = [hostsOf('or'), hostsOf('and'), hostsOf('not')];
  if (problems.length > 0) throw usage(joinProblems([...new Set(problems)]));

  const selected = [...inventory.hosts.values()].filter(
    ({ name }) =>
      (or.length === 0 || or.some((names) => names.has(name))) &&
      and.every((names) => names.has(name)) &&
      !not.some((names) => names.has(name)),
  );
  if (selected.length === 0) throw usage(`host pattern ${quoted(pattern)} leaves no host of ${inventory.filePath}`);
  if (options.keepUnsupported !== true) refuseUnsupported(selected);
  return selected;
}

function noMatch(text: string, inventory: Inventory): string {
  // Of a range its first name, of a glob its letters.
  const word = text.replace(/\[(\w+)[^\]]*\]/g, '$1').replace(/[*?~^$]/g, '');
  const near = didYouMean(word, [...inventory.groups.keys(), ...inventory.hosts.keys()]);
  const help = near === '' ? '; "longshore inventory list" shows what there is' : near;
  return `matches no host and no group of ${inventory.filePath}${help}`;
}

/** `@file`: a list of hosts that a run failed on, say. Its lines are terms of the same kind, so `!@file` leaves all of them out. */
function readTermFile(term: PatternTerm, isName: (text: string) => boolean): PatternTerm[] {
  if (!term.text.startsWith('@')) return [term];
  const filePath = term.text.slice(1);
  let text: string;
  try {
    text = readFileSync(filePath, 'utf8');
  } catch (error) {
    throw usage(`host pattern ${quoted(term.text)}: the file cannot be read (${errorCode(error)})`);
  }
  if (text.length > MAX_FILE_BYTES) throw usage(`host pattern ${quoted(term.text)}: the file is larger than 16 MiB`);
  const lines = text.split('\n').map((line) => line.trim());
  const terms = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => splitPattern(line, isName))
    .map((inner): PatternTerm => {
      if (inner.text.startsWith('@'))
        throw usage(`${filePath}: a pattern file cannot name another one (${quoted(inner.text)})`);
      if (inner.op === 'or' || term.op === 'or')
        return { op: inner.op === 'or' ? term.op : inner.op, text: inner.text };
      throw usage(`host pattern ${quoted(term.text)}: a file behind "!" or "&" can only list hosts and groups`);
    });
  if (terms.length === 0) throw usage(`host pattern ${quoted(term.text)}: the file names no host`);
  return terms;
}

function refuseUnsupported(selected: readonly InventoryHost[]): void {
  const reasons = new Map<string, string[]>();
  for (const { name, unsupported } of selected) {
    if (unsupported !== undefined) reasons.set(unsupported, [...(reasons.get(unsupported) ?? []), name]);
  }
  if (reasons.size === 0) return;
  const lines = [...reasons].map(([reason, names]) => {
    const folded = foldNames(names);
    return `${folded}: ${reason}; leave them out with --limit 'all:!${folded.replaceAll(',', ':!')}'`;
  });
  throw new LongshoreError('E_INVENTORY', joinProblems(lines));
}

function usage(message: string): LongshoreError {
  return new LongshoreError('E_USAGE', message);
}
