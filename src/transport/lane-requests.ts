import { Secret } from '../secrets/secret.js';
import type { LaneRequest, WaitRequest } from './executor.js';
import { quoteWord, unquoteWords } from './quote-word.js';

/** `then`: only when the request before it was ok. */
export type Chain = 'first' | 'then';

/** Besides the requests of the interface, what lanes of one executor say to the host for themselves. */
export type WireRequest = LaneRequest | { readonly kind: 'join'; readonly name: string };

export interface DecodedRequest {
  readonly id: number;
  readonly chain: Chain;
  readonly request: WireRequest;
}

/** Default time limits, ms. */
const RUN_TIMEOUT_MS = 60_000;
/** Characters that mean something in a pattern; all others are taken as they are. */
const GLOB_SYNTAX = /^[^\0\n]*$/;

/** One request as a line for the lane's shell: words that are all quoted, ended by a newline (a word may hold newlines). */
export function encodeRequest(id: number, chain: Chain, request: WireRequest): string {
  const words = [String(id), chain, request.kind, ...wordsOf(request)];
  return `lq ${words.map(quoteWord).join(' ')}\n`;
}

function wordsOf(request: WireRequest): readonly string[] {
  switch (request.kind) {
    case 'read':
      return request.patterns.map(pattern);
    case 'list':
      return [request.resolve === true ? '1' : '0', ...request.patterns.map(pattern)];
    case 'run': {
      const { argv, globs = [], input, expectStdout, okExits = [0] } = request;
      return [
        request.boundsItself === true ? '0' : seconds(request.timeoutMs ?? RUN_TIMEOUT_MS),
        okExits === 'any' ? 'any' : okExits.join(' '),
        expectStdout === undefined ? '0' : '1',
        expectStdout ?? '',
        input === undefined ? '0' : '1',
        revealed(input ?? ''),
        ...counted((request.when ?? []).map(pattern)),
        ...counted(globs.map(pattern)),
        ...argv,
      ];
    }
    case 'write':
      return [
        request.append === true ? '1' : '0',
        revealed(request.content),
        ...[request.filePath].flat().map(pattern),
      ];
    case 'wait':
      return waitWords(request);
    case 'lock':
      return [request.name, request.owner, seconds(request.waitMs)];
    case 'join':
      return [request.name];
  }
}

function revealed(text: string | Secret): string {
  return text instanceof Secret ? text.reveal() : text;
}

function waitWords(request: WaitRequest): readonly string[] {
  const { present = [], absent = [], contents = [], outputLacks } = request;
  return [
    String(Math.max(0, Math.round(request.timeoutMs))),
    ...counted(present.map(pattern)),
    ...counted(absent.map(pattern)),
    String(contents.length),
    ...contents.flatMap(({ filePath, values }) => [filePath, ...counted(values)]),
    ...counted(outputLacks?.words ?? []),
    ...(outputLacks?.argv ?? []),
  ];
}

function counted(words: readonly string[]): readonly string[] {
  return [String(words.length), ...words];
}

/** Whole seconds, at least 1: what every `timeout` understands. */
function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

/** A glob is expanded by the shell but never run: only its form is checked here. */
function pattern(text: string): string {
  if (!text.startsWith('/') || !GLOB_SYNTAX.test(text)) {
    throw new TypeError(`not an absolute glob pattern: ${JSON.stringify(text)}`);
  }
  return text.replaceAll('\\', '\\\\');
}

function unpattern(text: string): string {
  return text.replaceAll('\\\\', '\\');
}

/** The inverse of `encodeRequest`, for servers that emulate lanes. null when the line is no request. */
export function decodeRequest(line: string): DecodedRequest | null {
  if (!line.startsWith('lq ')) return null;
  const words = unquoteWords(line.slice(3).replace(/\n$/, ''));
  const [id, chain, kind, ...rest] = words ?? [];
  if (id === undefined || (chain !== 'first' && chain !== 'then')) return null;
  const request = kind === undefined ? null : requestOf(kind, new Words(rest));
  return request === null ? null : { id: Number(id), chain, request };
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

  counted(): string[] {
    const count = this.number();
    return Array.from({ length: count }, () => this.next());
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
      return { kind, patterns: words.rest().map(unpattern) };
    case 'list': {
      const resolve = words.next() === '1';
      return { kind, resolve, patterns: words.rest().map(unpattern) };
    }
    case 'run':
      return runOf(words);
    case 'write': {
      const append = words.next() === '1';
      const content = words.next();
      const [filePath = '', ...others] = words.rest().map(unpattern);
      return { kind, append, content, filePath: others.length === 0 ? filePath : [filePath, ...others] };
    }
    case 'wait':
      return waitOf(words);
    case 'lock': {
      const name = words.next();
      return { kind, name, owner: words.next(), waitMs: words.number() * 1000 };
    }
    case 'join':
      return { kind, name: words.next() };
    default:
      return null;
  }
}

function runOf(words: Words): WireRequest {
  const limit = words.number();
  const exits = words.next();
  const expects = words.next() === '1';
  const expectStdout = words.next();
  const hasInput = words.next() === '1';
  const input = words.next();
  const when = words.counted().map(unpattern);
  const globs = words.counted().map(unpattern);
  return {
    kind: 'run',
    argv: words.rest(),
    ...(limit === 0 ? { boundsItself: true } : { timeoutMs: limit * 1000 }),
    okExits: exits === 'any' ? 'any' : exits.split(' ').filter(Boolean).map(Number),
    ...(when.length === 0 ? {} : { when }),
    ...(globs.length === 0 ? {} : { globs }),
    ...(expects ? { expectStdout } : {}),
    ...(hasInput ? { input } : {}),
  };
}

function waitOf(words: Words): WireRequest {
  const timeoutMs = words.number();
  const present = words.counted().map(unpattern);
  const absent = words.counted().map(unpattern);
  const contents = Array.from({ length: words.number() }, () => ({ filePath: words.next(), values: words.counted() }));
  const lacking = words.counted();
  const argv = words.rest();
  return {
    kind: 'wait',
    timeoutMs,
    present,
    absent,
    contents,
    ...(lacking.length === 0 ? {} : { outputLacks: { argv, words: lacking } }),
  };
}
