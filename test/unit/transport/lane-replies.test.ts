import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LaneReply } from '../../../src/transport/executor.js';
import { type Frame, FrameReader } from '../../../src/transport/frame-reader.js';
import { decodeReply, encodeReply } from '../../../src/transport/lane-replies.js';
import type { WireRequest } from '../../../src/transport/lane-requests.js';

const NONCE = '0123456789abcdef'.repeat(2);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.constantFrom('\n', `\n${NONCE.slice(0, 31)}`, '\n\n', 'f/x', '=', '+', '-', 'u', ' 1 1 0'), {
      maxLength: 6,
    })
    .map((all) => all.join('')),
);
const path = text.map((name) => `/${name}`);
const content = text.map((all) => all.replace(/\n+$/, ''));
const paths = fc.uniqueArray(path, { maxLength: 4 });

const exchange: fc.Arbitrary<readonly [WireRequest, LaneReply]> = fc.oneof(
  fc
    .record({
      kind: fc.constant('run' as const),
      ok: fc.boolean(),
      exit: fc.oneof(fc.nat(255), fc.constant(null)),
      stdout: text,
      stderr: text,
      timedOut: fc.boolean(),
      truncated: fc.constant(false),
    })
    .map((reply) => [{ kind: 'run', argv: ['x'] }, reply] as const),
  fc
    .record({
      kind: fc.constant('read' as const),
      ok: fc.constant(true as const),
      files: fc.array(fc.tuple(path, content)).map((all) => new Map(all)),
      unreadable: paths,
    })
    .map((reply) => [{ kind: 'read', patterns: [] }, reply] as const),
  fc.tuple(fc.uniqueArray(fc.tuple(path, fc.option(path)), { selector: ([one]) => one })).map(([pairs]) => {
    const known = pairs.filter((pair): pair is [string, string] => pair[1] !== null);
    const reply = { kind: 'list', ok: true, paths: pairs.map(([one]) => one), resolved: new Map(known) } as const;
    return [{ kind: 'list', patterns: [] }, reply] as const;
  }),
  fc
    .record({ kind: fc.constant('wait' as const), ok: fc.boolean(), matches: paths, remaining: paths })
    .map((reply) => [{ kind: 'wait', timeoutMs: 0 }, reply] as const),
  fc.constantFrom<readonly [WireRequest, LaneReply]>(
    [
      { kind: 'write', filePath: '/a', content: '' },
      { kind: 'write', ok: true, error: '' },
    ],
    [
      { kind: 'write', filePath: '/a', content: '' },
      { kind: 'write', ok: false, error: 'sh: cannot create /a: no' },
    ],
    [
      { kind: 'lock', name: 'x', owner: '', waitMs: 0 },
      { kind: 'lock', ok: true, holder: '' },
    ],
    [
      { kind: 'lock', name: 'x', owner: '', waitMs: 0 },
      { kind: 'lock', ok: false, holder: 'run 1 of anna' },
    ],
    [
      { kind: 'run', argv: ['x'] },
      { kind: 'skipped', ok: false },
    ],
  ),
);

function cutInto(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

describe('replies on the wire', () => {
  test('replies that are read are the replies that were written, wherever the streams are cut', () => {
    const noise = fc.constantFrom('', 'Welcome!\n', `\n${NONCE.slice(0, 20)} ready`, '\n\n');
    fc.assert(
      fc.property(
        fc.array(exchange, { maxLength: 4 }),
        fc.integer({ min: 1, max: 200 }),
        noise,
        (all, length, said) => {
          const written = all.map(([, reply], index) => encodeReply(NONCE, index + 1, reply, index));
          const frames = (name: 'stdout' | 'stderr'): Map<string, Frame> => {
            const reader = new FrameReader(NONCE);
            const bytes = Buffer.concat(written.flatMap((one) => [Buffer.from(said), one[name]]));
            return new Map(
              cutInto(bytes, length)
                .flatMap((part) => reader.push(part))
                .map((frame) => [frame.id, frame]),
            );
          };
          const stdout = frames('stdout');
          const stderr = frames('stderr');
          const read = all.map(([request], index) => {
            const frame = stdout.get(String(index + 1));
            if (frame === undefined) throw new Error(`no reply ${index + 1}`);
            return decodeReply(request, frame, stderr.get(String(index + 1)) ?? null);
          });
          expect(read.map((one) => one.reply)).toEqual(all.map(([, reply]) => reply));
          expect(read.map((one) => one.processes)).toEqual(
            all.map(([, { kind }], index) => (kind === 'skipped' ? 0 : index)),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a payload keeps no more than the limit, and says so', () => {
    const reader = new FrameReader(NONCE, 10);
    const frames = reader.push(Buffer.from(`\n${NONCE} begin 1\n${'x'.repeat(11)}\n${NONCE} 1 1 2 0\n`));
    expect(frames).toMatchObject([{ id: '1', truncated: true }]);
    expect(frames[0]?.payload.toString()).toBe('x'.repeat(10));
    const next = reader.push(Buffer.from(`\n${NONCE} begin 2\n${'y'.repeat(10)}\n${NONCE} 2 1 2 0\n`));
    expect(next).toMatchObject([{ id: '2', truncated: false }]);
  });

  test('files that were cut are an error, not shorter files', () => {
    const frame: Frame = { id: '1', words: ['1', '0'], payload: Buffer.from('f/a\n=x'), truncated: true };
    expect(() => decodeReply({ kind: 'read', patterns: [] }, frame, null)).toThrow(/larger than can be kept/);
  });

  test('what comes between replies, or under another nonce, is nobody’s', () => {
    const reader = new FrameReader(NONCE);
    const other = 'f'.repeat(32);
    const frames = reader.push(
      Buffer.from(`late\n${NONCE} begin 1\n\n${other} 1 0 0 1\nmine\n${NONCE} 1 1 2 0\nlate again\n${NONCE} begin 2\n`),
    );
    expect(frames.map((frame) => frame.payload.toString())).toEqual([`\n${other} 1 0 0 1\nmine`]);
    expect(reader.push(Buffer.from(`\n${NONCE} 2 1 2 0\n`))[0]?.payload.length).toBe(0);
  });

  test('an endless line behind a nonce is not waited for', () => {
    const reader = new FrameReader(NONCE);
    reader.push(Buffer.from(`\n${NONCE} begin 1\n\n${NONCE} `));
    expect(reader.push(Buffer.alloc(100_000, 'x'))).toEqual([]);
    expect(reader.push(Buffer.from(`\n${NONCE} 1 1 2 0\n`))).toMatchObject([{ id: '1' }]);
  });
});
