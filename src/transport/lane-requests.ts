import { LongshoreError } from '../errors/longshore-error.js';
import { Secret } from '../secrets/secret.js';
import type { LaneRequest, WaitRequest } from './executor.js';
import { patternFromShell, patternToShell } from './glob-pattern.js';
import { quoteWord, unquoteWords } from './quote-word.js';

/** `then`: only when the request before it was ok. */
export type Chain = 'first' | 'then';

/** Besides the requests of the interface, what lanes of one executor say to the host for themselves. */
export type WireRequest = LaneRequest | { readonly kind: 'join'; readonly name: string };

export interface DecodedRequest {
  readonly id: number;
  readonly chain: Chain;
  /** with `first`: milliseconds from now after which no further request of the chain is started; 0 is no limit */
  readonly budgetMs: number;
  readonly request: WireRequest;
}

/** Time limit on the host when a command names none, ms. */
export const DEFAULT_RUN_MS = 60_000;

/** Beyond a request's own limit, or the deadline: `timeout -k 5`, rounding up to a second, and the way back. */
export const REPLY_GRACE_MS = 8_000;

/** A lock's name becomes part of a file's name. */
const LOCK_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * One request as a line for the lane's shell: words that are all quoted, ended by a newline (a word may hold newlines), and first how many words
 * follow: a shell also runs a last line whose end never came, and a command without its last words is another command. Throws `E_USAGE`
 * for what cannot be said to a host: NUL characters, patterns that are not absolute, odd lock names, an empty argv.
 */
export function encodeRequest(id: number, chain: Chain, request: WireRequest, budgetMs = 0): string {
  const words = [String(id), chain, milliseconds(budgetMs), request.kind, ...wordsOf(request)];
  return `lq ${[String(words.length), ...words].map(quoteWord).join(' ')}\n`;
}

function wordsOf(request: WireRequest): readonly string[] {
  switch (request.kind) {
    case 'read':
      return request.patterns.map(patternToShell);
    case 'list':
      return [
        request.resolve === true ? '1' : '0',
        String(request.atMost ?? 0),
        ...request.patterns.map(patternToShell),
      ];
    case 'find': {
      const { file = '', values = [], valuesOf = [], orUnreadable = false } = request.holding ?? {};
      if (file !== '' && request.patterns.some((pattern) => !pattern.startsWith('/') || pattern.includes('{'))) {
        throw new LongshoreError('E_USAGE', 'a find by content starts from plain patterns');
      }
      return [
        findName(request.name),
        file,
        orUnreadable ? '1' : '0',
        ...counted(values.map((value) => value.toLowerCase())),
        ...counted(valuesOf.map(patternToShell)),
        ...request.patterns.map(patternToShell),
      ];
    }
    case 'run': {
      const { argv, globs = [], contentsOf = [], input, expectStdout, okExits = [0] } = request;
      return [
        request.boundsItself === true ? '0' : milliseconds(Math.max(1, request.timeoutMs ?? DEFAULT_RUN_MS)),
        okExits === 'any' ? 'any' : okExits.join(' '),
        ...optional(expectStdout),
        ...optional(input === undefined ? undefined : revealed(input)),
        ...counted((request.when ?? []).map(patternToShell)),
        ...counted(globs.map(patternToShell)),
        ...counted(contentsOf.map(patternToShell)),
        ...counted((request.nameFrom ?? []).map(patternToShell)),
        ...command(argv),
      ];
    }
    case 'write':
      return [
        request.append === true ? '1' : '0',
        revealed(request.content),
        ...[request.filePath].flat().map(patternToShell),
      ];
    case 'wait':
      return waitWords(request);
    case 'lock':
      return [lockName(request.name), request.owner.replaceAll(/\s+/g, ' '), milliseconds(request.waitMs)];
    case 'join':
      return [lockName(request.name)];
  }
}

function revealed(text: string | Secret): string {
  return text instanceof Secret ? text.reveal() : text;
}

function waitWords(request: WaitRequest): readonly string[] {
  const { present = [], absent = [], contents = [], minimums = [], outputLacks } = request;
  return [
    milliseconds(request.timeoutMs),
    ...counted(present.map(patternToShell)),
    ...counted(absent.map(patternToShell)),
    String(contents.length),
    ...contents.flatMap(({ filePath, values }) => [absolute(filePath), ...counted(values)]),
    String(minimums.length),
    ...minimums.flatMap(({ filePath, atLeast }) => [absolute(filePath), wholeNumber(atLeast)]),
    ...(outputLacks === undefined ? ['-1'] : [...counted(outputLacks.words), ...command(outputLacks.argv)]),
  ];
}

function optional(text: string | undefined): readonly string[] {
  return [text === undefined ? '0' : '1', text ?? ''];
}

function counted(words: readonly string[]): readonly string[] {
  return [String(words.length), ...words];
}

/** What the host itself bounds a request by, ms; null when it does not. */
export function limitOf(request: WireRequest): number | null {
  switch (request.kind) {
    case 'run':
      return request.boundsItself === true ? null : (request.timeoutMs ?? DEFAULT_RUN_MS);
    case 'wait':
      // the last look may begin just before the end, and its command takes its own time
      return request.timeoutMs + (request.outputLacks === undefined ? 0 : 10_000);
    case 'lock':
      return request.waitMs;
    case 'join':
      return 0;
    case 'read':
    case 'list':
    case 'find':
    case 'write':
      return null;
  }
}

