import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/secrets/secret.js';
import type { Executor } from '../../src/transport/executor.js';
import { literalPattern } from '../../src/transport/glob-pattern.js';
import { ask, run, soon, type Subject, SUBJECTS } from './executors.js';

/** What every executor does, that of a simulated host too. What takes a real shell is in `requests-shell.test.ts`. */
describe.each(SUBJECTS)('requests by $name', ({ makeSubject }) => {
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

  test('a command gives stdout, stderr and exit code', async () => {
    const reply = await ask(executor, run('cat', file('c out', 'out\n'), inside('c none')));
    expect(reply).toEqual({
      kind: 'run',
      ok: false,
      exit: 1,
      stdout: 'out\n',
      stderr: reply.stderr,
      timedOut: false,
      truncated: false,
    });
    expect(reply.stderr).toMatch(/^cat: .*c none.*No such file or directory\n$/);
  });

  test.each([0, 1, 124, 137, 143, 255])('exit code %i comes back in band and is no time-out', async (exit) => {
    const reply = await ask(executor, { ...run('sh', '-c', `exit ${exit}`), okExits: [exit] });
    expect(reply).toMatchObject({ ok: true, exit, timedOut: false });
  });

  test('an exit code counts as ok when it is listed, and any does when so asked', async () => {
    const listed = await ask(executor, { ...run('sh', '-c', 'exit 21'), okExits: [0, 21] });
    const notListed = await ask(executor, { ...run('sh', '-c', 'exit 2'), okExits: [0, 21] });
    const any = await ask(executor, { ...run('sh', '-c', 'exit 2'), okExits: 'any' });
    expect([listed.ok, notListed.ok, any.ok]).toEqual([true, false, true]);
  });

  test('a program that is not there is exit 127, never one of the shell or of the lane', async () => {
    for (const name of ['no-such-program', 'lq', 'l_run', 'export']) {
      expect(await ask(executor, run(name, 'x'))).toMatchObject({ ok: false, exit: 127 });
    }
    expect(await ask(executor, run('echo', 'still here'))).toMatchObject({ stdout: 'still here\n' });
  });

  test('a command that bounds itself is like any other', async () => {
    const unbounded = (...argv: string[]) => ask(executor, { ...run(...argv), boundsItself: true, okExits: 'any' });
    expect(await unbounded('sh', '-c', 'exit 124')).toMatchObject({ exit: 124, timedOut: false });
    expect(await unbounded('export', 'x')).toMatchObject({ exit: 127 });
    const fed = await ask(executor, { ...run('cat'), boundsItself: true, input: 'fed', expectStdout: 'fed' });
    expect(fed).toMatchObject({ ok: true, stdout: 'fed' });
  });

  test('a sequence stops on the host at the first request that is not ok', async () => {
    const marker = inside('must-not-be');
    const replies = await executor.sequence(soon(), [
      run('true'),
      run('false'),
      run('touch', marker),
      { kind: 'read', patterns: ['/proc/version'] },
    ]);
    expect(replies.map((reply) => reply.kind)).toEqual(['run', 'run', 'skipped', 'skipped']);
    expect((await ask(executor, { kind: 'list', patterns: [marker] })).paths).toEqual([]);
    expect(await ask(executor, run('true'))).toMatchObject({ ok: true });
  });

  test('expectStdout guards what follows', async () => {
    const guarded = (expectStdout: string) =>
      executor.sequence(soon(), [{ ...run('printf', 'a b\\n\\n'), expectStdout }, run('true')]);
    expect((await guarded('a b')).map((reply) => reply.ok)).toEqual([true, true]);
    expect((await guarded('a  b')).map((reply) => reply.kind)).toEqual(['run', 'skipped']);
    const failed = await ask(executor, { ...run('cat', file('e x', 'x\n'), inside('e none')), expectStdout: 'x' });
    expect(failed).toMatchObject({ ok: false, exit: 1, stdout: 'x' });
  });

  test('input arrives exactly', async () => {
    const secret = `geheim-'"$(x)\n%s\\-${'x'.repeat(70_000)}`;
    const echoed = await ask(executor, { ...run('cat'), input: new Secret(secret) });
    expect(echoed.stdout).toBe(secret);
    expect(await ask(executor, { ...run('cat'), input: '' })).toMatchObject({ ok: true, stdout: '' });
  });

  test('a name is taken from the first path that matches, and without one nothing is run', async () => {
    file('n1 $(x)', '');
    file('n2', '');
    const command = { ...run('printf', '<%s>', 'a{}b', '{}'), nameFrom: [inside('none*'), inside('n[12]*')] };
    expect((await ask(executor, command)).stdout).toBe('<an1 $(x)b><n1 $(x)>');
    const none = await ask(executor, { ...command, nameFrom: [inside('none*')] });
    expect([none.ok, none.exit, none.stdout]).toEqual([false, null, '']);
    const any = await ask(executor, { ...command, nameFrom: [inside('none*')], okExits: 'any' });
    expect([any.ok, any.exit]).toEqual([true, null]);
  });

  test('globs are expanded on the host and appended; without a match nothing is', async () => {
    file('g 1', '');
    file('g 2', '');
    const command = { ...run('printf', '<%s>', 'x'), globs: [inside('g*'), inside('none*')] };
    expect((await ask(executor, command)).stdout).toBe(`<x><${inside('g 1')}><${inside('g 2')}>`);
    expect((await ask(executor, { ...command, globs: [inside('none*')] })).stdout).toBe('<x>');
  });

  test('a conditional command runs only when something matches', async () => {
    const there = file('when there', '');
    const yes = await ask(executor, { ...run('echo', 'ran'), when: [inside('nothing*'), there] });
    const before = executor.counters().remoteProcesses;
    const no = await ask(executor, { ...run('echo', 'ran'), when: [inside('nothing*')] });
    expect([yes.stdout, no.stdout, no.exit, no.ok]).toEqual(['ran\n', '', 0, true]);
    expect(executor.counters().remoteProcesses).toBe(before);
  });

  test('files are read whole, without a process, whatever their names and ends are', async () => {
    file('r plain', 'one\n');
    file('r no end', 'a\nb');
    file('r empty', '');
    file("r odd'name", '  two  \n\n\n');
    file('r\nline', '=x\nfy\n-z');
    subject.files.mkdir('r dir');
    subject.files.symlink('nowhere', 'r dangling');
    const before = executor.counters().remoteProcesses;
    const reply = await ask(executor, { kind: 'read', patterns: [inside('r*'), inside('absent'), '/proc/version'] });
    expect(executor.counters().remoteProcesses).toBe(before);
    expect(new Map(reply.files)).toEqual(
      new Map([
        [inside('r plain'), 'one'],
        [inside('r no end'), 'a\nb'],
        [inside('r empty'), ''],
        [inside("r odd'name"), '  two  '],
        [inside('r\nline'), '=x\nfy\n-z'],
        ['/proc/version', subject.files.read('/proc/version').trimEnd()],
      ]),
    );
    expect([...reply.unreadable].sort()).toEqual([inside('r dangling'), inside('r dir')]);
  });

  test('a large file comes back as it is', async () => {
    const content = Array.from({ length: 3000 }, (_, index) => `${index} /mnt/with\\040blank ${'x'.repeat(60)}`).join(
      '\n',
    );
    const filePath = file('large', `${content}\n`);
    const reply = await ask(executor, { kind: 'read', patterns: [filePath] });
    expect(reply.files.get(filePath)).toBe(content);
  });

  test('a list names what is there and resolves links', async () => {
    file('l target', '');
    subject.files.symlink('l target', 'l link');
    // absolute: busybox up to 1.36 takes a dangling link's relative target to be below /
    subject.files.symlink(inside('l gone'), 'l dangling');
    subject.files.symlink('no/such/dir', 'l lost');
    const patterns = [inside('l *'), inside('absent*')];
    const before = executor.counters().remoteProcesses;
    const listed = await ask(executor, { kind: 'list', patterns });
    expect(executor.counters().remoteProcesses).toBe(before);
    expect(listed.paths).toEqual(['l dangling', 'l link', 'l lost', 'l target'].map(inside));
    const resolved = await ask(executor, { kind: 'list', patterns, resolve: true });
    expect(resolved.paths).toEqual(listed.paths);
    expect(new Map(resolved.resolved)).toEqual(
      new Map([
        [inside('l dangling'), inside('l gone')],
        [inside('l link'), inside('l target')],
        [inside('l target'), inside('l target')],
      ]),
    );
  });

  test('a write goes to exactly one existing file, and starts no process', async () => {
    const target = file('w one', 'before');
    const other = file('w two', 'before');
    const before = executor.counters().remoteProcesses;
    expect(await ask(executor, { kind: 'write', filePath: inside('w o*'), content: "1 '$x\n" })).toMatchObject({
      ok: true,
    });
    expect(await ask(executor, { kind: 'write', filePath: target, content: new Secret('2'), append: true })).toEqual({
      kind: 'write',
      ok: true,
      error: '',
    });
    expect(executor.counters().remoteProcesses).toBe(before);
    expect(subject.files.read(target)).toBe("1 '$x\n2");
    const none = await ask(executor, { kind: 'write', filePath: inside('w none'), content: 'x' });
    expect(none).toMatchObject({ ok: false, error: `${inside('w none')}: no such file` });
    const two = await ask(executor, { kind: 'write', filePath: [target, inside('w t*')], content: 'x' });
    expect(two).toMatchObject({ ok: false, error: `${target}: matches 2 files` });
    expect(subject.files.read(other)).toBe('before');
  });

  test('a write that the kernel refuses is not ok and the lane goes on', async () => {
    const refused = await executor.sequence(soon(), [
      { kind: 'write', filePath: '/proc/self/oom_score_adj', content: 'not a number' },
      run('true'),
    ]);
    expect(refused[0]).toMatchObject({ kind: 'write', ok: false });
    expect(refused[0].kind === 'write' && refused[0].error).not.toBe('');
    expect(refused[1].kind).toBe('skipped');
    expect(await ask(executor, { kind: 'write', filePath: file('w after', ''), content: 'y' })).toMatchObject({
      ok: true,
    });
    expect(await ask(executor, run('echo', 'fine'))).toMatchObject({ stdout: 'fine\n' });
  });

  test('a wait that looks once is a guard', async () => {
    const there = file('wait there', '4096\n\n');
    const look = (condition: object) => ask(executor, { kind: 'wait', timeoutMs: 0, ...condition });
    const before = executor.counters().remoteProcesses;
    expect(await look({ present: [inside('wait t*')] })).toMatchObject({ ok: true, matches: [there], remaining: [] });
    expect(await look({ present: [inside('wait t*'), inside('none')] })).toMatchObject({ ok: false, matches: [there] });
    expect(await look({ absent: [inside('none*')] })).toMatchObject({ ok: true, remaining: [] });
    expect(await look({ absent: [inside('wait t*')] })).toMatchObject({ ok: false, remaining: [there] });
    expect(await look({ contents: [{ filePath: there, values: ['1', '4096'] }] })).toMatchObject({ ok: true });
    expect(await look({ contents: [{ filePath: there, values: ['409'] }] })).toMatchObject({ ok: false });
    expect(await look({ contents: [{ filePath: inside('none'), values: [''] }] })).toMatchObject({ ok: false });
    const least = (atLeast: number, filePath = there) => look({ minimums: [{ filePath, atLeast }] });
    expect(await least(4096)).toMatchObject({ ok: true });
    expect(await least(999)).toMatchObject({ ok: true });
    expect(await least(4097)).toMatchObject({ ok: false });
    expect(await least(40_960)).toMatchObject({ ok: false });
    expect(await least(0, inside('none'))).toMatchObject({ ok: false });
    expect(await least(0, file('wait words', '12 apples\n'))).toMatchObject({ ok: false });
    // beyond what a shell with numbers of 32 bits can compare at once
    const large = file('wait large', '8589934592\n');
    expect(await least(8_589_934_592, large)).toMatchObject({ ok: true });
    expect(await least(8_589_934_593, large)).toMatchObject({ ok: false });
    expect(await least(8_000_000_001, large)).toMatchObject({ ok: true });
    expect(await least(9_000_000_000, large)).toMatchObject({ ok: false });
    expect(executor.counters().remoteProcesses).toBe(before);
    const lacks = (argv: string[], words: string[]) => look({ outputLacks: { argv, words } });
    expect(await lacks(['echo', 'sda sdb *'], ['sdc', 'sd', '/'])).toMatchObject({ ok: true });
    expect(await lacks(['echo', 'sda', 'sdb'], ['sdc', 'sdb'])).toMatchObject({ ok: false });
    expect(await lacks(['false'], ['x'])).toMatchObject({ ok: false });
    expect(await lacks(['no-such-program'], ['x'])).toMatchObject({ ok: false });
  });

  test('a wait ends soon after what it waits for', async () => {
    const flag = inside('wait flag');
    const [waited] = await Promise.all([
      ask(executor, { kind: 'wait', present: [flag], timeoutMs: 20_000 }),
      ask(executor, run('sleep', '0.3')).then(() => file('wait flag', 'up\n')),
    ]);
    expect(waited).toMatchObject({ ok: true, matches: [flag] });
    const [gone] = await Promise.all([
      ask(executor, { kind: 'wait', absent: [flag], timeoutMs: 20_000 }),
      ask(executor, run('rm', flag)),
    ]);
    expect(gone).toMatchObject({ ok: true, remaining: [] });
  });

  test('a wait in vain is bounded on the host', async () => {
    const began = performance.now();
    const reply = await ask(executor, { kind: 'wait', present: [inside('never')], timeoutMs: 300 });
    const tookMs = performance.now() - began;
    expect(reply).toMatchObject({ ok: false, matches: [] });
    expect(tookMs).toBeGreaterThan(250);
    expect(tookMs).toBeLessThan(5000);
  });

  test('a hung command is ended on the host', async () => {
    const reply = await ask(executor, { ...run('sleep', '60'), timeoutMs: 1000 });
    expect(reply).toMatchObject({ ok: false, timedOut: true });
    const any = await ask(executor, { ...run('sleep', '60'), timeoutMs: 1000, okExits: 'any' });
    expect(any).toMatchObject({ ok: true, timedOut: true });
  });

  test('output cannot imitate a frame', async () => {
    const fake = `\n${'0'.repeat(32)} 1 1 0 0\n\nNONCE 7 skip\n`;
    expect((await ask(executor, run('printf', '%s', fake))).stdout).toBe(fake);
    const nul = await ask(executor, run('printf', String.raw`a\000b\n\n`));
    expect(nul.stdout).toBe('a\0b\n\n');
  });

  test('a name with glob characters in it can be meant literally', async () => {
    const odd = file('ip-[fd00::1]:3260 *?\\', 'x\n');
    file('ip-f:3260', 'y\n');
    const reply = await ask(executor, { kind: 'read', patterns: [literalPattern(odd)] });
    expect([...reply.files.keys()]).toEqual([odd]);
  });

  test('processes are counted as they are', async () => {
    const before = executor.counters().remoteProcesses;
    // a limit of its own for each: what has the same one soon starts bare
    await ask(executor, { ...run('true'), timeoutMs: 21_000 });
    await ask(executor, { ...run('true'), timeoutMs: 22_000, input: 'x' });
    await ask(executor, { ...run('true'), timeoutMs: 23_000, expectStdout: '' });
    await ask(executor, { ...run('cat'), timeoutMs: 24_000, input: 'x', expectStdout: 'x' });
    await ask(executor, { ...run('true'), boundsItself: true });
    // timeout and the command; one more for the end of a pipe that writes, and for the shell that captures what comes out of it
    expect(executor.counters().remoteProcesses - before).toBe(2 + 3 + 2 + 4 + 1);
  });

  test('mountinfo is read as cat reads it', async () => {
    const reply = await ask(executor, { kind: 'read', patterns: ['/proc/1/mountinfo'] });
    const { stdout } = await ask(executor, run('cat', '/proc/1/mountinfo'));
    expect(stdout).not.toBe('');
    expect(reply.files.get('/proc/1/mountinfo')).toBe(stdout.trimEnd());
  });

  test('output is bounded: the beginning is kept and the rest is dropped', async () => {
    const big = file('o big', '0123456789\n'.repeat(850_000));
    const reply = await ask(executor, run('cat', big, inside('o none')));
    expect(reply).toMatchObject({ ok: false, exit: 1, truncated: true });
    expect(reply.stderr).toContain(inside('o none'));
    expect(reply.stdout.length).toBe(8 * 1024 * 1024);
    expect(reply.stdout.startsWith('0123456789\n')).toBe(true);
    expect(await ask(executor, run('echo', 'fine'))).toMatchObject({ stdout: 'fine\n', truncated: false });
  });
});
