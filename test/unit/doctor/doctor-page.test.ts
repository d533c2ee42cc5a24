import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RULES } from '../../../src/doctor/judge.js';
import { doctorPage } from '../../../tools/write-doctor-page.js';

test('docs/doctor.md says of each rule what the source says: npx tsx tools/write-doctor-page.ts', async () => {
  const page = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
  expect(page).toBe(await doctorPage());
});

test('rules have ids that differ, and every text that a reader needs', () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  for (const { id, reads, when, reason, instead, source } of RULES) {
    expect(id).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    for (const text of [reads, when, reason, instead, source]) expect(text).toMatch(/\S/);
  }
});
