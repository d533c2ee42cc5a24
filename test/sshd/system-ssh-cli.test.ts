import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SshdFixture, makeKey, startSshd } from './sshd-fixture.js';
import { KEYGEN } from './system-ssh-options.js';
import { type NewUser, newUser } from './ways-in-fixture.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let user: NewUser;
let host: SshdFixture;
let fleet: string;
beforeEach(async () => {
  user = newUser();
  const authority = makeKey(user.home, 'authority');
  host = await startSshd({ config: [`TrustedUserCAKeys ${authority}.pub`] });
  const key = user.key('id_ed25519', []);
  const name = userInfo().username;
  execFileSync(KEYGEN, ['-q', '-s', authority, '-I', 'operator', '-n', name, '-V', '+5m', `${key}.pub`]);
  user.file('known_hosts', readFileSync(host.knownHosts, 'utf8'));
  user.file('config', `Host web01\n  HostName 127.0.0.1\n  Port ${host.port}\n`);
  fleet = user.file('fleet.yaml', 'all:\n  hosts:\n    web01:\n');
});
afterEach(async () => {
  await host.close();
  user.remove();
});

function longshore(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], HOME: user.home, XDG_RUNTIME_DIR: user.home };
  const argv = ['--import', 'tsx', 'src/cli/main.ts', ...args];
  const child = spawn(process.execPath, argv, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

describe('a user with a certificate, and a host that takes nothing else', () => {
  test('ping works by itself, and the log says how', async () => {
    const { code, stderr } = await longshore('ping', '-i', fleet, '--log-level', 'info');
    expect(stderr).toContain('1 host: 1 ok');
    expect(code).toBe(0);
    const chosen = stderr.split('\n').find((line) => line.includes('transport-chosen')) ?? '';
    expect(JSON.parse(chosen)).toMatchObject({
      host: 'web01',
      transport: 'openssh',
      reason: `there is the certificate ${path.join(user.home, '.ssh', 'id_ed25519-cert.pub')}, which ssh2 cannot use`,
    });
  });

  test('the inventory and the command line choose, the command line first', async () => {
    writeFileSync(fleet, 'all:\n  hosts:\n    web01:\n      longshore_transport: ssh2\n');
    const refused = await longshore('ping', '-i', fleet);
    expect(refused.stderr).toContain('E_AUTH');
    expect(refused.code).toBe(4);
    const chosen = await longshore('ping', '-i', fleet, '--transport', 'openssh');
    expect(chosen.code).toBe(0);
  });

  test('become command by command is refused with a password, before any connection', async () => {
    const vars = 'ansible_become: true, ansible_become_password: x, longshore_become_scope: command';
    writeFileSync(fleet, `all:\n  hosts:\n    web01: { ${vars} }\n`);
    const refused = await longshore('ping', '-i', fleet);
    expect(refused.stderr).toContain('longshore_become_scope');
    expect(host.connections()).toBe(0);
    expect(refused.code).not.toBe(0);
  });
});
