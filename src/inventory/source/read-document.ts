import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Located, LocatedEntry } from './located.js';
import type { DocumentPath, ProblemList, SourcePosition } from './problems.js';
import { quoted } from './problems.js';
import { syntaxMessage } from './syntax-messages.js';

const MAX_TEXT = 64 * 1024 * 1024;
const MAX_DEPTH = 100;

/**
 * YAML or JSON text to located data; null when it is empty or cannot be read, which is then in `problems`.
 *
 * YAML 1.2, with `<<` merge keys as Ansible has them. Duplicate keys are problems. No message quotes the text itself: what stands at a
 * syntax error may be a password.
 */
export function readDocument(text: string, filePath: string, problems: ProblemList): Located | null {
  const start = { filePath, line: 1, column: 1 };
  if (text.length > MAX_TEXT) {
    problems.add(start, [], `is larger than ${MAX_TEXT / 1024 / 1024} MiB; split it`);
    return null;
  }
  if (tooDeep(text)) {
    problems.add(start, [], `is nested deeper than ${MAX_DEPTH} levels; no inventory needs that`);
    return null;
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
  const position = (offset: number): SourcePosition => {
    const { line, col } = lineCounter.linePos(offset);
    return { filePath, line: Math.max(1, line), column: Math.max(1, col) };
  };
  // What follows the first syntax error is mostly its echo.
  const [first] = document.errors;
  if (first !== undefined) {
    const ini = /^\s*(?:[#;].*\n\s*)*\[[^\]\n]+\][ \t]*(?:\n|$)/.test(text);
    problems.add(position(first.pos[0]), [], ini ? syntaxMessage('INI') : syntaxMessage(first.code));
    return null;
  }
  if (document.contents === null) return null;
  return new DocumentReader(problems, position).read(document.contents, []);
}

/** Very deep nesting would end the process inside the YAML parser; its lexer can count it safely. */
function tooDeep(text: string): boolean {
  if (new RegExp(`^ {${MAX_DEPTH * 20}}|(?:[-?:][ \\t]+){${MAX_DEPTH}}`, 'm').test(text)) return true;
  let opened = 0;
  for (let at = 0; at < text.length && opened <= MAX_DEPTH; at++) if (text[at] === '[' || text[at] === '{') opened++;
  if (opened <= MAX_DEPTH) return false;
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

class DocumentReader {
  readonly #problems: ProblemList;
  readonly #positionOf: (offset: number) => SourcePosition;
  /** by node, so that an alias gives the same object; null while the node is still being read */
  readonly #done = new Map<Node, Located | null>();
  readonly #anchors = new Map<string, Node>();

  constructor(problems: ProblemList, positionOf: (offset: number) => SourcePosition) {
    this.#problems = problems;
    this.#positionOf = positionOf;
  }

  read(node: Node, path: DocumentPath): Located {
    const position = this.#positionOf(node.range?.[0] ?? 0);
    if (isAlias(node)) return this.#alias(node.source, position, path);
    this.#done.set(node, null);
    if ('anchor' in node && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    const located = this.#content(node, position, path);
    this.#done.set(node, located);
    return located;
  }

  #content(node: Node, position: SourcePosition, path: DocumentPath): Located {
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node, path), position };
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.read(item as Node, [...path, index]));
      return { kind: 'list', items, position };
    }
    const value = isScalar(node) ? node.value : null;
    const plain = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string' ? value : null;
    const text = isScalar(node) ? (node.source ?? String(value)) : '';
    const tag = node.tag === '!vault' || node.tag === '!vault-encrypted' ? 'vault' : 'literal';
    const tagged = tag === 'vault' || node.tag === '!unsafe';
    return { kind: 'scalar', value: plain, text, position, ...(tagged ? { tag } : {}) };
  }

  #alias(name: string, position: SourcePosition, path: DocumentPath): Located {
    const node = this.#anchors.get(name);
    const located = node === undefined ? undefined : this.#done.get(node);
    if (located !== undefined && located !== null) return located;
    // The name is not shown: an unquoted password that begins with * looks like an alias.
    const why =
      node === undefined ? 'no anchor of that name stands before it' : 'it stands inside the value that it names';
    this.#problems.add(position, path, `* refers to an anchor, and ${why}; quote the value if * belongs to it`);
    return { kind: 'scalar', value: null, text: '', position };
  }

  #entries(map: YAMLMap, path: DocumentPath): Map<string, LocatedEntry> {
    const entries = new Map<string, LocatedEntry>();
    const merged: Located[] = [];
    for (const { key, value } of map.items as { key: Node; value: Node | null }[]) {
      const keyPosition = this.#positionOf(key.range?.[0] ?? map.range?.[0] ?? 0);
      const name = isScalar(key) ? keyText(key.value, key.source) : null;
      if (name === null || name === '__proto__') {
        this.#problems.add(keyPosition, path, 'a key must be a plain name; write it as text, in quotes if need be');
        continue;
      }
      const located: Located =
        value === null
          ? { kind: 'scalar', value: null, text: '', position: keyPosition }
          : this.read(value, [...path, name]);
      const first = entries.get(name);
      if (isScalar(key) && key.type === 'PLAIN' && name === '<<') merged.push(located);
      else if (first === undefined) entries.set(name, { key: keyPosition, value: located });
      else {
        const again = `${quoted(name)} is here a second time (first on line ${first.key.line}); merge the two or remove one`;
        this.#problems.add(keyPosition, [...path, name], again);
      }
    }
    for (const source of merged) this.#merge(source, entries, path);
    return entries;
  }

  /** `<<`: keys of other maps, as far as they are not given here; the first map wins. */
  #merge(source: Located, entries: Map<string, LocatedEntry>, path: DocumentPath): void {
    for (const map of source.kind === 'list' ? source.items : [source]) {
      if (map.kind !== 'map') {
        this.#problems.add(map.position, [...path, '<<'], 'only mappings can be merged; write <<: *anchor');
        continue;
      }
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry);
    }
  }
}

function keyText(value: unknown, source: string | undefined): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? (source ?? String(value)) : null;
}
