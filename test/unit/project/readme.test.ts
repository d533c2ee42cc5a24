import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readInventory } from '../../../src/inventory/read-inventory.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

test('the inventory in README.md is valid and has its 20 hosts', async () => {
  const text = /```yaml\n([^]*?)```/.exec(readme)?.[1] ?? '';
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-readme-'));
  try {
    const file = path.join(directory, 'fleet.yaml');
    writeFileSync(file, text);
    const inventory = await readInventory(file, { env: { CHAP_PASSWORD: 'x' } });
    expect([...inventory.hosts.keys()]).toHaveLength(20);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('every npm script that README.md names exists', () => {
  const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test('every file that README.md links to exists', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)/g)].map((match) => match[1] ?? '');
  expect(links.filter((link) => !existsSync(path.join(root, link)))).toEqual([]);
});