/** At least 0, whole, and small enough for a shell whose numbers have 32 bits. */
function milliseconds(ms: number): string {
  return String(Math.min(Math.max(0, Math.ceil(ms)), 0x7fffffff));
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new LongshoreError('E_USAGE', 'a minimum must be a whole number');
  return String(value);
}

function command(argv: readonly string[]): readonly string[] {
  if (argv[0] === undefined || argv[0] === '') throw new LongshoreError('E_USAGE', 'a command needs a program');
  return argv;
}

function absolute(filePath: string): string {
  if (!filePath.startsWith('/')) throw new LongshoreError('E_USAGE', 'the path of a file must begin with /');
  return filePath;
}

function findName(name: string): string {
  if (!/^[a-z]{1,16}$/.test(name)) throw new LongshoreError('E_USAGE', 'the name of a find is lower case letters');
  return name;
}

function lockName(name: string): string {
  if (!LOCK_NAME.test(name)) throw new LongshoreError('E_USAGE', 'the name of a lock can hold letters, digits, . _ -');
  return name;
}

/** The inverse of `encodeRequest`, for servers that emulate lanes; defaults are filled in. null when the line is no request. */
export function decodeRequest(line: string): DecodedRequest | null {
  if (!line.startsWith('lq ')) return null;
  const [count, ...words] = unquoteWords(line.slice(3).replace(/\n$/, '')) ?? [];
  const [id, chain, budgetMs, kind, ...rest] = words;
  if (
    count !== String(words.length) ||
    id === undefined ||
    (chain !== 'first' && chain !== 'then') ||
    kind === undefined
  )
    return null;
  const request = requestOf(kind, new Words(rest));
  return request === null ? null : { id: Number(id), chain, budgetMs: Number(budgetMs), request };
}

class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  next(): string {
    this.#at += 1;
    return this.#words[this.#at - 1] ?? '';
  }

  number(): number {
    return Number(this.next());
  }

  take(count: number): string[] {
    return Array.from({ length: Math.max(0, count) }, () => this.next());
  }

  counted(): string[] {
    return this.take(this.number());
  }

  optional(): string | undefined {
    const given = this.next() === '1';
    const text = this.next();
    return given ? text : undefined;
  }

  rest(): string[] {
    const words = this.#words.slice(this.#at);
    this.#at = this.#words.length;
    return words;
  }
}

function requestOf(kind: string, words: Words): WireRequest | null {
  switch (kind) {
    case 'read':
      return { kind, patterns: words.rest().map(patternFromShell) };
    case 'list': {
      const resolve = words.next() === '1';
      const atMost = words.number();
      const patterns = words.rest().map(patternFromShell);
      return { kind, resolve, ...(atMost === 0 ? {} : { atMost }), patterns };
    }
    case 'find': {
      const [name, file, orUnreadable] = [words.next(), words.next(), words.next() === '1'];
      const [values, valuesOf] = [words.counted(), words.counted().map(patternFromShell)];
      const holding = file === '' ? {} : { holding: { file, values, valuesOf, orUnreadable } };
      return { kind, name, patterns: words.rest().map(patternFromShell), ...holding };
    }
    case 'run':
      return runOf(words);
    case 'write': {
      const append = words.next() === '1';
      const content = words.next();
      const [first = '', ...others] = words.rest().map(patternFromShell);
      return { kind, append, filePath: others.length === 0 ? first : [first, ...others], content };
    }
    case 'wait':
      return waitOf(words);
    case 'lock': {
      const name = words.next();
      return { kind, name, owner: words.next(), waitMs: words.number() };
    }
    case 'join':
      return { kind, name: words.next() };
    default:
      return null;
  }
}

function runOf(words: Words): WireRequest {
  const limitMs = words.number();
  const exits = words.next();
  const expectStdout = words.optional();
  const input = words.optional();
  const when = words.counted().map(patternFromShell);
  const globs = words.counted().map(patternFromShell);
  const contentsOf = words.counted().map(patternFromShell);
  const nameFrom = words.counted().map(patternFromShell);
  return {
    kind: 'run',
    argv: words.rest(),
    ...(limitMs === 0 ? { boundsItself: true } : { timeoutMs: limitMs }),
    okExits: exits === 'any' ? 'any' : exits.split(' ').filter(Boolean).map(Number),
    ...(when.length === 0 ? {} : { when }),
    ...(globs.length === 0 ? {} : { globs }),
    ...(contentsOf.length === 0 ? {} : { contentsOf }),
    ...(nameFrom.length === 0 ? {} : { nameFrom }),
    ...(expectStdout === undefined ? {} : { expectStdout }),
    ...(input === undefined ? {} : { input }),
  };
}

function waitOf(words: Words): WireRequest {
  const timeoutMs = words.number();
  const present = words.counted().map(patternFromShell);
  const absent = words.counted().map(patternFromShell);
  const contents = Array.from({ length: words.number() }, () => ({ filePath: words.next(), values: words.counted() }));
  const minimums = Array.from({ length: words.number() }, () => ({ filePath: words.next(), atLeast: words.number() }));
  const lacking = words.number();
  return {
    kind: 'wait',
    timeoutMs,
    present,
    absent,
    contents,
    ...(minimums.length === 0 ? {} : { minimums }),
    ...(lacking < 0 ? {} : { outputLacks: { words: words.take(lacking), argv: words.rest() } }),
  };
}
