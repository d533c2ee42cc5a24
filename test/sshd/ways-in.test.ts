import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LongshoreError } from '../../src/errors/longshore-error.js';
import type { Executor } from '../../src/transport/executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import type { SshRequest, SshRoutes } from '../../src/transport/ssh-route.js';
import { ask, run, soon } from './executors.js';
import { makeKey, type SshdFixture, startSshd } from './sshd-fixture.js';
import { type Gate, knownAt, networkBehind, type NewUser, newUser, request } from './ways-in-fixture.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let user: NewUser;
beforeEach(() => {
  user = newUser();
  cleanups.push(() => user.remove());
});

async function sshd(options: Parameters<typeof startSshd>[0] = {}): Promise<SshdFixture> {
  const fixture = await startSshd(options);
  cleanups.push(() => fixture.close());
  return fixture;
}

function routesOf(...args: Parameters<NewUser['routes']>): SshRoutes {
  const routes = user.routes(...args);
  cleanups.push(() => routes.close());
  return routes;
}

async function connect(routes: SshRoutes, to: SshRequest): Promise<Executor> {
  const executor = await connectSsh(await routes.options(to), soon());
  cleanups.push(() => executor.close());
  return executor;
}

const refusal = (routes: SshRoutes, to: SshRequest): Promise<LongshoreError> =>
  connect(routes, to).then(
    () => Promise.reject(new Error('connected')),
    (error: unknown) => error as LongshoreError,
  );

const says = async (executor: Executor, word: string): Promise<void> => {
  expect(await ask(executor, run('echo', word))).toMatchObject({ stdout: `${word}\n` });
};

interface Site {
  readonly jump: SshdFixture;
  readonly inner: SshdFixture;
  readonly gate: Gate;
}

/** A jump host and a host that can be reached through it only, both known to the user, with a key for both. */
async function site(jumpOptions: Parameters<typeof startSshd>[0] = {}): Promise<Site> {
  const [jump, inner] = await Promise.all([sshd(jumpOptions), sshd()]);
  const gate = await networkBehind(jump, inner);
  cleanups.push(() => gate.close());
  user.key('id_ed25519', [jump, inner]);
  user.knows(jump);
  user.file('known_hosts', readFileSync(jump.knownHosts, 'utf8') + knownAt(gate.port, inner));
  return { jump, inner, gate };
}

const behind = ({ jump, gate }: Site, ...more: string[]): string => `
Host jump
  HostName 127.0.0.1
  Port ${jump.port}
Host inner inner2 inner3
  HostName 127.0.0.1
  Port ${gate.port}
  ProxyJump jump
${more.join('\n')}
`;

describe.each([
  ['by ssh -G', {}],
  ['by plain reading, without an ssh program', { program: '/no/such/ssh' }],
])('a host behind a jump host, ssh_config read %s', (_how, config) => {
  test('is reached by its name alone, and not without the jump host', async () => {
    const at = await site();
    user.file('config', behind(at));
    await says(await connect(routesOf({}, config), request('inner')), 'through');
    expect(at.gate.opened()).toBe(1);
    await cleanups.pop()?.();
    await cleanups.pop()?.();
    user.file('config', behind(at).replace('  ProxyJump jump', ''));
    await expect.poll(() => at.jump.connections()).toBe(0);
    expect(await refusal(routesOf({}, config), request('inner'))).toMatchObject({ code: 'E_UNREACHABLE' });
  });
});

