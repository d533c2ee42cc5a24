import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Executor } from '../../src/transport/executor.js';
import { literalPattern } from '../../src/transport/glob-pattern.js';
import { ask, REAL_SHELLS, run, type Subject } from './executors.js';

/** What shells, terminals and frames give a meaning to, and the bytes that dash and bash use inside (0x81 to 0x88, 0x01, 0x7f). */
const PIECES = [
  "'", '"', '\\', '`', '$', '$(touch PWNED)', '`touch PWNED`', '; touch PWNED;', '& touch PWNED &', '|', '>', '<', '(', ')', '{', '}',
  '*', '?', '[', ']', '[!a]', '~', '#', '!', '=', '%s', '%n', '-', '--', '\n', '\r', '\t', '\u0001', '\u007f', '\u001b[2J', '\u0081', '\u0088',
  'é', '漢', '😀', ' ', '  ', '\n\n', "'\\''", '$IFS', '${x}', '\\n', '\\0', 'lq', 'EOF', 'a', 'Z', '0', '/',
] as const; // prettier-ignore

const hostile = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom(...PIECES).map((piece) => piece.repeat(Math.ceil(10_000 / piece.length))),
);

describe.each(REAL_SHELLS)('hostile text by $name', ({ makeSubject }) => {
  let subject: Subject;
  let executor: Executor;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'longshore-hostile-'));
    subject = await makeSubject();
    executor = await subject.connect();
  });
  afterAll(async () => {
    await executor.close();
    await subject.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('every word arrives as it is, and none is run', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 4 }), async (words) => {
        // stdout of a command is not touched, so each word comes back between marks of its own
        const reply = await ask(executor, {
          ...run('sh', '-c', `cd "$0" && printf '%s\\001\\000' "$@"`, directory, ...words),
          input: words[0] ?? '',
        });
        expect(reply.stdout).toBe(words.map((word) => `${word}\u0001\0`).join(''));
      }),
      { numRuns: 60 },
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  test('input, expected output and values of a wait are compared byte by byte', async () => {
    const filePath = path.join(directory, 'content');
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const content = text.replace(/\n+$/, '');
        expect(await ask(executor, { ...run('cat'), input: text, expectStdout: content })).toMatchObject({ ok: true });
        writeFileSync(filePath, `${content}\n`);
        const look = { kind: 'wait', timeoutMs: 0, contents: [{ filePath, values: ['', content] }] } as const;
        expect(await ask(executor, look)).toMatchObject({ ok: true });
        const read = await ask(executor, { kind: 'read', patterns: [filePath] });
        expect(read.files.get(filePath)).toBe(content);
        const written = await ask(executor, { kind: 'write', filePath, content: text });
        expect(written).toMatchObject({ ok: true });
        expect((await ask(executor, run('cat', filePath))).stdout).toBe(text);
      }),
      { numRuns: 40 },
    );
    rmSync(filePath);
  });

  test('a pattern made of anything matches files or nothing, and runs nothing', async () => {
    const name = hostile.map((text) => text.replaceAll('/', '_').slice(0, 60)).filter((text) => !/^\.*$/.test(text));
    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const filePath = path.join(directory, text);
        await ask(executor, { kind: 'list', patterns: [filePath, `${filePath}*`] });
        await ask(executor, { ...run('true'), when: [filePath], globs: [filePath] });
        expect(readdirSync(directory)).toEqual([]);
        writeFileSync(filePath, 'x');
        const literal = literalPattern(filePath);
        const listed = await ask(executor, { kind: 'list', patterns: [literal] });
        const looked = await ask(executor, { kind: 'wait', timeoutMs: 0, present: [literal], absent: [`${literal}_`] });
        rmSync(filePath);
        expect(listed.paths).toEqual([filePath]);
        expect(looked).toMatchObject({ ok: true, matches: [filePath] });
      }),
      { numRuns: 60 },
    );
  });
});
