import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SshConfig } from '../../../src/transport/ssh-config.js';
import {
  type SshConfigQuery,
  SshConfigResolver,
  type SshConfigSource,
} from '../../../src/transport/ssh-config-resolver.js';

let home = '';
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'longshore-config-'));
  mkdirSync(path.join(home, '.ssh'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const filePath = path.join(home, '.ssh', name);
  writeFileSync(filePath, text);
  return filePath;
};

function resolver(changes: Partial<SshConfigSource> = {}): SshConfigResolver {
  return new SshConfigResolver({
    home,
    // as where $HOME is the account's own: ssh -G is then given no file, so these tests name one
    accountHome: '/nonexistent',
    localUser: 'op',
    localUserId: 1000,
    localHostName: 'bastion',
    env: {},
    systemFile: '/nonexistent',
    ...changes,
  });
}

const look = (
  name: string,
  changes: Partial<SshConfigSource> = {},
  query: Partial<SshConfigQuery> = {},
): Promise<SshConfig> => resolver(changes).resolve({ name, arguments: [], ...query });

/** An ssh that counts how often it is called. */
function countingSsh(): { program: string; calls: () => number } {
  const log = path.join(home, 'calls');
  const program = path.join(home, 'ssh');
  writeFileSync(log, '');
  writeFileSync(program, `#!/bin/sh\necho "$@" >> ${log}\nexec ssh "$@"\n`, { mode: 0o755 });
  return { program, calls: () => readFileSync(log, 'utf8').split('\n').length - 1 };
}

const CONFIG = `
# a comment
Host web* !web9
  HostName %h.example.com
  User = "deploy"
  IdentityFile ~/.ssh/one
  IdentityFile "~/.ssh/two keys"
Host web1 db?
  User late
  Port 2222
  ProxyJump jump,u@other:2200
Include part.d/*.conf
host *
  StrictHostKeyChecking accept-new
  ConnectTimeout 3
  UserKnownHostsFile ~/.ssh/a /etc/b
`;

describe('plain reading', () => {
  it.each(['web1', 'web2', 'web9', 'db1', 'WEB1', 'other', 'inc1'])('says of %s what ssh -G says', async (name) => {
    write('config', CONFIG);
    mkdirSync(path.join(home, '.ssh', 'part.d'));
    const include = write('part.d/a.conf', 'Host inc1\n  Port 4\n  ServerAliveInterval 5\n  IdentitiesOnly yes\n');
    // ssh's own relative includes start in the account's home directory
    write('config', readFileSync(path.join(home, '.ssh', 'config'), 'utf8').replace('part.d/*.conf', include));
    const [bySsh, plain] = await Promise.all([look(name), look(name, { program: '/no/such/ssh' })]);
    const comparable = ({ settings: _settings, userKnownHostsFiles, ...config }: SshConfig) => ({
      ...config,
      known: userKnownHostsFiles?.length,
      user: config.user === execFileSync('id', ['-un'], { encoding: 'utf8' }).trim() ? 'op' : config.user,
      globalKnownHostsFiles: null,
    });
    expect(comparable(plain)).toEqual(comparable(bySsh));
  });

  it.each([
    ['Match host web1\n  Port 1\n', /config:1 has Match, which takes the ssh program/],
    ['CanonicalizeHostname yes\n', /config:1 has CanonicalizeHostname/],
  ])('refuses %j', async (text, message) => {
    write('config', text);
    await expect(look('web1', { program: '/no/such/ssh' })).rejects.toThrow(message);
  });

  it('takes the first of ProxyJump and ProxyCommand', async () => {
    write('config', 'Host a\n  ProxyJump j\nHost *\n  ProxyCommand nc %h 22\n');
    const plain = { program: '/no/such/ssh' };
    expect(await look('a', plain)).toMatchObject({ proxyJump: [{ name: 'j' }] });
    expect(await look('b', plain)).toMatchObject({ proxyJump: [], proxyCommand: 'nc b 22' });
  });
});

describe('ssh -G', () => {
  it('is not run for a host of which the files say nothing, and once for each other', async () => {
    write('config', 'Host web*\n  User deploy\nHost *\n  SendEnv LANG\n');
    const { program, calls } = countingSsh();
    const configs = resolver({ program });
    await Promise.all(['10.0.0.1', '10.0.0.2', 'db1'].map((name) => configs.resolve({ name, arguments: [] })));
    expect(calls()).toBe(0);
    const found = await Promise.all(['web1', 'web1', 'web2'].map((name) => configs.resolve({ name, arguments: [] })));
    expect(found.map(({ user }) => user)).toEqual(['deploy', 'deploy', 'deploy']);
    expect(calls()).toBe(2);
  });

  it('judges Match, and gets what the inventory says', async () => {
    write('config', 'Match user deploy\n  Port 99\nMatch originalhost x\n  Port 1\n');
    expect(await look('web1', {}, { user: 'deploy' })).toMatchObject({ user: 'deploy', port: 99 });
    expect(await look('web1', {}, { user: 'deploy', port: 5 })).toMatchObject({ port: 5 });
    expect(await look('web1')).toMatchObject({ port: 22 });
  });

  it('that refuses the file: its own words, with the line', async () => {
    write('config', 'Host web1\n  Port 1\n  NoSuchThing yes\n');
    await expect(look('web1')).rejects.toMatchObject({
      code: 'E_UNREACHABLE',
      message: expect.stringMatching(/config: line 3: Bad configuration option: nosuchthing/) as string,
    });
  });

  it('takes the file of --ssh-config before that of -F, and none', async () => {
    write('config', 'Host *\n  Port 1\n');
    const two = write('two', 'Host *\n  Port 2\n');
    const three = write('three', 'Host *\n  Port 3\n');
    const words = { arguments: ['-F', two] };
    expect((await look('a', {}, words)).port).toBe(2);
    expect((await look('a', { configFile: three }, words)).port).toBe(3);
    expect((await look('a', { configFile: 'none' })).port).toBe(22);
    expect((await look('a', { configFile: three }, words)).sshArguments).toEqual(['-F', two, '-F', three]);
  });
});
