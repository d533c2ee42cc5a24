import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8'));
const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, LockEntry>> };
const { allowScripts } = read('package.json') as { allowScripts: Readonly<Record<string, boolean>> };

test('package-lock.json has all platform packages, or `npm ci` refuses it: run `npm run lock:complete`', () => {
  const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.length).toBeGreaterThan(10);
  const missing = wanted.filter(
    (name) => !Object.keys(packages).some((place) => place.endsWith(`node_modules/${name}`)),
  );
  expect(missing).toEqual([]);
});

test('package-lock.json names no registry', () => {
  expect(Object.values(packages).filter((entry) => entry.resolved !== undefined)).toEqual([]);
});

test('every install script of a dependency has been decided on, and none is allowed', () => {
  const withScript = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript === true);
  const names = withScript.map(([place]) => place.replace(/^.*node_modules\//, ''));
  expect(names.toSorted((a, b) => a.localeCompare(b))).toEqual(Object.keys(allowScripts));
  expect(Object.values(allowScripts)).not.toContain(true);
});
