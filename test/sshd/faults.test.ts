import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reach } from '../../src/connectors/engine/engine.js';
import type { Step } from '../../src/connectors/engine/step.js';
import type { Executor, ReadReply } from '../../src/transport/executor.js';
import { laneStart } from '../../src/transport/lane-protocol.js';
import { encodeRequest } from '../../src/transport/lane-requests.js';
import { connectLocal } from '../../src/transport/local.js';
import { ReconnectingExecutor } from '../../src/transport/reconnecting-executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import type { SshOptions } from '../../src/transport/ssh-options.js';
import { ask, run, soon } from './executors.js';
import { type FaultyNetwork, startFaultyNetwork } from './faulty-network.js';
import { type SshdFixture, type SshdOptions, startSshd } from './sshd-fixture.js';

let directory: string;
let sshd: SshdFixture | undefined;
let network: FaultyNetwork | undefined;
const executors: Executor[] = [];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'longshore-faults-'));
});
afterEach(async () => {
  for (const executor of executors.splice(0)) await executor.close();
  await network?.close();
  await sshd?.close();
  network = sshd = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const inside = (name: string): string => path.join(directory, name);
const keep = <E extends Executor>(executor: E): E => {
  executors.push(executor);
  return executor;
};

async function connect(options: SshdOptions = {}, changes: Partial<SshOptions> = {}): Promise<Executor> {
  sshd ??= await startSshd(options);
  return keep(await connectSsh(sshd.options(changes), soon()));
}

/** The same host behind a network that can fail. */
async function connectThrough(changes: Partial<SshOptions> = {}): Promise<Executor> {
  sshd ??= await startSshd();
  network = await startFaultyNetwork(sshd.port);
  const knownHosts = inside('known_hosts');
  writeFileSync(knownHosts, sshd.hostKeys.map((key) => `[127.0.0.1]:${network?.port ?? 0} ${key}\n`).join(''));
  return connect({}, { port: network.port, hostKeys: { files: [knownHosts], mode: 'strict' }, ...changes });
}

function removeLock(name: string): void {
  for (const base of ['/run/longshore', '/run/lock', '/tmp']) {
    for (const end of ['lock', 'work']) rmSync(`${base}/longshore-${name}.${end}`, { force: true });
  }
}

const hold = run('sh', '-c', 'echo >"$0.began"; sleep 30');
const began = (name: string) => ({ kind: 'wait', present: [`${name}.began`], timeoutMs: 10_000 }) as const;
const QUICK = { keepalive: { intervalMs: 200, count: 2 } };

describe('a peer that says nothing any more', () => {
  test.each(['a host that hangs', 'a network that swallows everything'])(
    '%s: known by keepalives, and bounded',
    async (what) => {
      const executor = await connectThrough(QUICK);
      const held = executor.sequence(soon(), [{ ...hold, argv: [...hold.argv, inside('x')] }]);
      const look = executor.sequence(soon(), [{ kind: 'wait', present: [inside('never')], timeoutMs: 20_000 }]);
      const both = Promise.allSettled([held, look]);
      expect(await ask(executor, began(inside('x')))).toMatchObject({ ok: true });
      const from = performance.now();
      if (what === 'a host that hangs') sshd?.freeze();
      else network?.blackHole();
      expect(await both).toMatchObject([
        { reason: { code: 'E_OUTCOME_UNKNOWN' } },
        { reason: { code: 'E_UNREACHABLE' } },
      ]);
      expect(performance.now() - from).toBeLessThan(6000);
    },
  );

  test('a host that is slow to start a shell is waited for, within its time', async () => {
    const slow = { bashrc: 'sleep 1' };
    expect(await ask(await connect(slow), run('echo', 'late'))).toMatchObject({ stdout: 'late\n' });
    const impatient = connectSsh(sshd?.options() ?? ({} as SshOptions), soon(500));
    await expect(impatient).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
  });
});

describe('a connection that is cut', () => {
  test.each([1, 60, 500, 20_000, 300_000])(
    '%i bytes into a reply: the outcome is unknown, and no half of it is given',
    async (bytes) => {
      const executor = await connectThrough();
      network?.cutAfter('down', bytes);
      const sent = executor.sequence(soon(), [run('head', '-c', '600000', '/dev/zero')]);
      await expect(sent).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    },
  );

  test.each([1, 2000, 40_000, 100_000])('%i bytes into a request: it is run whole or not at all', async (bytes) => {
    const executor = await connectThrough();
    network?.cutAfter('up', bytes);
    const words = Array.from({ length: 200 }, (_, n) => String(n).padStart(1000, '0'));
    const sent = executor.sequence(soon(), [run('sh', '-c', 'echo $# >>"$0"', inside('ran'), ...words)]);
    await expect(sent).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    await sshd?.close();
    expect(existsSync(inside('ran'))).toBe(false);
  });

  test('a request of which any number of bytes is missing is not run as a shorter one', () => {
    const line = encodeRequest(1, 'first', run('touch', inside('a'), inside('b')));
    for (let length = 1; length < line.length - 1; length += 1) {
      const input = laneStart('0123456789abcdef') + line.slice(0, length);
      spawnSync('/bin/sh', [], { input, stdio: ['pipe', 'ignore', 'ignore'] });
      expect([length, existsSync(inside('a'))]).toEqual([length, false]);
    }
    spawnSync('/bin/sh', [], { input: laneStart('0123456789abcdef') + line });
    expect(existsSync(inside('b'))).toBe(true);
  });

  test('in the middle of a change: looked at again on a new connection when the change has ended, and not repeated', async () => {
    await connect();
    const first = executors[0] as Executor;
    const executor = keep(
      new ReconnectingExecutor(first, { connect: (deadline) => connectSsh((sshd as SshdFixture).options(), deadline) }),
    );
    const script = 'echo >>"$0.began"; while [ ! -e "$0.go" ]; do sleep 0.02; done; echo done >"$0"';
    const step: Step = {
      id: 'change',
      what: 'change',
      changes: ['file'],
      after: [],
      requests: [run('sh', '-c', script, inside('file'))],
      main: 0,
    };
    const lock = { kind: 'lock', name: `test-${path.basename(directory)}`, owner: 'run 1', waitMs: 20_000 } as const;
    const reaching = reach<boolean>(
      {
        observe: () => ({
          requests: [{ kind: 'read', patterns: [inside('file')] }],
          parse: ([reply]) => (reply as ReadReply).files.size > 0,
        }),
        plan: (isDone) => (isDone ? { kind: 'done', warnings: [] } : { kind: 'steps', steps: [step] }),
      },
      executor,
      soon(),
      { lock },
    );
    const here = keep(connectLocal('here'));
    expect(await ask(here, began(inside('file')))).toMatchObject({ ok: true });
    sshd?.cut();
    // the new connection is there, and waits for the lock that the change has inherited
    await expect.poll(() => sshd?.connections(), { timeout: 10_000 }).toBe(1);
    writeFileSync(inside('file.go'), '');
    const result = await reaching;
    expect(result).toMatchObject({
      reached: true,
      changed: true,
      warnings: [expect.stringContaining('connection was lost')],
    });
    expect(readFileSync(inside('file.began'), 'utf8')).toBe('\n');
    removeLock(lock.name);
  });
});

describe('channels that sshd closes because they are idle', () => {
  test('are opened again, and what was locked by them is not taken for locked', async () => {
    const first = await connect({ config: ['ChannelTimeout session:*=1s'] });
    const options = (sshd as SshdFixture).options();
    const executor = keep(new ReconnectingExecutor(first, { connect: (deadline) => connectSsh(options, deadline) }));
    const lock = { kind: 'lock', name: `test-${path.basename(directory)}`, owner: 'run 1', waitMs: 0 } as const;
    expect(await ask(executor, lock)).toMatchObject({ ok: true });
    const other = keep(connectLocal('here'));
    // had as soon as the shell of the first one has ended
    expect(await ask(other, { ...lock, owner: 'run 2', waitMs: 20_000 })).toMatchObject({ ok: true });
    const ends: unknown[] = [];
    const change = async (): Promise<unknown> => {
      ends.push(await ask(executor, run('true')).catch((error: unknown) => error));
      return ends.at(-1);
    };
    await expect.poll(change, { timeout: 20_000 }).toMatchObject({
      code: 'E_LOCKED',
      message: expect.stringContaining('run 2') as string,
    });
    expect(ends).not.toContainEqual(expect.objectContaining({ ok: true }));
    await other.close();
    expect(await ask(executor, run('echo', 'mine'))).toMatchObject({ stdout: 'mine\n' });
    removeLock(lock.name);
  });
});

describe('login shells', () => {
  test.each([
    ['fish', '/usr/bin/fish'],
    ['tcsh', '/bin/tcsh'],
  ])('%s is only asked to start /bin/sh', async (name, shell) => {
    expect(existsSync(shell), `${shell} is not installed: apt-get install ${name}`).toBe(true);
    // what sshd does with a command for a user of that shell
    const executor = await connect({ config: [`ForceCommand exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`] });
    const odd = `it's "$HOME" !! {a,b} *`;
    expect(await ask(executor, run('printf', '%s', odd))).toMatchObject({ stdout: odd });
    const root = await connect({}, { become: { method: 'sudo' } });
    expect(await ask(root, run('id', '-un'))).toMatchObject({ stdout: 'root\n' });
  });

  test('a banner and a .profile that talk and fail are not taken for a reply', async () => {
    const banner = inside('banner');
    writeFileSync(banner, 'Authorized use only!\n\n1 1 0 0\n'.repeat(50));
    sshd = await startSshd({
      config: [`Banner ${banner}`, 'ForceCommand exec /bin/bash -l -c "$SSH_ORIGINAL_COMMAND"'],
    });
    const talk = 'echo Welcome; echo "no such module" >&2; printf "\\nready 1 1\\n"; false\n';
    writeFileSync(path.join(sshd.directory, 'home', '.profile'), talk);
    const executor = await connect();
    expect(await ask(executor, run('echo', 'mine'))).toMatchObject({ stdout: 'mine\n', stderr: '' });
  });
});

describe('what a host may do', () => {
  test('200 MB of output are read and dropped in bounded memory, and the lane goes on', async () => {
    const executor = await connect();
    const before = process.memoryUsage().rss;
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
    const reply = await ask(executor, { ...run('head', '-c', '200000000', '/dev/zero'), timeoutMs: 50_000 });
    clearInterval(timer);
    expect(reply).toMatchObject({ exit: 0, truncated: true });
    expect(reply.stdout.length).toBe(8 * 1024 * 1024);
    expect(executor.counters().bytesIn).toBeGreaterThan(200_000_000);
    expect((most - before) / 1e6).toBeLessThan(150);
    expect(await ask(executor, run('echo', 'on'))).toMatchObject({ stdout: 'on\n' });
  });

  test('a clock that jumps does not matter: the time of day is never asked', async () => {
    writeFileSync(inside('date'), `#!/bin/sh\necho asked >${inside('asked')}\necho 4102444800\n`, { mode: 0o755 });
    const executor = keep(
      connectLocal('odd', { shell: ['/usr/bin/env', `PATH=${directory}:/usr/bin:/bin`, '/bin/sh'] }),
    );
    const from = performance.now();
    const [wait] = await executor.sequence(soon(), [{ kind: 'wait', present: [inside('never')], timeoutMs: 400 }]);
    expect(wait).toMatchObject({ ok: false });
    expect(performance.now() - from).toBeGreaterThan(350);
    expect(await ask(executor, { ...run('sleep', '20'), timeoutMs: 1000 })).toMatchObject({ timedOut: true });
    expect(performance.now() - from).toBeLessThan(8000);
    expect(existsSync(inside('asked'))).toBe(false);
    // the clock that is asked counts from the boot
    expect(laneStart('0')).toContain('</proc/uptime');
  });

  test('a write that the kernel refuses, or that has no file, says which; files that are missing read as absent', async () => {
    const executor = keep(connectLocal('here'));
    const written = await ask(executor, { kind: 'write', filePath: '/proc/version', content: 'x' });
    expect(written).toMatchObject({ ok: false, error: expect.stringContaining('/proc/version') as string });
    const missing = await ask(executor, {
      kind: 'write',
      filePath: inside('sys/block/sda/device/delete'),
      content: '1',
    });
    expect(missing).toMatchObject({ ok: false, error: expect.stringContaining('no such file') as string });
    const read = await ask(executor, { kind: 'read', patterns: [inside('sys/class/*/*')] });
    expect([read.files.size, read.unreadable]).toEqual([0, []]);
  });
});
