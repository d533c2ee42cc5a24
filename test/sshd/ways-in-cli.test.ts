import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SshdFixture, startSshd } from './sshd-fixture.js';
import { type Gate, knownAt, networkBehind, type NewUser, newUser } from './ways-in-fixture.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PASSPHRASE = 'open sesame';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let user: NewUser;
let jump: SshdFixture;
let inner: SshdFixture;
let gate: Gate;
beforeEach(async () => {
  user = newUser();
  cleanups.push(() => user.remove());
  [jump, inner] = await Promise.all([startSshd(), startSshd()]);
  cleanups.push(
    () => jump.close(),
    () => inner.close(),
  );
  gate = await networkBehind(jump, inner);
  cleanups.push(() => gate.close());
  user.file('known_hosts', readFileSync(jump.knownHosts, 'utf8') + knownAt(gate.port, inner));
  user.file(
    'config',
    `Host bastion\n  HostName 127.0.0.1\n  Port ${jump.port}\n\nHost web0?\n  HostName 127.0.0.1\n  Port ${gate.port}\n  ProxyJump bastion\n`,
  );
  user.file('fleet.yaml', 'all:\n  hosts:\n    web01:\n    web02:\n');
});

interface Ended {
  readonly code: number | null;
  /** stdout of a pipe; all that a terminal shows */
  readonly output: string;
  readonly stderr: string;
}

function ending(child: ChildProcess, onText: (text: string) => void = () => undefined): Promise<Ended> {
  let output = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    onText(output);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output, stderr }));
  });
}

/** The program from its sources: as this user, without an agent. */
const program = (...args: string[]): string[] => ['--import', 'tsx', 'src/cli/main.ts', ...args];
const env = () => ({ PATH: process.env['PATH'], HOME: user.home });
const fleet = (): string => path.join(user.home, '.ssh', 'fleet.yaml');

function inPipe(input: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, program(...args), { cwd: ROOT, env: env(), stdio: 'pipe' });
  child.stdin.end(input);
  return ending(child);
}

/** On a terminal of its own, where `typed` is entered when the question is there. */
function onTerminal(question: RegExp, typed: string, ...args: string[]): Promise<Ended> {
  const line = [process.execPath, ...program(...args)].map((word) => `'${word}'`).join(' ');
  const child = spawn('/usr/bin/script', ['-qefc', line, '/dev/null'], { cwd: ROOT, env: env(), stdio: 'pipe' });
  let isTyped = false;
  return ending(child, (output) => {
    if (isTyped || !question.test(output)) return;
    isTyped = true;
    child.stdin.write(typed);
  });
}

describe('a new user with nothing but an entry in ~/.ssh/config', () => {
  test('reaches hosts behind a jump host with longshore ping', async () => {
    user.key('id_ed25519', [jump, inner]);
    const { code, output, stderr } = await inPipe('', 'ping', '-i', fleet());
    expect(stderr).toContain('2 hosts: 2 ok');
    expect(output).toMatch(/^web01 .*\n.*|\nweb02 /m);
    expect(code).toBe(0);
    expect([jump.accepted(), gate.opened()]).toEqual([1, 2]);
  });

  test('is asked for the passphrase of the key once, and does not see it', async () => {
    user.key('id_ed25519', [jump, inner], PASSPHRASE);
    const { code, output } = await onTerminal(
      /passphrase for .*id_ed25519: $/,
      `${PASSPHRASE}\r`,
      'ping',
      '-i',
      fleet(),
    );
    expect(output).toContain('2 hosts: 2 ok');
    expect(code).toBe(0);
    expect(output.match(/passphrase for/g)).toHaveLength(1);
    expect(output).not.toContain(PASSPHRASE);
  });

  test('ends the run with Ctrl-C at that question', async () => {
    user.key('id_ed25519', [jump, inner], PASSPHRASE);
    const { code, output } = await onTerminal(/passphrase for .*id_ed25519: $/, 'half\u0003', 'ping', '-i', fleet());
    expect(code).toBe(130);
    expect(output).not.toContain('half');
  });

  test('is told what to do where nobody can be asked', async () => {
    const key = user.key('id_ed25519', [jump, inner], PASSPHRASE);
    const { code, stderr } = await inPipe('', 'ping', '-i', fleet());
    expect(code).toBe(4);
    expect(stderr).toContain(`nothing to log in to web01 with: ${key} cannot be used (it needs its passphrase)`);
    expect(stderr).toContain('load it into ssh-agent');
  });

  test('can say what ssh_config says in the inventory, in another file, or not at all', async () => {
    user.key('id_ed25519', [jump, inner]);
    const config = user.file('site_config', readFileSync(path.join(user.home, '.ssh', 'config'), 'utf8'));
    user.file('config', '');
    expect((await inPipe('', 'ping', '-i', fleet(), '--ssh-config', config)).stderr).toContain('2 hosts: 2 ok');
    user.file(
      'fleet.yaml',
      `all:\n  vars: {ansible_ssh_common_args: -o ProxyJump=127.0.0.1:${jump.port} -o StrictHostKeyChecking=no}\n  hosts:\n    web01: {ansible_host: 127.0.0.1, ansible_port: ${gate.port}}\n`,
    );
    const { code, stderr } = await inPipe('', 'ping', '-i', fleet(), '--ssh-config', 'none');
    expect(stderr).toMatch(/^warning {2}StrictHostKeyChecking=no \(web01\) is not honoured/m);
    expect(code).toBe(0);
  });
});

describe('--ask-pass', () => {
  test('takes the password without echo, and the line after it for sudo from a pipe', async () => {
    user.file('config', '');
    user.file('fleet.yaml', `all:\n  hosts:\n    web01: {ansible_host: 127.0.0.1, ansible_port: ${inner.port}}\n`);
    const args = ['ping', '-i', fleet(), '--known-hosts', inner.knownHosts];
    const shown = await onTerminal(/SSH password: $/, 'geheim\r', ...args, '-k', '--log-level', 'trace');
    expect(shown.output).toContain('E_AUTH');
    expect(shown.output).not.toContain('geheim');
    const piped = await inPipe('geheim\nheimlich\n', ...args, '-k', '-K', '--log-level', 'trace');
    expect(piped.code).toBe(4);
    expect(piped.output + piped.stderr).not.toMatch(/geheim|heimlich/);
    expect((await inPipe('geheim\n', ...args, '-k', '-K')).code).toBe(3);
    // nobody waits for the end of a pipe that has given its line
    const child = spawn(process.execPath, program(...args, '-k'), { cwd: ROOT, env: env(), stdio: 'pipe' });
    child.stdin.write('geheim\nmore\n');
    expect((await ending(child)).code).toBe(4);
  });
});
