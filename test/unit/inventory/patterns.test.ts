import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../../src/inventory/inventory.js';
import { foldNames } from '../../../src/inventory/patterns/fold-names.js';
import { listInventory } from '../../../src/inventory/patterns/list-inventory.js';
import { selectHosts } from '../../../src/inventory/patterns/select-hosts.js';
import { failureOf, folderOf, inventoryOf } from './inventory-folder.js';

const FLEET = `
web:
  hosts:
    web[01:05]:
db:
  hosts:
    db1:
    db2:
prod:
  hosts: {web01: , web02: , db1: }
empty: {}
v6:
  hosts:
    "2001:db8::1":
    "2001:db8::2":
all:
  hosts:
    node[001:012]:
`;
const fleet: Inventory = await inventoryOf(FLEET);

function select(pattern: string | undefined, inventory = fleet): string {
  return foldNames(selectHosts(inventory, pattern).map(({ name }) => name));
}

describe('a host pattern', () => {
  it.each<[string | undefined, string]>([
    ['web01', 'web01'],
    ['web', 'web[01-05]'],
    ['web:db', 'db[1-2],web[01-05]'],
    ['web,db', 'db[1-2],web[01-05]'],
    [' web , db1 ', 'db1,web[01-05]'],
    ['web01,db1:db2', 'db[1-2],web01'],
    ['web:&prod', 'web[01-02]'],
    ['web:!prod', 'web[03-05]'],
    ['!prod:web', 'web[03-05]'],
    ['web*:&prod:!web01', 'web02'],
    [':!node*:!v6', 'db[1-2],web[01-05]'],
    ['all:!node*:!v6:!web', 'db[1-2]'],
    ['&prod', 'db1,web[01-02]'],
    ['web0?', 'web[01-05]'],
    ['web0[!12]', 'web[03-05]'],
    ['*[bx]*:!v6:!db', 'web[01-05]'],
    ['*b1', 'db1'],
    ['~web0[1-3]', 'web[01-03]'],
    ['~(web|db)0?1', 'db1,web01'],
    ['~(?:we|d)b0{0,1}1:!web', 'db1'],
    ['~d', 'db[1-2]'],
    ['web[0]', 'web01'],
    ['web[-1]', 'web05'],
    ['web[1:2]', 'web[02-03]'],
    ['web[3:]', 'web[04-05]'],
    ['web*[0]', 'web01'],
    ['web[01-03]', 'web[01-03]'],
    ['web[01:03]', 'web[01-03]'],
    ['node[001-100]', 'node[001-012]'],
    ['node[001-012/5,7]', 'node[001,006,011]'],
    ['node[001-003,010]:!node002', 'node[001,003,010]'],
    ['node[001-002],web[01-02]', 'node[001-002],web[01-02]'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1,2001:db8::2', '2001:db8::1,2001:db8::2'],
    ['v6:!2001:db8::1', '2001:db8::2'],
    ['web:!empty', 'web[01-05]'],
    ['web:empty', 'web[01-05]'],
  ])('%s', (pattern, expected) => {
    expect(select(pattern)).toBe(expected);
  });

  it('counts positions through the hosts of a group, then those of its children', async () => {
    const nested = await inventoryOf(
      'all: {hosts: {c1: , b1: }, children: {a: {hosts: {b1: , a1: }, children: {c: {hosts: {c1: }}}}}}',
    );
    expect(['a[0]', 'a[1]', 'a[2]', 'c[0]', 'all[0]'].map((pattern) => select(pattern, nested))).toEqual([
      'b1',
      'a1',
      'c1',
      'c1',
      'c1',
    ]);
  });

  it('means every host when there is none, in the order of the inventory', () => {
    expect(selectHosts(fleet).map(({ name }) => name)).toEqual([...fleet.hosts.keys()]);
    expect(selectHosts(fleet, 'db1,web01').map(({ name }) => name)).toEqual(['web01', 'db1']);
    expect(select('*')).toBe(select('all'));
  });

  it.each<[string, string]>([
    ['wbe', 'host pattern "wbe" matches no host and no group of inventory.yaml; did you mean "web"?'],
    ['web1', 'host pattern "web1" matches no host and no group of inventory.yaml; did you mean "web" or "web01"?'],
    ['web:!bd1', 'host pattern "bd1" matches no host and no group of inventory.yaml; did you mean "db1"?'],
    ['web:&prdo', 'host pattern "prdo" matches no host and no group of inventory.yaml; did you mean "prod"?'],
    [
      'xyz*',
      'host pattern "xyz*" matches no host and no group of inventory.yaml; "longshore inventory list" shows what there is',
    ],
    [
      'nodes[001-003]',
      'host pattern "nodes[001-003]" matches no host and no group of inventory.yaml; did you mean "node001", "node002" or "node003"?',
    ],
    [
      'a,b',
      'host pattern "a" matches no host and no group of inventory.yaml; "longshore inventory list" shows what there is\nhost pattern "b" matches no host and no group of inventory.yaml; did you mean "db"?',
    ],
    ['web:&db', 'host pattern "web:&db" leaves no host of inventory.yaml'],
    ['empty', 'host pattern "empty" leaves no host of inventory.yaml'],
    ['', 'the host pattern is empty; write "all" for every host'],
    [' , ', 'the host pattern is empty; write "all" for every host'],
    ['web[9]', 'host pattern "web[9]" is past the end: "web" has 5 hosts, counted from 0'],
    ['node[3-1]', 'host pattern "node[3-1]" [3-1] ends before it begins; swap the two'],
    ['node[1-9999999]', 'host pattern "node[1-9999999]" names more than 100000 hosts; check the range'],
    ['~web(', 'host pattern "~web(" is not a valid regular expression'],
    ['@/nonexistent/list', 'host pattern "@/nonexistent/list": the file cannot be read (ENOENT)'],
    [
      'w\u001b[31m',
      'host pattern "w\\u001b[31m" matches no host and no group of inventory.yaml; "longshore inventory list" shows what there is',
    ],
  ])('that is wrong is refused: %s', async (pattern, message) => {
    expect(await failureOf(() => select(pattern, { ...fleet, filePath: 'inventory.yaml' }))).toBe(`E_USAGE ${message}`);
  });

  it('may name a file of patterns, and may exclude one', async () => {
    const folder = folderOf({
      failed: '# of run 7\nweb01\n\n db1 \r\n',
      none: '\n',
      nested: '@failed\n',
      mixed: 'web\n!web01\n',
    });
    expect(select(`@${folder}/failed`)).toBe('db1,web01');
    expect(select(`web:!@${folder}/failed`)).toBe('web[02-05]');
    expect(select(`@${folder}/mixed`)).toBe('web[02-05]');
    expect(await failureOf(() => select(`@${folder}/none`))).toBe(
      'E_USAGE host pattern "@none": the file names no host',
    );
    expect(await failureOf(() => select(`@${path.join(folder, 'nested')}`))).toBe(
      'E_USAGE nested: a pattern file cannot name another one ("@failed")',
    );
    expect(await failureOf(() => select(`web:!@${folder}/mixed`))).toBe(
      'E_USAGE host pattern "@mixed": a file behind "!" or "&" can only list hosts and groups',
    );
  });

  it('refuses hosts that Longshore cannot work on, when it selects them', async () => {
    const mixed = await inventoryOf(`
win: {hosts: {"win[1:3]": {ansible_connection: winrm, ansible_password: "{{ vaulted }}", ansible_port: x}}}
net: {hosts: {sw1: {ansible_become: true, ansible_become_method: enable}}}
web: {hosts: {web1: , web2: {ansible_become_method: enable}}}
`);
    expect(select('web', mixed)).toBe('web[1-2]');
    expect(await failureOf(() => select('all', mixed))).toBe(
      `E_INVENTORY win[1-3]: ansible_connection is "winrm", and Longshore knows ssh and local; leave them out with --limit 'all:!win[1-3]'\n` +
        `sw1: ansible_become_method is "enable", and Longshore knows sudo, doas and su; leave them out with --limit 'all:!sw1'`,
    );
    expect(select('all:!win[1-3]:!sw1', mixed)).toBe('web[1-2]');
    expect(listInventory(mixed).hosts.map(({ name, unsupported }) => [name, unsupported !== undefined])).toEqual([
      ['win1', true],
      ['win2', true],
      ['win3', true],
      ['sw1', true],
      ['web1', false],
      ['web2', false],
    ]);
  });

  it('is what set algebra says, whatever the terms and their order', () => {
    const names = ['web', 'db', 'prod', 'web01', 'db1', 'web0*', 'node[001-006]', '~.*2$', '2001:db8::1'];
    const hostsOf = new Map(names.map((name) => [name, new Set(selectHosts(fleet, name))]));
    const term = fc.record({ op: fc.constantFrom('', '&', '!'), name: fc.constantFrom(...names) });
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 5 }), (terms) => {
        const of = (op: string): Set<unknown>[] =>
          terms.filter((t) => t.op === op).map((t) => hostsOf.get(t.name) ?? new Set());
        const expected = [...fleet.hosts.values()].filter(
          (host) =>
            (of('').length === 0 || of('').some((set) => set.has(host))) &&
            of('&').every((set) => set.has(host)) &&
            !of('!').some((set) => set.has(host)),
        );
        // IPv6 addresses need the comma; everything else may be separated by either.
        const pattern = terms.map(({ op, name }) => op + name).join(',');
        const select = (): readonly unknown[] => selectHosts(fleet, pattern);
        if (expected.length === 0) expect(select).toThrow('leaves no host');
        else expect(select()).toEqual(expected);
      }),
    );
  });

  it('never crashes and never invents hosts, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'web01db:,!&~@*?[]()-{}|\\ ') }), (pattern) => {
        fc.pre(!pattern.includes('@') && !pattern.includes('~'));
        try {
          for (const host of selectHosts(fleet, pattern)) expect(fleet.hosts.get(host.name)).toBe(host);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_USAGE' });
        }
      }),
    );
  });
});

describe('the listing of an inventory', () => {
  it('shows hosts and the groups that have any of them', () => {
    const listing = listInventory(fleet, 'web:db1');
    expect(listing.hosts.map(({ name }) => name)).toEqual(['web01', 'web02', 'web03', 'web04', 'web05', 'db1']);
    expect(listing.hosts[0]).toEqual({
      name: 'web01',
      address: 'web01',
      port: null,
      user: null,
      connection: 'ssh',
      become: null,
      groups: ['prod', 'web'],
      volumes: [],
    });
    expect(listing.groups).toContainEqual({ name: 'prod', children: [], hosts: 'db1,web[01-02]', count: 3 });
    expect(listing.groups.map(({ name }) => name)).toEqual(['all', 'web', 'db', 'prod']);
  });
});
