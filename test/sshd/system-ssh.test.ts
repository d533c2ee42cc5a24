import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/secrets/secret.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';
import { connectSystemSsh } from '../../src/transport/system-ssh-connection.js';
import { systemSshDirectory } from '../../src/transport/system-ssh-directory.js';
import type { SystemSshOptions } from '../../src/transport/system-ssh-options.js';
import { ask, run, soon } from './executors.js';
import { startPasswordServer } from './password-server.js';
import { makeKey, type SshdFixture, startSshd } from './sshd-fixture.js';
import { KEYGEN, systemOptions } from './system-ssh-options.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function sshd(options: Parameters<typeof startSshd>[0] = {}): Promise<SshdFixture> {
  const fixture = await startSshd(options);
  cleanups.push(() => fixture.close());
  return fixture;
}

async function connect(options: SystemSshOptions): Promise<Executor> {
  const executor = await connectSystemSsh(options, soon());
  cleanups.push(() => executor.close());
  return executor;
}

const refusal = (options: SystemSshOptions, deadline = soon()): Promise<unknown> =>
  connectSystemSsh(options, deadline).then(
    async (executor) => {
      await executor.close();
      return 'connected';
    },
    (error: unknown) => error,
  );

/** Processes whose command line names the directory: those of ssh that belong to a test. */
function sshProcesses(directory: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandLine(pid).includes(`${directory}/`) && commandLine(pid).startsWith('ssh\0'));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

