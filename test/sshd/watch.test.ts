import { existsSync } from 'node:fs';
import { describe, expect, test, type TestContext, vi } from 'vitest';
import type { Executor } from '../../src/transport/executor.js';
import { connectLocal } from '../../src/transport/local.js';
import { ask, run } from './executors.js';

const SHELLS = [
  { name: 'dash', shell: ['/bin/dash'] },
  { name: 'bash', shell: ['/bin/bash', '--posix'] },
  { name: 'busybox', shell: ['/bin/busybox', 'sh'] },
];

describe.each(SHELLS)('commands with one limit that follow each other, in $name', ({ name, shell }) => {
  function connect({ onTestFinished }: TestContext): Executor {
    const executor = connectLocal('watched', { shell });
    onTestFinished(() => executor.close());
    return executor;
  }

  /** A lane on which the watch is up: what has its limit starts bare from now on. */
  async function watched(context: TestContext, timeoutMs: number): Promise<Executor> {
    const executor = connect(context);
    for (const word of ['first', 'second', 'third']) {
      expect(await ask(executor, { ...run('echo', word), timeoutMs })).toMatchObject({ ok: true, stdout: `${word}\n` });
    }
    return executor;
  }

  const output = async (executor: Executor, script: string): Promise<string> => {
    const reply = await ask(executor, run('sh', '-c', script));
    return reply.kind === 'run' ? reply.stdout.trim() : '';
  };

  test.concurrent('start no process but their own', async (context) => {
    const executor = await watched(context, 60_000);
    await ask(executor, run('uname'));
    const before = executor.counters().remoteProcesses;
    expect(await ask(executor, run('uname', '-s'))).toMatchObject({ ok: true, exit: 0, stdout: 'Linux\n', stderr: '' });
    expect(executor.counters().remoteProcesses - before).toBe(1);
  });

  test.concurrent('are programs, never builtins of the shell', async (context) => {
    const executor = await watched(context, 60_000);
    expect(await ask(executor, run('exit'))).toMatchObject({ exit: 127 });
    expect(await ask(executor, run('l_now'))).toMatchObject({ exit: 127 });
    expect(await ask(executor, run('no-such-program'))).toMatchObject({ exit: 127, timedOut: false });
    expect(await ask(executor, { ...run('cat'), input: 'fed', expectStdout: 'fed' })).toMatchObject({ ok: true });
  });

  test.concurrent('are ended when they hang, with what they have started', async (context) => {
    const executor = await watched(context, 1000);
    const hung = await ask(executor, { ...run('sh', '-c', 'sleep 47 & echo $!; wait'), timeoutMs: 1000 });
    expect(hung).toMatchObject({ ok: false, timedOut: true });
    await gone(hung.kind === 'run' ? hung.stdout.trim() : '');
    expect(await ask(executor, { ...run('uname'), timeoutMs: 1000 })).toMatchObject({ ok: true, timedOut: false });
    const captured = await ask(executor, { ...run('sleep', '47'), timeoutMs: 1000, expectStdout: '' });
    expect(captured).toMatchObject({ ok: false, timedOut: true });
  });

  test.concurrent('are killed when they do not listen', async (context) => {
    const executor = await watched(context, 1000);
    const deaf = "trap '' TERM; echo $$; while :; do sleep 0.2; done";
    const hung = await ask(executor, { ...run('sh', '-c', deaf), timeoutMs: 1000 });
    expect(hung).toMatchObject({ ok: false, timedOut: true, exit: 137 });
    await gone(hung.kind === 'run' ? hung.stdout.trim() : '');
  });

  test.concurrent('do not shorten what has another limit, or bounds itself, or waits', async (context) => {
    const executor = await watched(context, 1000);
    expect(await ask(executor, { ...run('sleep', '2.2'), timeoutMs: 20_000 })).toMatchObject({ ok: true });
    for (const word of ['a', 'b', 'c']) await ask(executor, { ...run('echo', word), timeoutMs: 1000 });
    expect(await ask(executor, { ...run('sleep', '2.2'), boundsItself: true })).toMatchObject({ ok: true });
    for (const word of ['a', 'b', 'c']) await ask(executor, { ...run('echo', word), timeoutMs: 1000 });
    const wait = { kind: 'wait', outputLacks: { argv: ['sleep', '2.2'], words: [] }, timeoutMs: 0 } as const;
    expect(await ask(executor, wait)).toMatchObject({ ok: true });
  });

  test.concurrent('leave nothing behind when the lane ends', async (context) => {
    const executor = await watched(context, 60_000);
    const processes = (await output(executor, 'echo $PPID; cat /proc/$PPID/task/$PPID/children')).split(/\s+/);
    const [lane = '', watch = ''] = processes;
    const sleeping = await output(executor, `cat /proc/${watch}/task/${watch}/children`);
    expect([lane, watch, sleeping]).toEqual([expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/), sleeping]);
    await executor.close();
    for (const process of [lane, watch, ...sleeping.split(/\s+/)]) await gone(process);
  });

  test.concurrent('do not hold the lock of a lane that was killed', async (context) => {
    const executor = await watched(context, 60_000);
    const lock = { kind: 'lock', name: `test-watch-${name}-${process.pid}`, owner: 'x', waitMs: 0 } as const;
    expect(await ask(executor, lock)).toMatchObject({ ok: true });
    for (const word of ['a', 'b', 'c']) await ask(executor, run('echo', word));
    const [lane, watch] = (await output(executor, 'echo $PPID; cat /proc/$PPID/task/$PPID/children')).split(/\s+/);
    process.kill(Number(lane), 'SIGKILL');
    await gone(lane ?? '');
    expect(await ask(connect(context), lock)).toMatchObject({ ok: true });
    expect(existsSync(`/proc/${watch}`)).toBe(true);
    process.kill(Number(watch));
  });
});

/** Resolves when no process has that number. */
async function gone(pid: string): Promise<void> {
  expect(pid).toMatch(/^\d+$/);
  await vi.waitFor(() => expect(existsSync(`/proc/${pid}/exe`)).toBe(false), { timeout: 20_000, interval: 50 });
}
