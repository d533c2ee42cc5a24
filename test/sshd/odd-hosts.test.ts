import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Executor } from '../../src/transport/executor.js';
import { connectLocal } from '../../src/transport/local.js';
import { ask, run } from './executors.js';

let directory: string;
let executor: Executor | undefined;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'longshore-odd-'));
  chmodSync(directory, 0o755);
});
afterEach(async () => {
  await executor?.close();
  rmSync(directory, { recursive: true, force: true });
});
const inside = (name: string): string => path.join(directory, name);

/** A host that has only these programs (and what is in sbin, where none of them are). */
function hostWith(tools: Readonly<Record<string, string>>, shell = '/bin/sh'): Executor {
  mkdirSync(inside('bin'));
  for (const [name, target] of Object.entries(tools)) {
    if (target.startsWith('#!')) writeFileSync(inside(`bin/${name}`), target, { mode: 0o755 });
    else symlinkSync(target, inside(`bin/${name}`));
  }
  executor = connectLocal('odd', { shell: ['/usr/bin/env', `PATH=${inside('bin')}`, shell] });
  return executor;
}

/** Programs of this machine, by name. */
const own = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, execFileSync('which', [name], { encoding: 'utf8' }).trim()]));

describe('hosts that lack something', () => {
  test.each<[string, Record<string, string>]>([
    ['no timeout at all', {}],
    ['the timeout of busybox', { timeout: '/bin/busybox' }],
  ])('commands are bounded with %s', async (_what, tools) => {
    const host = hostWith({ ...own('sleep', 'cat', 'sh', 'true'), ...tools });
    expect(await ask(host, run('sh', '-c', 'echo out; echo err >&2; exit 7'))).toMatchObject({
      exit: 7,
      stdout: 'out\n',
      stderr: 'err\n',
      timedOut: false,
    });
    expect(await ask(host, { ...run('cat'), input: 'fed', expectStdout: 'fed' })).toMatchObject({ ok: true });
    expect(await ask(host, run('no-such-program'))).toMatchObject({ exit: 127 });
    expect(await ask(host, run('export'))).toMatchObject({ exit: 127 });
    const hung = await ask(host, { ...run('sleep', '60'), timeoutMs: 1000 });
    expect(hung).toMatchObject({ ok: false, timedOut: true });
    expect(await ask(host, run('true'))).toMatchObject({ ok: true });
  });

  test('a wait works where sleep knows no fractions', async () => {
    const whole = `#!/bin/sh\ncase $1 in *.*) echo "sleep: invalid number '$1'" >&2; exit 1 ;; esac\nexec ${own('sleep')['sleep'] ?? ''} "$@"`;
    const host = hostWith({ ...own('sh', 'touch'), sleep: whole });
    const [waited] = await Promise.all([
      ask(host, { kind: 'wait', present: [inside('flag')], timeoutMs: 10_000 }),
      ask(host, run('touch', inside('flag'))),
    ]);
    expect(waited).toMatchObject({ ok: true });
    expect(await ask(host, { kind: 'wait', present: [inside('never')], timeoutMs: 500 })).toMatchObject({ ok: false });
  });

  test('without flock a lock is refused and the reason is said', async () => {
    const host = hostWith(own('sh', 'sleep'));
    const reply = await ask(host, { kind: 'lock', name: 'test-odd', owner: 'x', waitMs: 0 });
    expect(reply).toMatchObject({ ok: false, holder: expect.stringContaining('flock') as string });
  });
});

describe.runIf(process.getuid?.() === 0)('a user who is not root', () => {
  const asNobody = (): Executor => {
    executor = connectLocal('odd', {
      shell: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '/bin/sh'],
    });
    return executor;
  };

  test('what may not be read or written is said', async () => {
    writeFileSync(inside('secret'), 'x', { mode: 0o600 });
    writeFileSync(inside('open'), 'y\n', { mode: 0o644 });
    const host = asNobody();
    const read = await ask(host, { kind: 'read', patterns: [inside('*')] });
    expect([...read.files]).toEqual([[inside('open'), 'y']]);
    expect(read.unreadable).toEqual([inside('secret')]);
    const written = await ask(host, { kind: 'write', filePath: inside('open'), content: 'z' });
    expect(written).toMatchObject({ ok: false, error: expect.stringContaining(inside('open')) as string });
    expect(readFileSync(inside('open'), 'utf8')).toBe('y\n');
    expect(await ask(host, run('id', '-u'))).toMatchObject({ stdout: '65534\n' });
  });

  test('a directory that cannot be looked into is no proof of absence', async () => {
    mkdirSync(inside('closed/deep'), { recursive: true });
    mkdirSync(inside('searchable'));
    writeFileSync(inside('searchable/there'), '');
    chmodSync(inside('closed'), 0o700);
    chmodSync(inside('searchable'), 0o711);
    const host = asNobody();
    const absent = async (pattern: string) => {
      const reply = await ask(host, { kind: 'wait', absent: [pattern], timeoutMs: 0 });
      return reply.ok || reply.remaining;
    };
    expect(await absent(inside('closed/x'))).toEqual([inside('closed')]);
    expect(await absent(inside('closed/x*'))).toEqual([inside('closed')]);
    expect(await absent(inside('clos*/deep/x'))).toEqual([inside('closed')]);
    // names can be tested where they cannot be listed
    expect(await absent(inside('searchable/x'))).toBe(true);
    expect(await absent(inside('searchable/x*'))).toEqual([inside('searchable')]);
    expect(await absent(inside('searchable/there'))).toEqual([inside('searchable/there')]);
    expect(await absent(inside('nowhere/x*'))).toBe(true);
  });
});
