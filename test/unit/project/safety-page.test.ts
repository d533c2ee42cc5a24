import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/safety.md', root), 'utf8');

/** Rows of tables with a column `test`: what they are about, and what they name. */
const rows = page.split(/\n(?=\| (?:rule|incident|section) )/).flatMap((table) => {
  const [head = '', , ...lines] = table.split('\n').filter((line) => line.startsWith('|'));
  const at = cellsOf(head).indexOf('test');
  return at === -1 ? [] : lines.map((line) => ({ id: cellsOf(line)[0] ?? '', tests: cellsOf(line)[at] ?? '' }));
});
const named = rows.flatMap(({ id, tests }) => tests.split('<br>').map((one) => [id, one] as const));

function cellsOf(line: string): readonly string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function numbers(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}

describe('docs/safety.md', () => {
  it('has each incident and each rule once', () => {
    const found = [...page.matchAll(/^\| ([A-GS]\d+) +\|/gm)].map(([, id = '']) => id);
    const incidents = Object.entries({ A: 20, B: 17, C: 16, D: 11, E: 6, F: 8, G: 5 });
    const wanted = [...incidents.flatMap(([letter, count]) => numbers(letter, count)), ...numbers('S', 40)];
    expect(found.toSorted()).toEqual(wanted.toSorted());
  });

  it('names a test in every row of what is built', () => {
    expect(rows.length).toBeGreaterThan(120);
    expect(rows.filter(({ tests }) => tests === '')).toEqual([]);
  });

  it.each(named)('%s: %s', (_, test) => {
    const [, file = '', name] = /^`(test\/[\w./-]+)`(?:: (.+))?$/.exec(test) ?? [];
    expect(existsSync(new URL(file, root)) && file !== '').toBe(true);
    if (name === undefined) return expect(file).toMatch(/^test\/cases\/.*\.json$/);
    const names = readFileSync(new URL(file, root), 'utf8').replaceAll("\\'", "'");
    expect([`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => names.includes(quoted))).toBe(true);
  });
});