describe('jump hosts', () => {
  test('one connection to the jump host serves all hosts behind it, and ends with the run', async () => {
    const at = await site();
    user.file('config', behind(at));
    const routes = routesOf();
    const hosts = await Promise.all(['inner', 'inner2', 'inner3'].map((name) => connect(routes, request(name))));
    await Promise.all(hosts.map((host, index) => says(host, `host ${index}`)));
    expect(at.jump.connections()).toBe(1);
    expect(at.gate.opened()).toBe(3);
    await Promise.all(hosts.map((host) => host.close()));
    await routes.close();
    await expect.poll(() => at.jump.connections()).toBe(0);
  });

  test('a chain of two, each looked up in ssh_config with its own user and key', async () => {
    const first = await sshd();
    const at = await site();
    const entry = await networkBehind(first, at.jump);
    cleanups.push(() => entry.close());
    const key = user.key('first_key', [first]);
    user.file(
      'known_hosts',
      readFileSync(first.knownHosts, 'utf8') + knownAt(entry.port, at.jump) + knownAt(at.gate.port, at.inner),
    );
    user.file(
      'config',
      `${behind({ ...at, jump: { ...at.jump, port: entry.port } }).replace('ProxyJump jump', 'ProxyJump first,jump')}
Host first
  HostName 127.0.0.1
  Port ${first.port}
  IdentityFile ${key}
  IdentitiesOnly yes
`,
    );
    await says(await connect(routesOf(), request('inner')), 'far');
    expect([first.connections(), at.jump.connections(), entry.opened(), at.gate.opened()]).toEqual([1, 1, 1, 1]);
  });

  test('ansible_ssh_common_args may name it', async () => {
    const at = await site();
    const direct = { port: at.gate.port };
    const spec = `127.0.0.1:${at.jump.port}`;
    for (const words of [
      ['-J', spec],
      ['-o', `ProxyJump=${spec}`],
      ['-oProxyJump=' + spec, '-C', '-o', 'ControlMaster=auto'],
    ]) {
      await says(await connect(routesOf(), request('127.0.0.1', { ...direct, arguments: words })), 'args');
    }
    const file = user.file('other', behind(at));
    await says(await connect(routesOf(), request('inner', { arguments: ['-F', file] })), 'file');
    expect(await refusal(routesOf(), request('127.0.0.1', { arguments: ['jump'] }))).toMatchObject({
      message: expect.stringContaining('no option of ssh') as string,
    });
  });

  test('its host key is verified by the same rules, and the error names it', async () => {
    const at = await site();
    user.file('config', behind(at));
    user.file('known_hosts', knownAt(at.gate.port, at.inner));
    const error = await refusal(routesOf(), request('inner', { host: 'web01' }));
    expect(error).toMatchObject({ code: 'E_HOST_KEY', details: { host: 'web01' } });
    expect(error.message).toMatch(/^jump host jump: no known_hosts file names \[127\.0\.0\.1\]:\d+/);
    expect(at.gate.opened()).toBe(0);
  });

  test('a login that it refuses is tried once, whoever else wants to go through', async () => {
    const at = await site();
    writeFileSync(path.join(at.jump.directory, 'authorized_keys'), '');
    user.file('config', behind(at));
    const routes = routesOf();
    for (const host of ['inner', 'inner2']) {
      const error = await refusal(routes, request(host));
      expect(error).toMatchObject({ code: 'E_AUTH', details: { host } });
      expect(error.message).toMatch(/^jump host jump: /);
    }
    expect(at.jump.accepted()).toBe(1);
  });

  test('one that is not there, forbids forwarding, or does not reach the host, is named', async () => {
    const at = await site({ config: ['AllowTcpForwarding no'] });
    user.file('config', behind(at));
    expect((await refusal(routesOf(), request('inner'))).message).toMatch(
      /^jump host jump gives no connection to 127\.0\.0\.1 port \d+: /,
    );
    user.file('config', behind({ ...at, jump: { ...at.jump, port: 1 } }));
    expect(await refusal(routesOf(), request('inner'))).toMatchObject({
      code: 'E_UNREACHABLE',
      message: 'jump host jump: cannot connect to 127.0.0.1 port 1: connection refused',
    });
  });

  test('a circle is an error and not a hang', async () => {
    const at = await site();
    user.file('config', behind(at).replace('Host jump', 'Host jump\n  ProxyJump inner'));
    expect((await refusal(routesOf(), request('inner'))).message).toContain('goes in a circle');
  });

  test('the password of a host is not given to its jump host', async () => {
    const at = await site();
    writeFileSync(path.join(at.jump.directory, 'authorized_keys'), '');
    user.file('config', behind(at));
    const options = await routesOf().options(request('inner'));
    expect(options.password).toBeUndefined();
    const error = await refusal(routesOf(), request('inner'));
    expect(error.message).not.toContain('password');
  });

  test('when it dies the hosts behind it are lost, and the next connection opens it again', async () => {
    const at = await site();
    user.file('config', behind(at));
    const routes = routesOf();
    const executor = await connect(routes, request('inner'));
    at.jump.cut();
    await expect(ask(executor, run('true'))).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    await says(await connect(routes, request('inner')), 'again');
  });
});