describe('a connection by the system ssh', () => {
  test('has one process for the first lane and one more for each further, and leaves none behind', async () => {
    const options = await systemOptions(await sshd());
    const executor = await connect(options);
    expect(sshProcesses(options.directory)).toHaveLength(1);
    const replies = await Promise.all(['a', 'b', 'c'].map((word) => ask(executor, run('echo', word))));
    expect(replies.map((reply) => reply.stdout)).toEqual(['a\n', 'b\n', 'c\n']);
    expect(executor.counters()).toMatchObject({ roundTrips: 1 });
    expect(sshProcesses(options.directory)).toHaveLength(3);
    expect(statSync(options.directory).mode & 0o777).toBe(0o700);
    await executor.close();
    expect(sshProcesses(options.directory)).toEqual([]);
    expect(readdirSync(options.directory)).toEqual([]);
  });

  test('goes on with fewer lanes where the host gives fewer sessions', async () => {
    const executor = await connect(await systemOptions(await sshd({ config: ['MaxSessions 1'] })));
    const replies = await Promise.all(['a', 'b', 'c'].map((word) => ask(executor, run('echo', word))));
    expect(replies.map((reply) => reply.stdout)).toEqual(['a\n', 'b\n', 'c\n']);
  });

  test('that is cut is an unknown outcome for a change, and nothing of it is left', async () => {
    const fixture = await sshd();
    const options = await systemOptions(fixture);
    const executor = await connect(options);
    await ask(executor, run('true'));
    const marker = path.join(fixture.directory, 'runs');
    const running = ask(executor, run('sh', '-c', `>${marker}; exec sleep 30`));
    while (!existsSync(marker)) await ask(executor, run('true'));
    fixture.cut();
    await expect(running).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    await expect.poll(() => sshProcesses(options.directory), { timeout: 10_000 }).toEqual([]);
    await expect(ask(executor, run('true'))).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    await executor.close();
    expect(readdirSync(options.directory)).toEqual([]);
  });

  test('becomes another user as with ssh2', async () => {
    const fixture = await sshd();
    const options = await systemOptions(fixture, { become: { method: 'sudo', user: 'nobody' } });
    expect(await ask(await connect(options), run('id', '-un'))).toMatchObject({ stdout: 'nobody\n' });
    const refusing = await sshd({ fakeTools: { sudo: 'echo "sudo: a password is required" >&2; exit 1' } });
    expect(await refusal(await systemOptions(refusing, { become: { method: 'sudo' } }))).toMatchObject({
      code: 'E_BECOME',
    });
  });

  test('honours ssh_config and further arguments, but not what a lane cannot bear', async () => {
    const fixture = await sshd();
    const { port, user, ...options } = await systemOptions(fixture, { destination: 'alias' });
    const configFile = path.join(fixture.directory, 'ssh_config');
    writeFileSync(
      configFile,
      `Host alias\n HostName 127.0.0.1\n Port ${port ?? 0}\n User ${user ?? ''}\n RequestTTY force\n RemoteCommand false\n` +
        ` StrictHostKeyChecking no\n ControlPath ${fixture.directory}/other\n ControlMaster auto\n`,
    );
    expect(await ask(await connect({ ...options, configFile }), run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
    const unknown = { mode: 'strict', files: [path.join(fixture.directory, 'none')] } as const;
    expect(await refusal({ ...options, configFile, hostKeys: unknown })).toMatchObject({ code: 'E_HOST_KEY' });
  });

  test('ends by itself, with its socket, when the controller is killed', async () => {
    const options = await systemOptions(await sshd());
    const script = `
      import { connectSystemSsh } from '${path.resolve('src/transport/system-ssh-connection.ts')}';
      import { deadlineIn } from '${path.resolve('src/time/deadline.ts')}';
      const executor = await connectSystemSsh(${JSON.stringify(options)}, deadlineIn(30000));
      console.log('connected');
      setInterval(() => executor, 1000);`;
    const scriptFile = path.join(options.directory, '..', 'controller.mts');
    writeFileSync(scriptFile, script);
    const controller = spawn(process.execPath, ['--import', 'tsx', scriptFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(controller.stdout, 'data');
    expect(sshProcesses(options.directory)).toHaveLength(1);
    controller.kill('SIGKILL');
    await expect.poll(() => sshProcesses(options.directory), { timeout: 10_000 }).toEqual([]);
    expect(readdirSync(options.directory)).toEqual([]);
  });
});

describe('what ssh says when it cannot', () => {
  test('a new host key is refused with its fingerprint, or remembered', async () => {
    const fixture = await sshd();
    const files = [path.join(fixture.directory, 'fresh')];
    const strict = await systemOptions(fixture, { hostKeys: { mode: 'strict', files } });
    expect(await refusal(strict)).toMatchObject({
      code: 'E_HOST_KEY',
      message: expect.stringContaining('no known_hosts file names') as string,
      details: { host: 'web01', remedy: expect.stringContaining('--accept-new-host-keys') as string },
    });
    await connect({ ...strict, hostKeys: { mode: 'accept-new', files } });
    expect(await refusal(strict)).toBe('connected');
  });

  test('a changed host key is refused in both modes, with the place of the old one', async () => {
    const fixture = await sshd();
    const other = makeKey(fixture.directory, 'other_host');
    const file = path.join(fixture.directory, 'wrong');
    const key = execFileSync(KEYGEN, ['-y', '-f', other], { encoding: 'utf8' });
    writeFileSync(file, `[127.0.0.1]:${fixture.port} ${key}`);
    for (const mode of ['strict', 'accept-new'] as const) {
      const error = await refusal(await systemOptions(fixture, { hostKeys: { mode, files: [file] } }));
      expect(error).toMatchObject({ code: 'E_HOST_KEY', message: expect.stringContaining(`${file}:1`) as string });
      expect(String(error)).toMatch(/ED25519 SHA256:/);
    }
    const shown = fixture.hostKeys[0] ?? '';
    writeFileSync(file, `@revoked [127.0.0.1]:${fixture.port} ${shown}\n`);
    const revoked = await systemOptions(fixture, { hostKeys: { mode: 'accept-new', files: [file] } });
    expect(await refusal(revoked)).toMatchObject({
      code: 'E_HOST_KEY',
      message: expect.stringContaining('revoked') as string,
    });
  });

  test('a key that is not accepted, or that others can read', async () => {
    const fixture = await sshd();
    const wrong = makeKey(fixture.directory, 'wrong');
    const error = await refusal(await systemOptions(fixture, { keyFiles: [wrong] }));
    expect(error).toMatchObject({ code: 'E_AUTH', message: expect.stringContaining('Permission denied') as string });
    chmodSync(fixture.clientKey, 0o644);
    expect(await refusal(await systemOptions(fixture))).toMatchObject({
      code: 'E_AUTH',
      details: { remedy: expect.stringContaining('chmod 600') as string },
    });
  });

  test('nobody listens, the name is not known, the option is not one', async () => {
    const fixture = await sshd();
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const saying = (text: string) => ({
      code: 'E_UNREACHABLE',
      message: expect.stringContaining(text) as string,
      details: { host: 'web01' },
    });
    expect(await refusal(await systemOptions(fixture, { port }))).toMatchObject(saying('refused'));
    const unknown = await systemOptions(fixture, { destination: 'no-such-host.invalid' });
    expect(await refusal(unknown)).toMatchObject(saying('no-such-host.invalid'));
    const odd = await systemOptions(fixture, { arguments: ['-o', 'NoSuchOption=yes'] });
    expect(await refusal(odd)).toMatchObject(saying('nosuchoption'));
  });

  test('a peer that says nothing, an interrupt, and the time of the host', async () => {
    const fixture = await sshd();
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as net.AddressInfo;
    const options = await systemOptions(fixture, { port });
    expect(await refusal({ ...options, connectTimeoutMs: 500 })).toMatchObject({ code: 'E_UNREACHABLE' });
    const controller = new AbortController();
    const interrupted = refusal(options, deadlineIn(30_000, controller.signal));
    controller.abort();
    expect(await interrupted).toMatchObject({ code: 'E_INTERRUPTED' });
    expect(await refusal(options, deadlineIn(300))).toMatchObject({ code: 'E_UNREACHABLE' });
    expect(sshProcesses(options.directory)).toEqual([]);
  });
});

describe('secrets that ssh asks for', () => {
  test('the passphrase of a key file, right and wrong, is given once and shown nowhere', async () => {
    const fixture = await sshd();
    const locked = makeKey(fixture.directory, 'locked', 'ed25519', 'open sesame');
    writeFileSync(
      path.join(fixture.directory, 'authorized_keys'),
      execFileSync(KEYGEN, ['-y', '-P', 'open sesame', '-f', locked]),
    );
    const options = await systemOptions(fixture, { keyFiles: [locked], passphrase: new Secret('open sesame') });
    const executor = await connect(options);
    expect(readdirSync(options.directory)).toHaveLength(1);
    expect(sshProcesses(options.directory).map(commandLine).join()).not.toContain('sesame');
    await executor.close();
    const error = await refusal({ ...options, passphrase: new Secret('not this') });
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect(String(error) + JSON.stringify(error)).not.toContain('not this');
  });

  test('a password, sent once', async () => {
    const fixture = await sshd();
    const { port, tried, close } = await startPasswordServer('right one', 'password');
    cleanups.push(close);
    const hostKeys = { mode: 'accept-new', files: [path.join(fixture.directory, 'new')] } as const;
    const options = await systemOptions(fixture, { port, keyFiles: ['/no/such/key'], hostKeys });
    const executor = await connect({ ...options, password: new Secret('right one') });
    expect(await ask(executor, run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
    await executor.close();
    expect(await refusal({ ...options, password: new Secret('wrong one') })).toMatchObject({ code: 'E_AUTH' });
    expect(tried).toEqual(['right one', 'wrong one']);
    expect(readdirSync(options.directory)).toEqual([]);
  });
});

describe('the directory of the sockets', () => {
  test('is swept of what killed controllers left, and refused when others can use it', async () => {
    const runtime = mkdtempSync(path.join(tmpdir(), 'longshore-runtime-'));
    cleanups.push(() => rmSync(runtime, { recursive: true }));
    const directory = await systemSshDirectory(runtime);
    const ended = spawn('true');
    await once(ended, 'exit');
    writeFileSync(path.join(directory, `${ended.pid ?? 0}-abc`), '');
    writeFileSync(path.join(directory, `${process.pid}-abc`), '');
    expect(await systemSshDirectory(runtime)).toBe(directory);
    expect(readdirSync(directory)).toEqual([`${process.pid}-abc`]);
    chmodSync(directory, 0o755);
    await expect(systemSshDirectory(runtime)).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    const deep = path.join(runtime, 'x'.repeat(80));
    mkdirSync(deep);
    expect((await systemSshDirectory(deep)).length).toBeLessThan(64);
  });
});
