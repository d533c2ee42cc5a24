import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../../.ci/run', import.meta.url));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'longshore-ci-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Runs `.ci/run` with a stand-in for npm that does `body` as its `npm test`. */
function runWith(body: string): Promise<{ code: number; lastLine: string | undefined; output: string }> {
  writeFileSync(path.join(directory, 'npm'), `#!/bin/sh\n[ "$1" = --version ] && exit\n${body}\n`, { mode: 0o755 });
  const env = { PATH: `${directory}:${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
  return new Promise((resolve) => {
    execFile(script, { env }, (error, stdout) => {
      const lastLine = stdout.replace(/\n$/, '').split('\n').at(-1);
      resolve({ code: error === null ? 0 : Number(error.code), lastLine, output: stdout });
    });
  });
}

test('ends with the closing line of the tests, and shows their output', async () => {
  const run = await runWith('echo working; echo "12 passed, 0 failed, 1 skipped"');
  expect(run).toMatchObject({ code: 0, lastLine: '12 passed, 0 failed, 1 skipped' });
  expect(run.output).toContain('working\n');
});

test('gives the tests CI=true and no stdin', async () => {
  const run = await runWith('cat; echo "CI is $CI"; echo "1 passed, 0 failed, 0 skipped"');
  expect(run.output).toContain('CI is true\n');
});

test('fails with failed tests', async () => {
  const run = await runWith('echo "12 passed, 2 failed, 0 skipped"; exit 1');
  expect(run).toMatchObject({ code: 1, lastLine: '12 passed, 2 failed, 0 skipped' });
});

test('fails when the tests end badly although none failed', async () => {
  const run = await runWith('echo "12 passed, 0 failed, 0 skipped"; exit 7');
  expect(run).toMatchObject({ code: 1, lastLine: '12 passed, 1 failed, 0 skipped' });
});

test('fails when the tests end without a closing line', async () => {
  const run = await runWith('echo "out of memory"; exit 137');
  expect(run).toMatchObject({ code: 1, lastLine: '0 passed, 1 failed, 0 skipped' });
});

test('fails when nothing was tested', async () => {
  const run = await runWith('echo "0 passed, 0 failed, 0 skipped"');
  expect(run.code).toBe(1);
});

test('a process that outlives the tests does not keep it', async () => {
  const run = await runWith('sleep 60 & echo $! > "$(dirname "$0")/pid"; echo "1 passed, 0 failed, 0 skipped"');
  process.kill(Number(readFileSync(path.join(directory, 'pid'), 'utf8')));
  expect(run).toMatchObject({ code: 0, lastLine: '1 passed, 0 failed, 0 skipped' });
}, 20_000);
