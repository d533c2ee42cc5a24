import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldNames } from '../../../src/inventory/patterns/fold-names.js';
import { expandNodeset } from '../../../src/inventory/patterns/nodeset.js';

/** What a short form names, by the nodeset grammar that `--limit` has. */
function namesOf(folded: string): string[] {
  const pieces = folded.match(/(?:[^,[]|\[[^\]]*\])+/g) ?? [];
  return pieces.flatMap((piece) => {
    const expanded = expandNodeset(piece);
    if (!expanded.ok) throw new Error(expanded.message);
    return expanded.names;
  });
}

describe('folded names', () => {
  it.each<[readonly string[], string]>([
    [[], ''],
    [['web01'], 'web01'],
    [['web01', 'web02', 'web03', 'db1'], 'db1,web[01-03]'],
    [['web3', 'web1', 'web2', 'web1'], 'web[1-3]'],
    [['n9', 'n10', 'n11', 'n13'], 'n[9-11,13]'],
    [['n09', 'n10', 'n11'], 'n[09-11]'],
    [['n1', 'n01'], 'n01,n1'],
    [['web1.example.com', 'web2.example.com'], 'web[1-2].example.com'],
    [['10.0.0.1', '10.0.0.2', '10.0.0.4'], '10.0.0.[1-2,4]'],
    [['r1n1', 'r1n2', 'r2n1', 'r2n2'], 'r1n[1-2],r2n[1-2]'],
    [['rack1-a2', 'rack2-a2', 'rack3-a2'], 'rack[1-3]-a2'],
    [['2001:db8::1', '2001:db8::2'], '2001:db8::1,2001:db8::2'],
    [['a', 'b'], 'a,b'],
    [['x12345678901234567890', 'x12345678901234567891'], 'x12345678901234567890,x12345678901234567891'],
  ])('%j', (names, folded) => {
    expect(foldNames(names)).toBe(folded);
  });

  it('name exactly the hosts that were folded', () => {
    const name = fc
      .tuple(
        fc.constantFrom('web', 'db', 'r1n', ''),
        fc.constantFrom('', '0', '00'),
        fc.nat(30),
        fc.constantFrom('', '-a', '.x2'),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), (names) => {
        expect(namesOf(foldNames(names)).toSorted()).toEqual([...new Set(names)].toSorted());
      }),
    );
  });
});
