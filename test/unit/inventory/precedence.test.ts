import { describe, expect, it } from 'vitest';
import { inventoryOf } from './inventory-folder.js';

async function userOf(files: Readonly<Record<string, string>>, host = 'h'): Promise<string | undefined> {
  return (await inventoryOf(files)).hosts.get(host)?.user;
}

/** `h` in child < parent < all, beside `aunt` and `zoo`, two groups of one depth. */
const TREE = (vars: Readonly<Record<string, string>>): string => {
  const of = (name: string): string => (vars[name] === undefined ? '{}' : `{ansible_user: ${vars[name]}}`);
  return `
all:
  vars: ${of('all')}
  children:
    zoo: {vars: ${of('zoo')}, hosts: {h: }}
    aunt: {vars: ${of('aunt')}, hosts: {h: }}
    parent:
      vars: ${of('parent')}
      children:
        child: {vars: ${of('child')}, hosts: {h: ${of('host')}}}
`;
};
const as = (user: string): string => `ansible_user: ${user}\n`;

describe('precedence of variables', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['all alone', { all: 'all' }, 'all'],
    ['parent over all', { all: 'all', parent: 'parent' }, 'parent'],
    ['child over parent', { parent: 'parent', child: 'child' }, 'child'],
    ['the last name at the same depth', { aunt: 'aunt', zoo: 'zoo' }, 'zoo'],
    ['the last name, whatever the order in the file', { zoo: 'zoo', parent: 'parent' }, 'zoo'],
    ['depth over name', { zoo: 'zoo', child: 'child' }, 'child'],
    ['host over child', { child: 'child', host: 'host' }, 'host'],
  ])('%s', async (_, vars, expected) => {
    expect(await userOf({ 'inventory.yaml': TREE(vars) })).toBe(expected);
  });

  it('obeys ansible_group_priority at the same depth', async () => {
    const inventory = `
a: {vars: {ansible_user: a, ansible_group_priority: 10}, hosts: {h: }}
b: {vars: {ansible_user: b}, hosts: {h: }}
`;
    expect(await userOf({ 'inventory.yaml': inventory })).toBe('a');
  });

  it('counts the longest way down as the depth of a group', async () => {
    const inventory = `
a: {children: {b: {children: {deep: {vars: {ansible_user: deep}, hosts: {h: }}}}}}
c: {children: {deep: , side: {vars: {ansible_user: side}, hosts: {h: }}}}
`;
    expect(await userOf({ 'inventory.yaml': inventory })).toBe('deep');
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'group_vars/all wins over a child group inside the inventory',
      { 'group_vars/all.yml': as('file-all') },
      'file-all',
    ],
    [
      'group_vars/child wins over group_vars/all and group_vars/parent',
      {
        'group_vars/all.yml': as('file-all'),
        'group_vars/parent.yaml': as('file-parent'),
        'group_vars/child': as('file-child'),
      },
      'file-child',
    ],
    ['JSON as well', { 'group_vars/child.json': '{"ansible_user": "json"}' }, 'json'],
    [
      'a folder, its files in order, the last one wins',
      { 'group_vars/child/1.yml': as('one'), 'group_vars/child/2.yml': as('two') },
      'two',
    ],
    [
      'a folder before a file of the same name',
      { 'group_vars/child/1.yml': as('one'), 'group_vars/child.yml': as('file') },
      'one',
    ],
    [
      'not hidden files, backups and other extensions',
      {
        'group_vars/child/1.yml': as('one'),
        'group_vars/child/.2.yml': as('2'),
        'group_vars/child/3.yml~': as('3'),
        'group_vars/child/4.md': as('4'),
      },
      'one',
    ],
    ['files of other groups do not count', { 'group_vars/other.yml': as('other') }, 'child'],
  ])('%s', async (_, files, expected) => {
    expect(await userOf({ 'inventory.yaml': TREE({ child: 'child' }), ...files })).toBe(expected);
  });

  it('host_vars win over the host in the inventory, which wins over group_vars', async () => {
    const inventory = TREE({ host: 'host' });
    expect(await userOf({ 'inventory.yaml': inventory, 'group_vars/child.yml': as('group') })).toBe('host');
    expect(await userOf({ 'inventory.yaml': inventory, 'host_vars/h.yml': as('file') })).toBe('file');
  });

  it('finds host_vars of names with dots', async () => {
    const files = { 'inventory.yaml': 'all: {hosts: {web.yml: , web: }}', 'host_vars/web.yml': as('dotted') };
    expect(await userOf(files, 'web.yml')).toBe('dotted');
    expect(await userOf(files, 'web')).toBeUndefined();
  });

  it('replaces mappings as a whole, as Ansible does by default', async () => {
    const volume = (name: string): string =>
      `{volumes: {${name}: {data: {target_portal: 10.0.0.1, target_iqn: iqn.2010-10.org.example:a, target_lun: 1}}}}`;
    const inventory = await inventoryOf(`all: {vars: ${volume('group')}, hosts: {a: ${volume('host')}, b: }}`);
    expect([...(inventory.hosts.get('a')?.volumes.keys() ?? [])]).toEqual(['host']);
    expect([...(inventory.hosts.get('b')?.volumes.keys() ?? [])]).toEqual(['group']);
  });

  it('says which files are not read and why', async () => {
    const inventory = await inventoryOf({
      'inventory.yaml': 'all: {hosts: {a: }}',
      'group_vars/all/x.yml': as('one'),
      'group_vars/all.yml': as('two'),
      'group_vars/nobody.yml': as('three'),
      'host_vars/a.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
    });
    const notes = inventory.notes.map(
      ({ level, message }) => `${level} ${message.replaceAll(/\/\S*\/(?=group_vars|host_vars)/g, '')}`,
    );
    expect(notes.toSorted()).toEqual([
      'debug group_vars/nobody.yml is about no group of this inventory',
      'warning group_vars/all.yml is not read, because group_vars/all exists (as in Ansible)',
      'warning host_vars/a.yml is encrypted by ansible-vault and was not read; give secrets as {env: NAME} or {file: PATH}',
    ]);
  });
});
