import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type net from 'node:net';
import path from 'node:path';
import ssh2, { type KeyboardAuthContext } from 'ssh2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LongshoreError } from '../../src/errors/longshore-error.js';
import { Secret } from '../../src/secrets/secret.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import type { SshOptions } from '../../src/transport/ssh-options.js';
import type { SshRequest, SshRoutes } from '../../src/transport/ssh-route.js';
import { ask, run, soon } from './executors.js';
import { startPasswordServer } from './password-server.js';
import { makeKey, type SshdFixture, startSshd } from './sshd-fixture.js';
import { authorize, type NewUser, newUser, request } from './ways-in-fixture.js';

const PASSPHRASE = 'open sesame';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let user: NewUser;
let host: SshdFixture;
beforeEach(async () => {
  user = newUser();
  cleanups.push(() => user.remove());
  host = await startSshd({ config: ['MaxAuthTries 3'] });
  cleanups.push(() => host.close());
  user.knows(host);
});

function routesOf(...args: Parameters<NewUser['routes']>): SshRoutes {
  const routes = user.routes(...args);
  cleanups.push(() => routes.close());
  return routes;
}

const here = (changes: Partial<SshRequest> = {}): SshRequest =>
  request('127.0.0.1', { host: 'web01', port: host.port, user: host.options().user, ...changes });

async function logsIn(options: SshOptions): Promise<void> {
  const executor = await connectSsh(options, soon());
  cleanups.push(() => executor.close());
  expect(await ask(executor, run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
}

const refusal = (options: SshOptions): Promise<LongshoreError> =>
  connectSsh(options, soon()).then(
    async (executor) => {
      await executor.close();
      throw new Error('connected');
    },
    (error: unknown) => error as LongshoreError,
  );

async function agentWith(...keys: readonly string[]): Promise<string> {
  const socket = path.join(user.home, 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  cleanups.push(async () => {
    const ended = once(agent, 'close');
    agent.kill();
    await ended;
  });
  await once(agent.stdout, 'data');
  for (const key of keys) {
    execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
  }
  return socket;
}

/** Answers in turn, and what was asked. */
function operator(...answers: readonly string[]) {
  const asked: string[] = [];
  const askPassphrase = (filePath: string, isSecondTry: boolean): Promise<Secret | null> => {
    asked.push(`${path.basename(filePath)}${isSecondTry ? ' again' : ''}`);
    const answer = answers[asked.length - 1];
    return Promise.resolve(answer === undefined ? null : new Secret(answer));
  };
  return { asked, askPassphrase };
}

describe('a key with a passphrase', () => {
  test('is asked for once in a run, however many hosts take it', async () => {
    user.key('id_ed25519', [host], PASSPHRASE);
    const { asked, askPassphrase } = operator(PASSPHRASE);
    const routes = routesOf({ askPassphrase });
    await Promise.all([1, 2, 3].map(async () => logsIn(await routes.options(here()))));
    expect(asked).toEqual(['id_ed25519']);
  });

  test('is asked for a second time when it was wrong, and then no more', async () => {
    user.key('id_ed25519', [host], PASSPHRASE);
    const good = operator('opne sesame', PASSPHRASE);
    await logsIn(await routesOf({ askPassphrase: good.askPassphrase }).options(here()));
    expect(good.asked).toEqual(['id_ed25519', 'id_ed25519 again']);
    const bad = operator('no', 'no', 'no');
    const routes = routesOf({ askPassphrase: bad.askPassphrase });
    const errors = await Promise.all([1, 2].map(async () => refusal(await routes.options(here()))));
    expect(bad.asked).toHaveLength(2);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'E_AUTH' });
      expect(error.message).toContain('it needs its passphrase');
    }
  });

  test('where nobody can be asked, the error says what to do', async () => {
    const filePath = user.key('work', [host], PASSPHRASE);
    const error = await refusal(await routesOf().options(here({ privateKeyFile: filePath })));
    expect(error).toMatchObject({ code: 'E_AUTH', message: `the key file ${filePath} needs its passphrase` });
    expect(error.details.remedy).toMatch(/ssh-agent.*longshore_ssh_private_key_passphrase.*terminal/);
  });

  test('is left to an agent that has it', async () => {
    const filePath = user.key('id_ed25519', [host]);
    const socket = await agentWith(filePath);
    execFileSync('/usr/bin/ssh-keygen', ['-q', '-p', '-P', '', '-N', PASSPHRASE, '-f', filePath]);
    const { asked, askPassphrase } = operator();
    const routes = routesOf({ askPassphrase }, { env: { SSH_AUTH_SOCK: socket } });
    await logsIn(await routes.options(here({ privateKeyFile: filePath })));
    await logsIn(await routes.options(here()));
    expect(asked).toEqual([]);
  });

  test('nobody is asked for a default key while there is another way', async () => {
    user.key('id_ed25519', [], PASSPHRASE);
    user.key('id_rsa', [host]);
    const { asked, askPassphrase } = operator(PASSPHRASE);
    await logsIn(await routesOf({ askPassphrase }).options(here()));
    expect(asked).toEqual([]);
  });
});

