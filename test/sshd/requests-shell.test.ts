import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/secrets/secret.js';
import type { Executor } from '../../src/transport/executor.js';
import { ask, REAL_SHELLS, run, type Subject } from './executors.js';

/** What only scripts, signals and processes of a real host show. */
describe.each(REAL_SHELLS)('requests to a real shell by $name', ({ makeSubject }) => {
  let subject: Subject;
  let executor: Executor;
  const inside = (name: string): string => subject.files.inside(name);
  const file = (name: string, content: string): string => subject.files.write(name, content);

  beforeAll(async () => {
    subject = await makeSubject();
    executor = await subject.connect();
  });
  afterAll(async () => {
    await executor.close();
    await subject.close();
  });

  test('a script gives stdout, stderr and exit code', async () => {
    const reply = await ask(executor, run('sh', '-c', 'echo out; echo err >&2; exit 3'));
    expect(reply).toEqual({
      kind: 'run',
      ok: false,
      exit: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      timedOut: false,
      truncated: false,
    });
  });

  test('a command that bounds itself has no timeout process around it', async () => {
    const above = run('sh', '-c', 'tr "\\0" " " </proc/$PPID/cmdline');
    const reply = await ask(executor, { ...above, boundsItself: true });
    expect(reply.ok).toBe(true);
    expect(reply.stdout).not.toContain('timeout');
  });

  test('commands run in LC_ALL=C, in /, with /dev/null as stdin', async () => {
    const reply = await ask(executor, run('sh', '-c', 'echo "$LC_ALL"; pwd; cat; readlink /proc/self/fd/0'));
    expect(reply.stdout).toBe('C\n/\n/dev/null\n');
  });

  test('a secret input is in no command line and in no environment', async () => {
    const secret = `geheim-'"$(x)\n%s\\-${'x'.repeat(70_000)}`;
    // the input is larger than a pipe holds: its writer is still there when all command lines are read
    const reply = await ask(executor, {
      ...run('sh', '-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -ac gehei[m]; wc -c'),
      input: new Secret(secret),
      okExits: 'any',
    });
    expect(reply.stdout.split('\n').map((line) => line.trim())).toEqual(['0', String(Buffer.byteLength(secret)), '']);
  });

  test('what a hung command has said before its end is kept', async () => {
    const reply = await ask(executor, { ...run('sh', '-c', 'echo begun; exec sleep 60'), timeoutMs: 1000 });
    expect(reply).toMatchObject({ ok: false, timedOut: true, stdout: 'begun\n' });
  });

  test('a command that ignores the end of its time is killed', async () => {
    const stubborn = 'trap "" TERM; while :; do sleep 1; done';
    const reply = await ask(executor, { ...run('sh', '-c', stubborn), timeoutMs: 1000 });
    expect(reply).toMatchObject({ ok: false, exit: 137, timedOut: true });
  });

  test('binary output does no harm', async () => {
    const binary = await ask(executor, run('head', '-c', '100000', '/dev/urandom'));
    expect(binary).toMatchObject({ ok: true, exit: 0 });
    expect(await ask(executor, run('echo', 'fine'))).toMatchObject({ stdout: 'fine\n' });
  });

  test('output of a pipe that is over the limit is dropped, and stderr is not', async () => {
    const reply = await ask(executor, run('sh', '-c', 'yes 0123456789 | head -c 20000000; echo end >&2'));
    expect(reply).toMatchObject({ ok: true, truncated: true, stderr: 'end\n' });
    expect(reply.stdout.length).toBe(8 * 1024 * 1024);
    expect(reply.stdout.startsWith('0123456789\n')).toBe(true);
  });

  test('what a child left behind says later belongs to no later reply', async () => {
    const flag = file('late flag', '');
    await ask(
      executor,
      run(
        'sh',
        '-c',
        '(while [ -e "$1" ]; do sleep 0.01; done; echo late; echo late >&2; : >"$2") &',
        'sh',
        flag,
        inside('late done'),
      ),
    );
    subject.files.remove('late flag');
    await ask(executor, { kind: 'wait', present: [inside('late done')], timeoutMs: 5000 });
    const next = await ask(executor, run('echo', 'next'));
    expect(next).toMatchObject({ stdout: 'next\n', stderr: '' });
  });
});
