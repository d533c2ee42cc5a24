import { describe, expect, it } from 'vitest';
import { readSettings, type SshConfig } from '../../../src/transport/ssh-config.js';
import { readSshArguments } from '../../../src/transport/ssh-config-arguments.js';

const CONTEXT = {
  name: 'web1',
  home: '/home/op',
  localUser: 'op',
  localUserId: 1000,
  localHostName: 'bastion.example.com',
  env: { SOCKET: '/run/agent', KEYS: '/keys' },
  sshArguments: [],
};

function read(settings: Readonly<Record<string, string | readonly string[]>>, changes = {}): SshConfig {
  const entries = Object.entries(settings).map(([key, value]) => [key, [value].flat()] as const);
  return readSettings(new Map(entries), { ...CONTEXT, ...changes });
}

describe('the settings of a host', () => {
  it('have the defaults of ssh where nothing is said', () => {
    expect(read({})).toMatchObject({
      hostName: 'web1',
      port: 22,
      user: 'op',
      identityFiles: null,
      identitiesOnly: false,
      userKnownHostsFiles: null,
      strictHostKeyChecking: 'ask',
      proxyJump: [],
      addressFamily: 'any',
    });
    expect(read({})).not.toHaveProperty('identityAgent');
  });

  it('are taken as ssh takes them, with tokens and the home directory', () => {
    const config = read({
      hostname: '%h.example.com',
      user: 'deploy',
      port: '2222',
      identityfile: ['~/.ssh/%n-%r', '${KEYS}/%u@%L:%p', '/plain %% %d'],
      identityagent: '$SOCKET',
      userknownhostsfile: '/a /b c ~/d',
      connecttimeout: '1m30s',
      serveraliveinterval: '7',
      stricthostkeychecking: 'true',
      addressfamily: 'inet6',
      proxycommand: 'nc -X 5 %h %p',
    });
    expect(config).toMatchObject({
      hostName: 'web1.example.com',
      identityFiles: ['/home/op/.ssh/web1-deploy', '/keys/op@bastion:2222', '/plain % /home/op'],
      identityAgent: '/run/agent',
      userKnownHostsFiles: ['/a', '/b c', '/home/op/d'],
      connectTimeoutMs: 90_000,
      serverAliveIntervalMs: 7000,
      strictHostKeyChecking: 'yes',
      addressFamily: 'inet6',
      proxyCommand: 'nc -X 5 web1.example.com 2222',
    });
  });

  it('give way to what the inventory and the command line say, in tokens too', () => {
    const config = read({ user: 'a', port: '1', proxycommand: 'x %r %p' }, { user: 'b', port: 2 });
    expect(config).toMatchObject({ user: 'b', port: 2, proxyCommand: 'x b 2' });
  });

  it.each([
    ['none', []],
    ['a', [{ name: 'a' }]],
    [
      'u@a:22,ssh://v@[2001:db8::1]:23/,b',
      [{ user: 'u', name: 'a', port: 22 }, { user: 'v', name: '2001:db8::1', port: 23 }, { name: 'b' }],
    ],
  ])('ProxyJump %s', (text, hops) => {
    expect(read({ proxyjump: text }).proxyJump).toEqual(hops);
  });

  it.each(['a:b:c', 'a:0', 'a:70000', '-oProxyCommand=x', '', 'a,,b'])('ProxyJump %j is refused', (text) => {
    expect(() => read({ proxyjump: text })).toThrow('is no [user@]host[:port]');
  });

  it.each(['a;b', '$(id)', '-x', 'a b', "a'b"])('a name %j never gets into a ProxyCommand', (name) => {
    expect(() => read({ proxycommand: 'nc %h 22' }, { name })).toThrow('not safe');
    expect(read({ proxycommand: 'nc proxy 22' }, { name }).proxyCommand).toBe('nc proxy 22');
  });
});

describe('words of ansible_ssh_common_args', () => {
  it.each([
    [['-o', 'ProxyJump=jump'], [['proxyjump', 'jump']]],
    [['-oProxyJump jump'], [['proxyjump', 'jump']]],
    [['-J', 'a,b', '-C', '-q', '-vvv'], [['proxyjump', 'a,b']]],
    [
      ['-o', 'ProxyCommand=ssh -W "%h:%p" x', '-lroot', '-p', '23'],
      [
        ['proxycommand', 'ssh -W "%h:%p" x'],
        ['user', 'root'],
        ['port', '23'],
      ],
    ],
    [
      ['-4', '-i', '/k', '-L', '1:2:3'],
      [
        ['addressfamily', 'inet'],
        ['identityfile', '/k'],
      ],
    ],
  ])('%j', (words, settings) => {
    expect(readSshArguments(words, 'web1').settings).toEqual(settings);
  });

  it('name another file by -F', () => {
    expect(readSshArguments(['-F', '/a', '-F/b'], 'web1').configFile).toBe('/b');
  });

  it.each([[['jump']], [['-o']], [['--']], [['-C', 'x']]])('%j is refused: ssh would take it for the host', (words) => {
    expect(() => readSshArguments(words, 'web1')).toThrow('no option of ssh');
  });
});
