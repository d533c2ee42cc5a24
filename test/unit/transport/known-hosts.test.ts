import { describe, expect, test } from 'vitest';
import { KnownHosts, knownHostName, parseKnownHosts } from '../../../src/transport/known-hosts.js';

const names = (text: string, name: string): readonly number[] =>
  new KnownHosts(parseKnownHosts(text, '/kh')).of(name).map((entry) => entry.line);

describe('known_hosts', () => {
  test('a host is kept under its address in lower case, with brackets and port unless that is 22', () => {
    expect(knownHostName('Web01.Example', 22)).toBe('web01.example');
    expect(knownHostName('fd00::1', 22)).toBe('fd00::1');
    expect(knownHostName('fd00::1', 2222)).toBe('[fd00::1]:2222');
  });

  test('lines that are none are passed over, and the others keep their number', () => {
    const text =
      '# c\n\nweb01 ssh-ed25519\nweb01 ssh-ed25519 KEY a comment\n  @revoked web01 ssh-rsa KEY\n@unknown web01 ssh-rsa KEY\n';
    expect(parseKnownHosts(text, '/kh')).toMatchObject([
      { line: 4, marker: '', names: 'web01', keyType: 'ssh-ed25519', key: 'KEY' },
      { line: 5, marker: '@revoked' },
    ]);
  });

  test('patterns, lists and negation are those of ssh', () => {
    const text = ['WEB*,!web09 t K', '*.example t K', 'web0? t K', '!web01 t K', '[web01]:* t K', 'web.1 t K'].join(
      '\n',
    );
    expect(names(text, 'web01')).toEqual([1, 3]);
    expect(names(text, 'web09')).toEqual([3]);
    expect(names(text, 'db.example')).toEqual([2]);
    expect(names(text, '[web01]:2222')).toEqual([5]);
    expect(names(text, 'webx1')).toEqual([1]);
  });

  test('what speaks of a host comes in the order of the file, whether by its name, by a pattern or hashed', () => {
    // of 192.168.1.61, as sshd(8) shows it
    const hashed = '|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=';
    const text = ['WEB* t K', 'db,web01 t K', 'web01,web01 t K', `${hashed} t K`, 'web01 t K', 'web?1 t K'].join('\n');
    expect(names(text, 'web01')).toEqual([1, 2, 3, 5, 6]);
    expect(names(text, '192.168.1.61')).toEqual([4]);
  });
});
