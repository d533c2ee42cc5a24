import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/secrets/secret.js';
import { laneStart, LaneInputReader } from '../../../src/transport/lane-protocol.js';
import { decodeRequest, encodeRequest, type WireRequest } from '../../../src/transport/lane-requests.js';
import { literalPattern } from '../../../src/transport/glob-pattern.js';
import { quoteWord, unquoteWords } from '../../../src/transport/quote-word.js';

const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
  fc
    .array(fc.constantFrom("'", "'\\''", '\\', '\n', ' ', '"', '$(x)', '*', 'lq '), { maxLength: 8 })
    .map((parts) => parts.join('')),
);
const words = fc.array(word, { maxLength: 4 });
const argv = fc
  .tuple(
    word.filter((text) => text !== ''),
    words,
  )
  .map(([first, rest]) => [first, ...rest]);
// in the form that decoding gives back: no needless backslashes
const piece = fc.oneof(
  word.map((text) => literalPattern(text)),
  fc.constantFrom('*', '?', '[ab]', '[!0-9]'),
);
const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => `/sys/${parts.join('')}`);
const patterns = fc.array(pattern, { maxLength: 3 });
const ms = fc.integer({ min: 1, max: 100_000 });
const nonEmpty = fc.array(pattern, { minLength: 1, maxLength: 3 });

const request: fc.Arbitrary<WireRequest> = fc.oneof(
  fc.record({ kind: fc.constant('read' as const), patterns }),
  fc.record({ kind: fc.constant('list' as const), patterns, resolve: fc.boolean() }),
  fc.record(
    {
      kind: fc.constant('run' as const),
      argv,
      timeoutMs: ms,
      okExits: fc.oneof(fc.array(fc.nat(255), { minLength: 1, maxLength: 3 }), fc.constant('any' as const)),
      globs: nonEmpty,
      when: nonEmpty,
      nameFrom: nonEmpty,
      input: word,
      expectStdout: word,
    },
    { requiredKeys: ['kind', 'argv', 'timeoutMs', 'okExits'] },
  ),
  fc.record({
    kind: fc.constant('run' as const),
    argv,
    boundsItself: fc.constant(true),
    okExits: fc.constant([0] as const),
  }),
  fc.record({
    kind: fc.constant('write' as const),
    append: fc.boolean(),
    content: word,
    filePath: fc.oneof(pattern, fc.array(pattern, { minLength: 2, maxLength: 3 })),
  }),
  fc.record(
    {
      kind: fc.constant('wait' as const),
      timeoutMs: ms,
      present: patterns,
      absent: patterns,
      contents: fc.array(fc.record({ filePath: word.map((text) => `/${text}`), values: words }), { maxLength: 2 }),
      minimums: fc.array(fc.record({ filePath: word.map((text) => `/${text}`), atLeast: fc.maxSafeNat() }), {
        minLength: 1,
        maxLength: 2,
      }),
      outputLacks: fc.record({ argv, words }),
    },
    { requiredKeys: ['kind', 'timeoutMs', 'present', 'absent', 'contents'] },
  ),
  fc.record({
    kind: fc.constant('lock' as const),
    name: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
    owner: fc.stringMatching(/^\S(?:[^\0]*\S)?$/).map((text) => text.replaceAll(/\s+/g, ' ')),
    waitMs: ms,
  }),
  fc.record({ kind: fc.constant('join' as const), name: fc.constant('host') }),
);
const numbered = fc.record({
  id: fc.nat(),
  chain: fc.constantFrom('first' as const, 'then' as const),
  budgetMs: ms,
  request,
});

describe('requests on the wire', () => {
  test('quoted words come back the same', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (list) => {
        expect(unquoteWords(list.map(quoteWord).join(' '))).toEqual(list);
      }),
    );
  });

  test('a request that is decoded is the request that was encoded', () => {
    fc.assert(
      fc.property(numbered, (one) => {
        expect(decodeRequest(encodeRequest(one.id, one.chain, one.request, one.budgetMs))).toEqual(one);
      }),
      { numRuns: 500 },
    );
  });

  test('a server that emulates a lane finds all requests, wherever the stream is cut', () => {
    const nonce = '0123456789abcdef'.repeat(2);
    const size = fc.integer({ min: 1, max: 400 });
    fc.assert(
      fc.property(fc.array(numbered, { maxLength: 5 }), size, (list, length) => {
        const lines = list.map(({ id, chain, request: own, budgetMs }) => encodeRequest(id, chain, own, budgetMs));
        const text = laneStart(nonce) + lines.join('');
        const reader = new LaneInputReader();
        const inputs = [];
        for (let at = 0; at < text.length; at += length) inputs.push(...reader.push(text.slice(at, at + length)));
        expect(inputs).toEqual([{ type: 'start', nonce }, ...list.map((own) => ({ type: 'request', request: own }))]);
      }),
    );
  });

  test('a secret is sent as it is', () => {
    const encoded = encodeRequest(1, 'first', { kind: 'run', argv: ['x'], input: new Secret('geheim') });
    expect(decodeRequest(encoded)?.request).toMatchObject({ input: 'geheim' });
  });

  test.each<[string, WireRequest]>([
    ['NUL in a word', { kind: 'run', argv: ['echo', 'a\0b'] }],
    ['half of a surrogate pair', { kind: 'run', argv: ['echo', '\ud800'] }],
    ['no program', { kind: 'run', argv: [] }],
    ['an empty program', { kind: 'run', argv: [''] }],
    ['a pattern that is not absolute', { kind: 'read', patterns: ['sys/*'] }],
    ['a file that is not absolute', { kind: 'wait', timeoutMs: 0, contents: [{ filePath: 'x', values: [] }] }],
    [
      'a minimum that is no number',
      { kind: 'wait', timeoutMs: 0, minimums: [{ filePath: '/x', atLeast: Number.NaN }] },
    ],
    ['a lock whose name is a path', { kind: 'lock', name: '../../etc/x', owner: '', waitMs: 0 }],
  ])('%s is refused', (_what, bad) => {
    expect(() => encodeRequest(1, 'first', bad)).toThrow(expect.objectContaining({ code: 'E_USAGE' }) as Error);
  });
});
