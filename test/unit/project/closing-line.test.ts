import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'longshore-closing-line-'));
  symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
  cpSync(path.join(root, 'tools/closing-line.ts'), path.join(directory, 'closing-line.ts'));
  writeFileSync(path.join(directory, 'package.json'), '{"type": "module"}');
  writeFileSync(
    path.join(directory, 'vitest.config.ts'),
    "import { ClosingLine } from './closing-line.js';\nexport default { test: { reporters: ['default', new ClosingLine()] } };\n",
  );
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Runs vitest, as the user does, on one test file. */
function runTests(text: string): Promise<{ code: number; lines: string[] }> {
  writeFileSync(path.join(directory, 'a.test.ts'), `import { beforeAll, test, expect } from 'vitest';\n${text}\n`);
  const program = path.join(root, 'node_modules/.bin/vitest');
  return new Promise((resolve) => {
    execFile(
      program,
      ['run', '--root', directory],
      { cwd: directory, env: { PATH: process.env['PATH'] } },
      (error, stdout) => {
        resolve({ code: error === null ? 0 : Number(error.code), lines: stdout.replace(/\n$/, '').split('\n') });
      },
    );
  });
}

test('a skip with a reason is shown and is fine', async () => {
  const { code, lines } = await runTests(
    "test('one', () => { expect(1).toBe(1); });\ntest('two', (context) => { context.skip('no tape drive here'); });",
  );
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 skipped');
  expect(lines).toContain('skipped: two: no tape drive here');
  expect(code).toBe(0);
});

test('a skip without a reason fails', async () => {
  const { code, lines } = await runTests("test('one', () => { expect(1).toBe(1); });\ntest.skip('two', () => {});");
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  expect(code).toBe(1);
});

test('failed tests are counted', async () => {
  const { code, lines } = await runTests("test('one', () => { expect(1).toBe(2); });\ntest('two', () => {});");
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  expect(code).toBe(1);
});

test('a file that cannot be loaded is a failure', async () => {
  const { code, lines } = await runTests("throw new Error('not loaded');");
  expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
  expect(code).toBe(1);
});

test('a failed set-up of a file is a failure, although its tests only count as skipped for vitest', async () => {
  const { code, lines } = await runTests("beforeAll(() => { throw new Error('x'); });\ntest('one', () => {});");
  expect(lines.at(-1)).toMatch(/^0 passed, [12] failed, 0 skipped$/);
  expect(code).toBe(1);
});
