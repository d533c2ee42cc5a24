import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Executor } from '../../src/transport/executor.js';
import { connectLocal } from '../../src/transport/local.js';
import { readOnlyExecutor } from '../../src/transport/read-only-executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { ask, run, soon } from './executors.js';
import { type SshdFixture, type SshdOptions, startSshd } from './sshd-fixture.js';

let directory: string;
let sshd: SshdFixture | undefined;
const executors: Executor[] = [];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'longshore-lanes-'));
});
afterEach(async () => {
  for (const executor of executors.splice(0)) await executor.close();
  await sshd?.close();
  sshd = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function connect(options: SshdOptions = {}): Promise<Executor> {
  sshd ??= await startSshd(options);
  const executor = await connectSsh(sshd.options(), soon());
  executors.push(executor);
  return executor;
}

const inside = (name: string): string => path.join(directory, name);
/** says that it runs, then waits until it may go on */
const holding = (name: string) =>
  run(
    'sh',
    '-c',
    'echo $$ >"$1.began"; while [ ! -e "$1.go" ]; do sleep 0.02; done; echo done >"$1.done"',
    'sh',
    inside(name),
  );
const waitFor = (executor: Executor, name: string) =>
  ask(executor, { kind: 'wait', present: [inside(name)], timeoutMs: 10_000 });

describe('lanes', () => {
  test('what is asked in one turn is one round trip, and a warm request is one more', async () => {
    const executor = await connect();
    expect(executor.counters()).toMatchObject({ roundTrips: 0, remoteProcesses: 1 });
    await Promise.all([
      ask(executor, run('true')),
      ask(executor, { kind: 'read', patterns: ['/proc/version'] }),
      ask(executor, { kind: 'list', patterns: ['/proc/v*'] }),
      Promise.resolve().then(() => ask(executor, run('true'))),
    ]);
    expect(executor.counters().roundTrips).toBe(1);
    await executor.sequence(soon(), [run('true'), run('true')]);
    expect(executor.counters().roundTrips).toBe(2);
    const { bytesIn, bytesOut, connectMs } = executor.counters();
    expect(Math.min(bytesIn, bytesOut, connectMs)).toBeGreaterThan(0);
  });

  test('sequences of one turn run side by side, and reads do not queue behind a long command', async () => {
    const executor = await connect();
    executor.prepareLanes(3);
    const both = ['a', 'b'].map((name) => ask(executor, holding(name)));
    await Promise.all([waitFor(executor, 'a.began'), waitFor(executor, 'b.began')]);
    expect((await ask(executor, { kind: 'read', patterns: ['/proc/version'] })).files.size).toBe(1);
    writeFileSync(inside('a.go'), '');
    writeFileSync(inside('b.go'), '');
    expect(await Promise.all(both)).toMatchObject([{ ok: true }, { ok: true }]);
  });

  test('more sequences than lanes all run, on at most 8 of them', async () => {
    const executor = await connect();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    const deadline = soon();
    const replies = await Promise.all(
      Array.from({ length: 30 }, () =>
        executor.sequence(deadline, [{ ...run('sh', '-c', 'echo $PPID'), boundsItself: true }]),
      ),
    );
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    const shells = replies.flat().filter((reply) => reply.kind === 'run');
    const lanes = new Set(shells.map((reply) => reply.stdout.trim()));
    expect(lanes.size).toBe(8);
    expect(executor.counters().roundTrips).toBe(1);
  });

  test.each([1, 2])('a host that gives %i session(s) is served with those', async (sessions) => {
    const executor = await connect({ config: [`MaxSessions ${sessions}`] });
    executor.prepareLanes(6);
    const replies = await Promise.all(Array.from({ length: 12 }, (_, n) => ask(executor, run('echo', String(n)))));
    expect(replies.map((reply) => reply.stdout.trim())).toEqual(Array.from({ length: 12 }, (_, n) => String(n)));
    expect(await ask(executor, run('echo', 'again'))).toMatchObject({ stdout: 'again\n' });
  });

  test('a login shell that talks is not believed', async () => {
    const noise =
      'echo "Welcome!"; echo 1 1 0 0; printf "\\nready 1 1\\n"; echo "a warning" >&2; head -c 300000 /dev/zero';
    const executor = await connect({ bashrc: noise });
    expect(await ask(executor, run('echo', 'mine'))).toMatchObject({ stdout: 'mine\n', stderr: '' });
  });

  test('a request of which the controller gives up is not followed by the rest of its sequence', async () => {
    const executor = await connect();
    const controller = new AbortController();
    const sent = executor.sequence(deadlineIn(60_000, controller.signal), [
      holding('held'),
      run('touch', inside('must-not-be')),
    ]);
    await waitFor(executor, 'held.began');
    controller.abort();
    await expect(sent).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN', details: { host: 'web01' } });
    // what is asked now reaches sshd behind the end of the lane's channel
    await ask(executor, run('true'));
    writeFileSync(inside('held.go'), '');
    await waitFor(executor, 'held.done');
    // the lane's shell has ended when it has no child and no name any more
    const gone = run(
      'sh',
      '-c',
      'while kill -0 "$(cat "$1")" 2>/dev/null; do sleep 0.02; done; sleep 0.3',
      'sh',
      inside('held.began'),
    );
    await ask(executor, gone);
    expect((await ask(executor, { kind: 'list', patterns: [inside('must-not-be')] })).paths).toEqual([]);
  });

  test('an interrupt before anything was sent leaves the host alone', async () => {
    const executor = await connect();
    const controller = new AbortController();
    controller.abort();
    const before = executor.counters();
    const refused = executor.sequence(deadlineIn(60_000, controller.signal), [run('touch', inside('no'))]);
    await expect(refused).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    expect(executor.counters()).toEqual(before);
  });

  test('a sequence does not outlive its deadline on the host', async () => {
    const executor = await connect();
    const began = performance.now();
    const replies = await executor.sequence(soon(1500), [
      { ...run('sleep', '1'), timeoutMs: 60_000 },
      { ...run('sleep', '60'), timeoutMs: 60_000, okExits: 'any' },
      run('touch', inside('too-late')),
    ]);
    expect(replies[1]).toMatchObject({ kind: 'run', timedOut: true });
    expect(replies[2].kind).toBe('skipped');
    expect(performance.now() - began).toBeLessThan(6000);
  });

  test('a reply that never comes is an unknown outcome, and the connection goes on', async () => {
    // a command that no timeout on the host bounds stands for one that the kernel does not let go
    const executor = await connect();
    const hung = executor.sequence(soon(500), [{ ...run('sleep', '30'), boundsItself: true }]);
    await expect(hung).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    expect(await ask(executor, run('echo', 'still here'))).toMatchObject({ stdout: 'still here\n' });
  }, 30_000);

  test('a connection that is cut in the middle is an unknown outcome; after it the host is unreachable', async () => {
    const executor = await connect();
    const held = ask(executor, holding('cut'));
    const look = executor.sequence(soon(), [{ kind: 'wait', present: [inside('never')], timeoutMs: 20_000 }]);
    await waitFor(executor, 'cut.began');
    sshd?.cut();
    await expect(held).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN', details: { host: 'web01' } });
    await expect(look).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    await expect(ask(executor, run('true'))).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    // the command goes on: that is why the outcome is unknown
    writeFileSync(inside('cut.go'), '');
    const here = connectLocal('here');
    executors.push(here);
    expect(await waitFor(here, 'cut.done')).toMatchObject({ ok: true });
  });

  test('a closed executor refuses, and can be closed twice', async () => {
    const executor = await connect();
    await executor.close();
    await executor.close();
    await expect(ask(executor, run('true'))).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    expect(sshd?.connections()).toBe(0);
  });

  test('a request that cannot be said is refused and harms no other', async () => {
    const executor = await connect();
    const [bad, good] = await Promise.allSettled([
      ask(executor, run('echo', 'a\0b')),
      ask(executor, run('echo', 'fine')),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'E_USAGE' } });
    expect(good).toMatchObject({ status: 'fulfilled', value: { stdout: 'fine\n' } });
    await expect(ask(executor, { kind: 'read', patterns: ['etc/hosts'] })).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  test('a shell that lacks what lanes need is refused with what it said', async () => {
    const executor = connectLocal('here', { shell: ['/bin/sh', '-c', 'echo "no shell for you" >&2; exit 1'] });
    executors.push(executor);
    await expect(ask(executor, run('true'))).rejects.toMatchObject({
      code: 'E_LANE',
      message: expect.stringContaining('no shell for you') as string,
    });
    const nothing = connectLocal('here', { shell: ['/no/such/shell'] });
    executors.push(nothing);
    await expect(ask(nothing, run('true'))).rejects.toMatchObject({ code: 'E_LANE' });
  });

  test('a read-only executor has no way to change the host', async () => {
    const executor = readOnlyExecutor(await connect());
    const before = executor.counters().roundTrips;
    for (const request of [
      run('touch', inside('x')),
      { kind: 'write', filePath: inside('x'), content: '' } as const,
      { kind: 'lock', name: 'x', owner: 'x', waitMs: 0 } as const,
    ]) {
      const tried = executor.sequence(soon(), [{ kind: 'read', patterns: ['/proc/version'] }, request]);
      await expect(tried).rejects.toMatchObject({ code: 'E_READ_ONLY' });
    }
    expect(executor.counters().roundTrips).toBe(before);
    expect(await ask(executor, { ...run('true'), readOnly: true })).toMatchObject({ ok: true });
  });
});
