import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunExecutable } from '../../../src/inventory/groups/read-script.js';
import type { Inventory } from '../../../src/inventory/inventory.js';
import { readInventory } from '../../../src/inventory/read-inventory.js';
import { failureOf, folderOf, inventoryOf } from './inventory-folder.js';

const calls: string[] = [];

/** An executable inventory whose answers are given; the last argument list is kept in `calls`. */
async function scripted(answers: Readonly<Record<string, unknown>>, exit = 0, stderr = ''): Promise<Inventory> {
  calls.length = 0;
  const filePath = path.join(folderOf({ hosts: '#!/bin/sh\n' }, 0o755), 'hosts');
  const runExecutable: RunExecutable = (file, args) => {
    expect(file).toBe(filePath);
    calls.push(args.join(' '));
    const answer = answers[args.join(' ')];
    return Promise.resolve({ stdout: typeof answer === 'string' ? answer : JSON.stringify(answer), stderr, exit });
  };
  return await readInventory(filePath, { env: {}, runExecutable });
}

describe('an executable inventory', () => {
  it('gives groups, children and all variables for --list', async () => {
    const inventory = await scripted({
      '--list': {
        all: { children: ['ungrouped', 'prod', 'empty'] },
        prod: { children: ['web'], vars: { ansible_user: 'admin' } },
        web: { hosts: ['web1', 'web2'] },
        old: ['web2', 'db1'],
        _meta: { hostvars: { web1: { ansible_host: '10.0.0.1', ansible_port: 2222 }, db1: {} } },
      },
    });
    expect(calls).toEqual(['--list']);
    expect(inventory.hosts.get('web1')).toMatchObject({ address: '10.0.0.1', port: 2222, user: 'admin' });
    expect(inventory.hosts.get('web2')?.groups).toEqual(['old', 'prod', 'web']);
    expect(inventory.groups.get('empty')?.hosts).toEqual([]);
  });

  it('is asked for each host when it has no _meta', async () => {
    const inventory = await scripted({
      '--list': { web: { hosts: ['a', 'b'] } },
      '--host a': { ansible_port: 1 },
      '--host b': {},
    });
    expect(calls).toEqual(['--list', '--host a', '--host b']);
    expect(inventory.hosts.get('a')?.port).toBe(1);
  });

  it('may be saved as JSON', async () => {
    const saved = JSON.stringify({ web: { hosts: ['a'] }, _meta: { hostvars: { a: { ansible_port: 23 } } } });
    const inventory = await inventoryOf(saved, {}, 'saved.json');
    expect(inventory.hosts.get('a')).toMatchObject({ port: 23, groups: ['web'] });
  });

  it.each<[string, unknown, string]>([
    ['text', 'not json', 'hosts --list:1:1: must print one JSON object'],
    ['nothing', '', 'hosts --list:1:1: must print one JSON object'],
    [
      'broken JSON',
      '{"web": {"hosts": ["a"',
      'hosts --list:1:23: YAML syntax: the indentation is wrong or a bracket is not closed; indent with spaces, the same for all keys of one level',
    ],
    [
      'a host in no group',
      { _meta: { hostvars: { web9: {} } }, web: { hosts: ['web1'] } },
      'hosts --list:1:23 _meta.hostvars.web9: host "web9" is in no group; add it to one, if only to "ungrouped"; did you mean "web1"?',
    ],
    [
      'hosts as text',
      { web: { hosts: 'a' }, _meta: { hostvars: {} } },
      'hosts --list:1:9 web.hosts: must be a list of names',
    ],
    [
      'a host that is an option',
      { web: { hosts: ['-oProxyCommand=x'] }, _meta: { hostvars: {} } },
      'hosts --list:1:18 web.hosts: host name "-oProxyCommand=x" begins with "-", which ssh would take for an option; rename it',
    ],
    [
      'a bad port',
      { web: ['a'], _meta: { hostvars: { a: { ansible_port: 'x' } } } },
      'hosts --list:1:55 _meta.hostvars.a.ansible_port: "x" is not a port; write a number from 1 to 65535',
    ],
    [
      'cyclic groups',
      { a: { children: ['b'] }, b: { children: ['a'] }, _meta: { hostvars: {} } },
      'hosts --list:1:42 b.children.a: groups contain each other: a > b > a; remove one of these children',
    ],
  ])('that prints %s is refused', async (_, answer, message) => {
    expect(await failureOf(() => scripted({ '--list': answer }))).toBe(`E_INVENTORY ${message}`);
  });

  it('that fails is refused with the last line of what it said', async () => {
    expect(await failureOf(() => scripted({ '--list': '' }, 3, 'trace\nno \u001b[31mcredentials\n'))).toBe(
      'E_INVENTORY hosts --list:1:1: ended with exit 3 and said "no \\u001b[31mcredentials"; run it by hand and mend it',
    );
  });

  it('is refused where nothing can run it, and is never run as data', async () => {
    const filePath = path.join(folderOf({ hosts: 'all:\n' }, 0o755), 'hosts');
    expect(await failureOf(() => readInventory(filePath, { env: {} }))).toBe(
      'E_INVENTORY hosts:1:1: is executable, and inventories cannot be run here; save what it prints for --list as FILE.json and use that, or take away its x permission if it is data',
    );
  });

  it('is data when its name says so, whatever its mode', async () => {
    const filePath = path.join(folderOf({ 'hosts.yaml': 'all: {hosts: {a: }}\n' }, 0o755), 'hosts.yaml');
    expect((await readInventory(filePath, { env: {} })).hosts.has('a')).toBe(true);
  });
});
