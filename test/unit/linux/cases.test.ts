import { describe, expect, test } from 'vitest';
import { fingerprint, loadCases } from './case-files.js';
import { SUBJECTS } from './case-subjects.js';

const cases = loadCases();

describe.each(Object.keys(SUBJECTS))('%s', (subject) => {
  const own = cases.filter((found) => found.subject === subject);
  test.each(own.map(({ name, content }) => [`${name}: ${content.about}`, content] as const))('%s', (_, content) => {
    // As JSON: what is not there and what is undefined are the same.
    expect(JSON.parse(JSON.stringify(SUBJECTS[subject]?.(content)))).toEqual(content.expect);
  });
});

test('every case belongs to a subject, and every subject has cases', () => {
  expect(new Set(cases.map((found) => found.subject))).toEqual(new Set(Object.keys(SUBJECTS)));
});

test('no two cases are the same', () => {
  const seen = new Map<string, string>();
  const twins = cases.flatMap((found) => {
    const twin = seen.get(fingerprint(found));
    seen.set(fingerprint(found), found.name);
    return twin === undefined ? [] : [`${found.subject}: ${twin} and ${found.name}`];
  });
  expect(twins).toEqual([]);
});
