import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJournal } from '../../../src/journal/read-journal.js';
import { anyLine } from './journals.js';

const print = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const ended = { v: 1, t: '2026-11-25T07:00:00.000Z', type: 'run-ended', interrupted: false, durationMs: 5 };

describe('reading a journal', () => {
  it('gives back the lines that were written, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(anyLine), (lines) => {
        expect(parseJournal(print(lines), 'r.jsonl')).toEqual({ lines, isTorn: false });
      }),
    );
  });

  it('gives, of a journal that was cut anywhere, the lines before the cut', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1 }), fc.nat(), (lines, at) => {
        const bytes = Buffer.from(print(lines));
        const cut = bytes.subarray(0, at % bytes.length).toString();
        const whole = cut.split('\n').length - 1;
        const read = parseJournal(cut, 'r.jsonl');
        // a line without its newline is whole when only that was cut off
        expect(lines.slice(0, whole + 1)).toEqual(expect.arrayContaining([...read.lines]));
        expect(read.lines.length).toBeGreaterThanOrEqual(whole);
        expect(read.isTorn).toBe(read.lines.length === whole && !cut.endsWith('\n') && cut !== '');
      }),
    );
  });

  it.each([
    ['{"v":1,"t":', 'is not JSON'],
    ['[]', 'has no version and type'],
    [
      '{"v":1,"t":"2026-11-25T07:00:00.000Z","type":"run-ended","interrupted":"no","durationMs":5}',
      'run-ended: interrupted',
    ],
  ])('names file and line of a damaged line in the middle: %s', (line, what) => {
    const text = `${JSON.stringify(ended)}\n${line}\n${JSON.stringify(ended)}\n`;
    expect(() => parseJournal(text, '/state/runs/r.jsonl')).toThrow(`/state/runs/r.jsonl:2: damaged: ${what}`);
  });

  it('leaves out kinds of lines that a later Longshore has added, and takes new fields', () => {
    const text = print([
      { ...ended, shade: 'grey' },
      { v: 1, t: ended.t, type: 'host-painted', host: 'a' },
    ]);
    expect(parseJournal(text, 'r').lines).toEqual([{ ...ended, shade: 'grey' }]);
  });

  it('refuses another version of the format, and says what to do', () => {
    expect(() => parseJournal(print([{ ...ended, v: 2 }]), 'r')).toThrow(/r:1: written in version 2 .* known is 1/);
  });
});
