import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../../src/errors/longshore-error.js';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `'));

test('docs/errors.md has one row for each code of the source, and no other', () => {
  const documented = rows.map((row) => /^\| `(\w+)`/.exec(row)?.[1] ?? row);
  expect(documented).toHaveLength(new Set(documented).size);
  expect(documented.toSorted()).toEqual([...ERROR_CODES].toSorted());
});

test.each(rows.map((row) => [row.slice(3, row.indexOf('`', 3)), row]))('%s has a cause and a remedy', (_code, row) => {
  const [cause, remedy] = row.split('|').slice(2, 4);
  expect(cause?.trim().length).toBeGreaterThan(15);
  expect(remedy?.trim().length).toBeGreaterThan(15);
});
