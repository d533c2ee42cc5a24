import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandHostRange } from '../../../src/inventory/hosts/host-range.js';

function names(pattern: string): readonly string[] | string {
  const expanded = expandHostRange(pattern);
  return expanded.ok ? expanded.names : expanded.message;
}

describe('host ranges', () => {
  it.each<[string, readonly string[]]>([
    ['web', ['web']],
    ['web[01:03]', ['web01', 'web02', 'web03']],
    ['web[8:11]', ['web8', 'web9', 'web10', 'web11']],
    ['web[08:11]', ['web08', 'web09', 'web10', 'web11']],
    ['web[:2]', ['web0', 'web1', 'web2']],
    ['db-[a:c].example.com', ['db-a.example.com', 'db-b.example.com', 'db-c.example.com']],
    ['x[Y:Z]', ['xY', 'xZ']],
    ['x[a:f:2]', ['xa', 'xc', 'xe']],
    ['n[1:10:4]', ['n1', 'n5', 'n9']],
    ['r[1:2]n[a:b]', ['r1na', 'r1nb', 'r2na', 'r2nb']],
    ['w[0:0]', ['w0']],
  ])('%s', (pattern, expected) => {
    expect(names(pattern)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['w[3:1]', '[3:1] ends before it begins; swap the two'],
    ['w[f:a]', '[f:a] ends before it begins; swap the two'],
    ['w[1:]', '[1:] has no end; write [BEGIN:END], both ends are in'],
    ['w[01:100]', '[01:100] has ends of different width; write both with 3 digits'],
    ['w[1:5:0]', '[1:5:0] has a step that is not a number above 0; write [BEGIN:END:STEP]'],
    ['w[1:2:3:4]', '[1:2:3:4] has too many ":"; write [BEGIN:END] or [BEGIN:END:STEP]'],
    ['w[a:10]', '[a:10] is neither a range of numbers nor of single letters; write [01:50] or [a:f]'],
    ['w[1:9999999]', 'gives more than 100000 hosts; check the range'],
    ['w[1:999][1:999]', 'gives more than 100000 hosts; check the range'],
  ])('refuses %s', (pattern, message) => {
    expect(names(pattern)).toBe(message);
  });

  it('gives as many different names as the bounds say, both ends in', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(200), fc.integer({ min: 1, max: 9 }), (begin, length, step) => {
        const found = names(`w[${begin}:${begin + length}:${step}]x`);
        expect(new Set(found).size).toBe(Math.floor(length / step) + 1);
        expect(found[0]).toBe(`w${begin}x`);
      }),
    );
  });
});
