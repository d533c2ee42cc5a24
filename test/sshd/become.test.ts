import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/secrets/secret.js';
import type { Executor } from '../../src/transport/executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import type { Become } from '../../src/transport/ssh-options.js';
import { ask, run, soon } from './executors.js';
import { type SshdFixture, startSshd } from './sshd-fixture.js';

let sshd: SshdFixture | undefined;
const executors: Executor[] = [];
afterEach(async () => {
  for (const executor of executors.splice(0)) await executor.close();
  await sshd?.close();
  sshd = undefined;
});

/**
 * A sudo that asks as the real one does: prompt on stderr, up to three tries, one line of stdin each. It notes what it was given, so that a test
 * sees every line that it took for a password.
 */
const ASKING_SUDO = `
log=$(dirname "$0")/../sudo.log
echo "$*" >>"$log"
prompt=
while [ $# -gt 0 ]; do
  case $1 in -p) prompt=$2; shift 2 ;; -u) shift 2 ;; --) shift; break ;; *) shift ;; esac
done
echo 'We trust you have received the usual lecture.' >&2
for try in 1 2 3; do
  printf %s "$prompt" >&2
  IFS= read -r line || { echo 'sudo: no password was provided' >&2; exit 1; }
  echo "line: $line" >>"$log"
  [ "$line" = 'right one' ] && exec "$@"
  echo 'Sorry, try again.' >&2
done
echo 'sudo: 3 incorrect password attempts' >&2
exit 1`;

async function become(become: Become, tool: Record<string, string> = {}): Promise<Executor> {
  sshd = await startSshd({ fakeTools: tool });
  const executor = await connectSsh(sshd.options({ become }), soon());
  executors.push(executor);
  return executor;
}

const sudoLog = (): string => readFileSync(path.join(sshd?.directory ?? '', 'sudo.log'), 'utf8');

describe('become', () => {
  test('real sudo without a password gives a lane of the other user', async () => {
    const root = await become({ method: 'sudo' });
    expect(await ask(root, run('id', '-un'))).toMatchObject({ stdout: 'root\n' });
    expect(root.counters().remoteProcesses).toBeGreaterThanOrEqual(2);
    await sshd?.close();
    const nobody = await become({ method: 'sudo', user: 'nobody' });
    expect(await ask(nobody, run('id', '-un'))).toMatchObject({ stdout: 'nobody\n' });
  });

  test('real sudo that does not ask gets no password, and the shell does not see it', async () => {
    const executor = await become({ method: 'sudo', password: new Secret('touch /tmp/longshore-pwned') });
    expect(await ask(executor, run('id', '-un'))).toMatchObject({ stdout: 'root\n', stderr: '' });
    expect((await ask(executor, { kind: 'list', patterns: ['/tmp/longshore-pwned'] })).paths).toEqual([]);
  });

  test('a password is given when sudo asks, for each lane', async () => {
    const executor = await become({ method: 'sudo', password: new Secret('right one') }, { sudo: ASKING_SUDO });
    const replies = await Promise.all([ask(executor, run('echo', 'a')), ask(executor, run('echo', 'b'))]);
    expect(replies.map((reply) => reply.stdout + reply.stderr)).toEqual(['a\n', 'b\n']);
    expect(sudoLog().match(/^line: .*$/gm)).toEqual(['line: right one', 'line: right one']);
    expect(sudoLog()).not.toMatch(/^(?!line:).*right one/m);
  });

  test('a wrong password is tried once, and never shown', async () => {
    const trying = become({ method: 'sudo', password: new Secret('wrong one') }, { sudo: ASKING_SUDO });
    const error: unknown = await trying.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'E_BECOME', details: { host: 'web01' } });
    expect(String(error)).toContain('did not accept the password');
    expect(JSON.stringify(error) + String(error)).not.toContain('wrong one');
    expect(sudoLog().match(/^line: .*$/gm)).toEqual(['line: wrong one']);
  });

  test.each([
    ['a password is required', 'echo "sudo: a password is required" >&2; exit 1', 'ansible_become_password'],
    ['must have a tty', 'echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1', 'requiretty'],
    ['not in the sudoers', 'echo "joe is not in the sudoers file." >&2; exit 1', 'rules of sudo'],
  ])('sudo that says "%s" is an error that says what to do', async (said, script, remedy) => {
    await expect(become({ method: 'sudo' }, { sudo: script })).rejects.toMatchObject({
      code: 'E_BECOME',
      message: expect.stringContaining(said) as string,
      details: { remedy: expect.stringContaining(remedy) as string },
    });
  });

  test('sudo and doas that are not installed are named', async () => {
    for (const method of ['sudo', 'doas'] as const) {
      const trying = become({ method }, { [method]: 'exit 127' });
      await expect(trying).rejects.toMatchObject({ code: 'E_BECOME', details: { host: 'web01' } });
      await sshd?.close();
    }
  });

  test('doas is asked without a password and starts the shell', async () => {
    const doas = `echo "$*" >"$(dirname "$0")/../doas.log"; shift 3; exec "$@"`;
    const executor = await become({ method: 'doas', user: 'storage' }, { doas });
    expect(await ask(executor, run('echo', 'ok'))).toMatchObject({ stdout: 'ok\n' });
    expect(readFileSync(path.join(sshd?.directory ?? '', 'doas.log'), 'utf8')).toBe('-n -u storage /bin/sh\n');
    rmSync(path.join(sshd?.directory ?? '', 'doas.log'));
  });

  test('real su from root needs no terminal and gives a lane of the other user, with several lanes', async () => {
    const nobody = await become({ method: 'su', user: 'nobody' });
    const replies = await Promise.all([ask(nobody, run('id', '-un')), ask(nobody, run('id', '-un'))]);
    expect(replies.map((reply) => reply.stdout)).toEqual(['nobody\n', 'nobody\n']);
  });

  test('su from anybody else is refused before it asks, and says what to use instead', async () => {
    const id = 'echo 1000';
    const su = 'echo "$*" >"$(dirname "$0")/../su.log"';
    await expect(become({ method: 'su' }, { id, su })).rejects.toMatchObject({
      code: 'E_BECOME',
      details: { remedy: expect.stringContaining('sudo or doas') as string },
    });
    expect(existsSync(path.join(sshd?.directory ?? '', 'su.log'))).toBe(false);
  });
});
