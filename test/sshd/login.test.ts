import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/secrets/secret.js';
import type { Executor } from '../../src/transport/executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import type { SshOptions } from '../../src/transport/ssh-options.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { ask, run, soon } from './executors.js';
import { type KeyType, makeKey, type SshdFixture, startSshd } from './sshd-fixture.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function sshd(options: Parameters<typeof startSshd>[0] = {}): Promise<SshdFixture> {
  const fixture = await startSshd(options);
  cleanups.push(() => fixture.close());
  return fixture;
}

async function connect(options: SshOptions): Promise<Executor> {
  const executor = await connectSsh(options, soon());
  cleanups.push(() => executor.close());
  return executor;
}

const refusal = (options: SshOptions): Promise<unknown> =>
  connectSsh(options, soon()).then(
    async (executor) => {
      await executor.close();
      return 'connected';
    },
    (error: unknown) => error,
  );

function authorize(fixture: SshdFixture, keyFile: string): void {
  writeFileSync(path.join(fixture.directory, 'authorized_keys'), readFileSync(`${keyFile}.pub`));
}

describe('login', () => {
  test.each<[KeyType, string]>([
    ['ed25519', ''],
    ['ed25519', 'open sesame'],
    ['rsa', ''],
    ['ecdsa', 'open sesame'],
  ])('with a key file: %s, passphrase "%s"', async (type, passphrase) => {
    const fixture = await sshd();
    const filePath = makeKey(fixture.directory, 'other', type, passphrase);
    authorize(fixture, filePath);
    const key = passphrase === '' ? { filePath } : { filePath, passphrase: new Secret(passphrase) };
    const executor = await connect(fixture.options({ privateKeys: [key] }));
    expect(await ask(executor, run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
  });

  test('with an agent, after a key that is not accepted', async () => {
    const fixture = await sshd();
    const socket = path.join(fixture.directory, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    cleanups.push(async () => {
      const ended = once(agent, 'close');
      agent.kill();
      await ended;
    });
    await once(agent.stdout, 'data');
    execFileSync('ssh-add', ['-q', fixture.clientKey], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: 'ignore',
    });
    const wrong = makeKey(fixture.directory, 'wrong');
    const executor = await connect(fixture.options({ privateKeys: [{ filePath: wrong }], agent: socket }));
    expect(await ask(executor, run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
  });

  test('an agent that is not there does not stop a password or a later way', async () => {
    const fixture = await sshd();
    const error = await refusal(fixture.options({ privateKeys: [], agent: path.join(fixture.directory, 'no-agent') }));
    expect(error).toMatchObject({ code: 'E_AUTH', message: expect.stringContaining('agent') as string });
  });

  test('a key that is not accepted: the error names it and the user, and nothing secret', async () => {
    const fixture = await sshd();
    const wrong = makeKey(fixture.directory, 'wrong', 'ed25519', 'open sesame');
    const error = await refusal(
      fixture.options({
        user: 'operator',
        privateKeys: [{ filePath: wrong, passphrase: new Secret('open sesame') }],
        password: new Secret('geheim'),
      }),
    );
    expect(error).toMatchObject({ code: 'E_AUTH', details: { host: 'web01' } });
    expect(String(error)).toContain(wrong);
    expect(String(error)).toContain('operator');
    expect(String(error) + JSON.stringify(error)).not.toMatch(/sesame|geheim/);
  });

  test.each([
    [undefined, 'its passphrase'],
    [new Secret('not that'), 'another passphrase'],
  ])('an encrypted key with %s', async (passphrase, what) => {
    const fixture = await sshd();
    const filePath = makeKey(fixture.directory, 'locked', 'ed25519', 'open sesame');
    const key = passphrase === undefined ? { filePath } : { filePath, passphrase };
    const error = await refusal(fixture.options({ privateKeys: [key] }));
    expect(error).toMatchObject({ code: 'E_AUTH', message: expect.stringContaining(what) as string });
    expect(fixture.connections()).toBe(0);
  });

  test('a key file that is none, or is not there, is said so; an optional one is passed over', async () => {
    const fixture = await sshd();
    const junk = path.join(fixture.directory, 'junk');
    writeFileSync(junk, 'not a key\n');
    const withKey = (filePath: string) => refusal(fixture.options({ privateKeys: [{ filePath }] }));
    expect(await withKey(junk)).toMatchObject({ code: 'E_AUTH', message: expect.stringContaining(junk) as string });
    expect(await withKey(`${fixture.clientKey}.pub`)).toMatchObject({ code: 'E_AUTH' });
    expect(await withKey('/no/such/key')).toMatchObject({ message: expect.stringContaining('ENOENT') as string });
    await connect(
      fixture.options({
        privateKeys: [
          { filePath: junk, optional: true },
          { filePath: '/no/such/key', optional: true },
          { filePath: fixture.clientKey },
        ],
      }),
    );
    expect(await refusal(fixture.options({ privateKeys: [] }))).toMatchObject({
      code: 'E_AUTH',
      message: expect.stringContaining('nothing to log in') as string,
    });
  });

  test('a password is sent once, by one way only', async () => {
    const tried: string[] = [];
    const hostKey = ssh2.utils.generateKeyPairSync('ed25519');
    const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
      client.on('error', () => undefined);
      client.on('authentication', (attempt) => {
        if (attempt.method !== 'none') tried.push(attempt.method);
        attempt.reject(['password', 'keyboard-interactive']);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => server.close(() => resolve(null))));
    const fixture = await sshd();
    const { port } = server.address() as net.AddressInfo;
    const options = fixture.options({ port, privateKeys: [], password: new Secret('geheim') });
    const hostKeys = { files: [path.join(fixture.directory, 'new')], mode: 'accept-new' } as const;
    expect(await refusal({ ...options, hostKeys })).toMatchObject({ code: 'E_AUTH' });
    expect(tried).toEqual(['password']);
  });
});

describe('a host that cannot be reached', () => {
  const options = (port: number, changes: Partial<SshOptions> = {}): SshOptions => {
    const directory = mkdtempSync(path.join(tmpdir(), 'longshore-login-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    return {
      host: 'web01',
      address: '127.0.0.1',
      port,
      user: 'root',
      privateKeys: [{ filePath: makeKey(directory, 'key') }],
      hostKeys: { files: [], mode: 'strict' },
      become: { method: 'none' },
      connectTimeoutMs: 500,
      ...changes,
    };
  };
  const listen = async (onSocket: (socket: net.Socket) => void): Promise<number> => {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as net.AddressInfo).port;
  };

  test('nobody listens', async () => {
    const port = await listen(() => undefined);
    await cleanups.pop()?.();
    expect(await refusal(options(port))).toMatchObject({
      code: 'E_UNREACHABLE',
      message: `cannot connect to 127.0.0.1 port ${port}: connection refused`,
    });
  });

  test('the name is not known', async () => {
    const error = await refusal(options(22, { address: 'no-such-host.invalid', connectTimeoutMs: 20_000 }));
    expect(error).toMatchObject({ code: 'E_UNREACHABLE', details: { host: 'web01' } });
  });

  test('the peer says nothing', async () => {
    const port = await listen(() => undefined);
    expect(await refusal(options(port))).toMatchObject({
      code: 'E_UNREACHABLE',
      message: expect.stringContaining('no answer in 0.5 s') as string,
    });
  });

  test.each([
    ['hangs up', (socket: net.Socket) => socket.destroy()],
    ['hangs up in the handshake', (socket: net.Socket) => socket.end('SSH-2.0-test\r\n')],
    ['does not speak SSH', (socket: net.Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('the peer %s', async (_what, onSocket) => {
    const port = await listen(onSocket);
    expect(await refusal(options(port))).toMatchObject({ code: 'E_UNREACHABLE', details: { host: 'web01' } });
  });

  test('the user interrupts, or the time of the host is up, while connecting', async () => {
    const port = await listen(() => undefined);
    const controller = new AbortController();
    const interrupted = connectSsh(options(port, { connectTimeoutMs: 60_000 }), deadlineIn(60_000, controller.signal));
    controller.abort();
    await expect(interrupted).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    const late = connectSsh(options(port, { connectTimeoutMs: 60_000 }), deadlineIn(300));
    await expect(late).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
  });
});