describe('an agent with more keys than sshd takes tries', () => {
  test('offers the one that ssh_config names first; with IdentitiesOnly no other', async () => {
    const others = [1, 2, 3, 4].map((count) => makeKey(user.home, `other${count}`));
    const key = makeKey(user.home, 'right');
    authorize(host, key);
    const socket = await agentWith(...others, key);
    const agent = { env: { SSH_AUTH_SOCK: socket } };
    expect(await refusal(await routesOf({}, agent).options(here()))).toMatchObject({ code: 'E_AUTH' });
    // the public half is enough: the agent has the private one
    user.file('config', `Host 127.0.0.1\n  IdentityFile ${key}.pub\n`);
    await logsIn(await routesOf({}, agent).options(here()));
    user.file('config', `Host 127.0.0.1\n  IdentityFile ${others[0] ?? ''}.pub\n  IdentitiesOnly yes\n`);
    const error = await refusal(await routesOf({}, agent).options(here()));
    expect(error.message).toContain('those keys of the agent that are named');
  });

  test('IdentityAgent is taken instead of SSH_AUTH_SOCK; none is none', async () => {
    const key = makeKey(user.home, 'right');
    authorize(host, key);
    const socket = await agentWith(key);
    user.file('config', `Host 127.0.0.1\n  IdentityAgent ${socket}\n`);
    await logsIn(await routesOf().options(here()));
    user.file('config', `Host 127.0.0.1\n  IdentityAgent none\n`);
    const options = await routesOf({}, { env: { SSH_AUTH_SOCK: socket } }).options(here());
    expect(await refusal(options)).toMatchObject({ code: 'E_AUTH' });
  });
});

describe('a password', () => {
  /** A server that takes passwords by questions; an sshd would need accounts of its own for that. */
  async function asking(
    onQuestion: (context: KeyboardAuthContext) => void,
  ): Promise<{ port: number; tried: string[] }> {
    const tried: string[] = [];
    const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => undefined);
      client.on('authentication', (attempt) => {
        if (attempt.method !== 'none') tried.push(attempt.method);
        if (attempt.method === 'keyboard-interactive') onQuestion(attempt);
        else attempt.reject(['keyboard-interactive']);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => server.close(() => resolve(null))));
    return { port: (server.address() as net.AddressInfo).port, tried };
  }
  const options = (port: number): Promise<SshOptions> =>
    routesOf({ acceptNewHostKeys: true }).options(here({ port, password: new Secret('geheim') }));

  test.each(['password', 'keyboard-interactive'] as const)('logs in by %s, sent once', async (way) => {
    const { port, tried, close } = await startPasswordServer('geheim', way);
    cleanups.push(close);
    await logsIn(await options(port));
    expect(tried).toEqual(['geheim']);
  });

  test('answers the hidden question once; further questions and visible ones get nothing', async () => {
    const answers: string[][] = [];
    const { port, tried } = await asking((context) => {
      context.prompt([{ prompt: 'Password: ', echo: false }], (first) => {
        answers.push(first);
        const more = [
          { prompt: 'Password again: ', echo: false },
          { prompt: 'Your mother: ', echo: true },
        ];
        context.prompt(more, (second) => {
          answers.push(second);
          context.reject();
        });
      });
    });
    const error = await refusal(await options(port));
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect(answers).toEqual([['geheim'], ['', '']]);
    expect(tried).toEqual(['keyboard-interactive']);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('geheim');
  });
});
