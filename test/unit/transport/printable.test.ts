import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../../src/transport/printable.js';

test('nothing that drives a terminal is left, and plain text stays', () => {
  expect(printable('a\u001b[2Jb\u0007\u009b31m\u202egnp')).toBe(String.raw`a\x1b[2Jb\x07\x9b31m\u202egnp`);
  expect(printable('one\n\ttwo é 漢 😀')).toBe('one\n\ttwo é 漢 😀');
  expect(printable('one\r\n\ttwo', { singleLine: true })).toBe(String.raw`one\r\n\ttwo`);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text, { singleLine: true })).not.toMatch(/\p{Cc}/u);
    }),
  );
});
