import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/transport.md', root), 'utf8');
const rows = [...page.matchAll(/^\| .* \| `(test\/[\w./-]+)`: (.+?) *\|$/gm)].map(
  ([, file = '', name = '']) => [file, name] as const,
);

describe('the fault table of docs/transport.md', () => {
  it('has a test in every row', () => {
    const table = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:fault |---)/.test(line));
    expect(table.length).toBeGreaterThan(25);
    expect(rows).toHaveLength(table.length);
  });

  it.each(rows)('%s: %s', (file, name) => {
    expect(existsSync(new URL(file, root))).toBe(true);
    const names = readFileSync(new URL(file, root), 'utf8').replaceAll("\\'", "'");
    expect([`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => names.includes(quoted))).toBe(true);
  });
});
