import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Executor } from '../../src/transport/executor.js';
import { ask, REAL_SHELLS, run, soon, type Subject } from './executors.js';

/** Without a way to cut the connection (local) the end of the executor has to do. */
describe.each(REAL_SHELLS)('the lock of a host by $name', ({ makeSubject }) => {
  let subject: Subject;
  let first: Executor;
  let second: Executor;
  let directory: string;
  let name: string;
  const lock = (executor: Executor, owner: string, waitMs = 0) => ask(executor, { kind: 'lock', name, owner, waitMs });
  const inside = (file: string): string => path.join(directory, file);

  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'longshore-lock-'));
    name = `test-${randomBytes(6).toString('hex')}`;
    subject = await makeSubject();
    first = await subject.connect();
    second = await subject.connect();
  });
  afterEach(async () => {
    await first.close();
    await second.close();
    await subject.close();
    rmSync(directory, { recursive: true, force: true });
    for (const base of ['/run/longshore', '/run/lock', '/tmp']) {
      for (const end of ['lock', 'work']) rmSync(`${base}/longshore-${name}.${end}`, { force: true });
    }
  });

  test('one executor has it, the other learns who, and gets it after the first has closed', async () => {
    expect(await lock(first, "run 1 of 'anna' on bastion")).toEqual({ kind: 'lock', ok: true, holder: '' });
    expect(await lock(first, 'again')).toMatchObject({ ok: true });
    const began = performance.now();
    expect(await lock(second, 'run 2', 300)).toMatchObject({ ok: false, holder: "run 1 of 'anna' on bastion" });
    expect(performance.now() - began).toBeGreaterThan(250);
    const waiting = lock(second, 'run 2', 20_000);
    await first.close();
    expect(await waiting).toMatchObject({ ok: true });
  });

  test('what follows a lock that could not be had is skipped', async () => {
    await lock(first, 'one');
    const replies = await second.sequence(soon(), [
      { kind: 'lock', name, owner: 'two', waitMs: 0 },
      run('touch', inside('changed')),
    ]);
    expect(replies.map((reply) => reply.kind)).toEqual(['lock', 'skipped']);
    expect((await ask(second, { kind: 'list', patterns: [inside('*')] })).paths).toEqual([]);
  });

  test('a second lock of another name is refused, as it would give up the first', async () => {
    await lock(first, 'one');
    const other = first.sequence(soon(), [{ kind: 'lock', name: `${name}-b`, owner: 'one', waitMs: 0 }]);
    await expect(other).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(await lock(second, 'two')).toMatchObject({ ok: false, holder: 'one' });
  });

  test('it stays while a command that the holder left behind still runs, on any lane', async () => {
    first.prepareLanes(3);
    await lock(first, 'one');
    // two lanes at work, so that one of them is not the lane that took the lock
    const left = ['a', 'b'].map((file) =>
      first.sequence(soon(), [
        run('sh', '-c', ': >"$1.began"; while [ ! -e "$1.go" ]; do sleep 0.02; done', 'sh', inside(file)),
      ]),
    );
    const settled = Promise.allSettled(left);
    const began = { kind: 'wait', present: [inside('a.began'), inside('b.began')], timeoutMs: 10_000 } as const;
    expect(await ask(second, began)).toMatchObject({ ok: true });
    await first.close();
    expect((await settled).map((one) => one.status)).toEqual(['rejected', 'rejected']);
    for (const file of ['a', 'b']) {
      expect(await lock(second, 'two', 200)).toMatchObject({ ok: false, holder: 'one' });
      writeFileSync(inside(`${file}.go`), '');
    }
    expect(await lock(second, 'two', 20_000)).toMatchObject({ ok: true });
  });
});
