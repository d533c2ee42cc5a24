import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Executor } from '../../src/transport/executor.js';
import { ask, REAL_SHELLS, run, soon, type Subject, type SubjectKind, SUBJECTS } from './executors.js';

interface Locks {
  readonly subject: Subject;
  readonly first: Executor;
  readonly second: Executor;
  /** of a lock that nobody else uses */
  readonly name: string;
}

/** Two executors on one host for each test. Without a way to cut the connection (local) the end of the executor has to do. */
function useLocks(makeSubject: SubjectKind['makeSubject']): () => Locks {
  let locks: Locks;
  beforeEach(async () => {
    const name = `test-${randomBytes(6).toString('hex')}`;
    const subject = await makeSubject();
    locks = { subject, first: await subject.connect(), second: await subject.connect(), name };
  });
  afterEach(async () => {
    const { subject, first, second, name } = locks;
    await first.close();
    await second.close();
    await subject.close();
    for (const base of ['/run/longshore', '/run/lock', '/tmp']) {
      for (const end of ['lock', 'work']) rmSync(`${base}/longshore-${name}.${end}`, { force: true });
    }
  });
  return () => locks;
}

const take = (executor: Executor, name: string, owner: string, waitMs = 0) =>
  ask(executor, { kind: 'lock', name, owner, waitMs });

describe.each(SUBJECTS)('the lock of a host by $name', ({ makeSubject }) => {
  const locks = useLocks(makeSubject);

  test('one executor has it, the other learns who, and gets it after the first has closed', async () => {
    const { first, second, name } = locks();
    expect(await take(first, name, "run 1 of 'anna' on bastion")).toEqual({ kind: 'lock', ok: true, holder: '' });
    expect(await take(first, name, 'again')).toMatchObject({ ok: true });
    const began = performance.now();
    expect(await take(second, name, 'run 2', 300)).toMatchObject({ ok: false, holder: "run 1 of 'anna' on bastion" });
    expect(performance.now() - began).toBeGreaterThan(250);
    const waiting = take(second, name, 'run 2', 20_000);
    await first.close();
    expect(await waiting).toMatchObject({ ok: true });
  });

  test('what follows a lock that could not be had is skipped', async () => {
    const { subject, first, second, name } = locks();
    await take(first, name, 'one');
    const replies = await second.sequence(soon(), [
      { kind: 'lock', name, owner: 'two', waitMs: 0 },
      run('touch', subject.files.inside('changed')),
    ]);
    expect(replies.map((reply) => reply.kind)).toEqual(['lock', 'skipped']);
    expect((await ask(second, { kind: 'list', patterns: [subject.files.inside('*')] })).paths).toEqual([]);
  });

  test('a second lock of another name is refused, as it would give up the first', async () => {
    const { first, second, name } = locks();
    await take(first, name, 'one');
    const other = first.sequence(soon(), [{ kind: 'lock', name: `${name}-b`, owner: 'one', waitMs: 0 }]);
    await expect(other).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(await take(second, name, 'two')).toMatchObject({ ok: false, holder: 'one' });
  });
});

describe.each(REAL_SHELLS)('the lock of a host by $name, and its commands', ({ makeSubject }) => {
  const locks = useLocks(makeSubject);

  test('it stays while a command that the holder left behind still runs, on any lane', async () => {
    const { subject, first, second, name } = locks();
    first.prepareLanes(3);
    await take(first, name, 'one');
    // two lanes at work, so that one of them is not the lane that took the lock
    const left = ['a', 'b'].map((file) =>
      first.sequence(soon(), [
        run('sh', '-c', ': >"$1.began"; while [ ! -e "$1.go" ]; do sleep 0.02; done', 'sh', subject.files.inside(file)),
      ]),
    );
    const settled = Promise.allSettled(left);
    const began = {
      kind: 'wait',
      present: [subject.files.inside('a.began'), subject.files.inside('b.began')],
      timeoutMs: 10_000,
    } as const;
    expect(await ask(second, began)).toMatchObject({ ok: true });
    await first.close();
    expect((await settled).map((one) => one.status)).toEqual(['rejected', 'rejected']);
    for (const file of ['a', 'b']) {
      expect(await take(second, name, 'two', 200)).toMatchObject({ ok: false, holder: 'one' });
      subject.files.write(`${file}.go`, '');
    }
    expect(await take(second, name, 'two', 20_000)).toMatchObject({ ok: true });
  });
});

// the first lane of a connection by the system's ssh takes the connection along
const OF_MANY_LANES = REAL_SHELLS.filter(({ name }) => name !== 'the system ssh');

describe.each(OF_MANY_LANES)('the lock of a host by $name, and its shells', ({ makeSubject }) => {
  const locks = useLocks(makeSubject);

  test('it is not taken for held when the shells that had it were killed on a connection that goes on', async () => {
    const { subject, first, second, name } = locks();
    await take(first, name, 'one');
    const shell = await ask(first, { ...run('sh', '-c', 'echo $PPID'), boundsItself: true });
    process.kill(Number(shell.stdout), 'SIGKILL');
    expect(await take(second, name, 'two', 20_000)).toMatchObject({ ok: true });
    // whether or not it has heard of that by now
    await first.sequence(soon(), [{ kind: 'read', patterns: ['/proc/version'] }]).catch(() => undefined);
    const marker = subject.files.inside('changed');
    const change = first.sequence(soon(), [run('touch', marker)]);
    await expect(change).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    expect((await ask(second, { kind: 'list', patterns: [marker] })).paths).toEqual([]);
    expect(await take(first, name, 'one')).toMatchObject({ ok: false, holder: 'two' });
    await second.close();
    expect(await take(first, name, 'one', 20_000)).toMatchObject({ ok: true });
    expect(await ask(first, run('touch', marker))).toMatchObject({ ok: true });
  });
});