describe('ProxyCommand', () => {
  /** what `nc HOST PORT` does */
  const NETCAT = `"${process.execPath}" -e "const s=require('net').connect(process.argv[1],process.argv[2]);process.stdin.pipe(s);s.pipe(process.stdout);s.on('close',()=>process.exit())"`;

  test.each([
    ['by ssh -G', {}],
    ['by plain reading', { program: '/no/such/ssh' }],
  ])('carries the connection; %s', async (_how, config) => {
    const host = await sshd();
    user.key('id_ed25519', [host]);
    user.knows(host);
    user.file('config', `Host web\n  HostName 127.0.0.1\n  Port ${host.port}\n  ProxyCommand ${NETCAT} %p %h\n`);
    const executor = await connect(routesOf({}, config), request('web'));
    await says(executor, 'piped');
    await executor.close();
    await expect.poll(() => host.connections()).toBe(0);
  });

  test('that fails: its exit code and what it said', async () => {
    user.key('id_ed25519', []);
    user.file('config', 'Host web\n  ProxyCommand sh -c "echo no route to %h >&2; exit 3"\n');
    expect(await refusal(routesOf(), request('web'))).toMatchObject({
      code: 'E_UNREACHABLE',
      message: 'the ProxyCommand ended (exit 3): no route to web',
      details: { host: 'web' },
    });
  });

  test('never gets a user name that a shell would read', async () => {
    user.file('config', 'Host web\n  ProxyCommand echo %r\n');
    expect(await refusal(routesOf({}, { program: '/none' }), request('web', { user: 'a;touch b' }))).toMatchObject({
      code: 'E_UNREACHABLE',
      message: expect.stringContaining('not safe') as string,
    });
  });
});

describe('what ssh_config says', () => {
  test('HostKeyAlias, UserKnownHostsFile, Match and Include count', async () => {
    const host = await sshd();
    const key = user.key('work', [host]);
    const known = user.file('work_hosts', `web-alias ${host.hostKeys[0] ?? ''}\n`);
    user.file('more', `Host web\n  HostName 127.0.0.1\n  Port ${host.port}\n`);
    user.file(
      'config',
      `Include ${user.home}/.ssh/m*e\nMatch originalhost web\n  HostKeyAlias web-alias\n  UserKnownHostsFile ${known}\n  IdentityFile ${key}\n`,
    );
    await says(await connect(routesOf(), request('web')), 'in');
    expect(await refusal(routesOf({}, { program: '/none' }), request('web'))).toMatchObject({
      code: 'E_UNREACHABLE',
      message: expect.stringMatching(/config:2 has Match, which takes the ssh program/) as string,
    });
  });

  test('Match exec is not run where there is no ssh to run it', async () => {
    const marker = path.join(user.home, 'marker');
    user.file('config', `Match exec "touch ${marker}"\n  User somebody\n`);
    await refusal(routesOf({}, { program: '/none' }), request('web'));
    expect(() => readFileSync(marker)).toThrow('ENOENT');
  });

  test('StrictHostKeyChecking: no is strict with a notice, accept-new adds to the file that it names', async () => {
    const host = await sshd();
    user.key('id_ed25519', [host]);
    const known = path.join(user.home, '.ssh', 'known');
    const config = (checking: string) =>
      `Host web\n  HostName 127.0.0.1\n  Port ${host.port}\n  StrictHostKeyChecking ${checking}\n  UserKnownHostsFile ${known}\n`;
    user.file('config', config('no'));
    const notices: string[] = [];
    const lax = routesOf({ onNotice: (text) => void notices.push(text) });
    expect(await refusal(lax, request('web'))).toMatchObject({ code: 'E_HOST_KEY' });
    expect(await refusal(lax, request('web'))).toMatchObject({ code: 'E_HOST_KEY' });
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('StrictHostKeyChecking=no (web) is not honoured');
    user.file('config', config('accept-new'));
    const trusting = routesOf();
    await says(await connect(trusting, request('web')), 'new');
    expect(readFileSync(known, 'utf8')).toBe(`[127.0.0.1]:${host.port} ${host.hostKeys[0] ?? ''}\n`);
    // in the same run the host is held to that key already
    const other = readFileSync(`${makeKey(user.home, 'other')}.pub`, 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
    writeFileSync(known, `[127.0.0.1]:${host.port} ${other}\n`);
    expect(await refusal(trusting, request('web'))).toMatchObject({ code: 'E_HOST_KEY' });
  });

  test('the inventory comes before it', async () => {
    const host = await sshd();
    const key = user.key('inventory_key', [host]);
    user.knows(host);
    makeKey(path.join(user.home, '.ssh'), 'config_key');
    user.file('config', 'Host *\n  Port 1\n  User nobody\n  IdentityFile ~/.ssh/config_key\n');
    const { port, user: name } = host.options();
    const said = request('127.0.0.1', { port, user: name, privateKeyFile: key });
    await says(await connect(routesOf(), said), 'in');
  });
});
