import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { requireSecrets } from '../../../src/inventory/hosts/secrets.js';
import { readInventory } from '../../../src/inventory/read-inventory.js';
import { readVolumeFile } from '../../../src/inventory/volumes/read-volume-file.js';
import { failureOf, folderOf, inventoryOf, revealed } from './inventory-folder.js';

const INVENTORY = `
all:
  hosts:
    web01:
      ansible_password: planted-1
      longshore_ssh_private_key_passphrase: planted-2
      ansible_become_password: {env: SUDO}
      volumes:
        data:
          driver_volume_type: iscsi
          data:
            target_portal: 10.0.0.1
            target_iqn: iqn.2010-10.org.example:a
            target_lun: 1
            auth_method: CHAP
            auth_username: u
            auth_password: {file: secrets/chap}
            discovery_auth_method: CHAP
            discovery_auth_username: u
            discovery_auth_password: planted-5
            mutual_auth_username: u
            mutual_auth_password: planted-6
            array_password: planted-7
            password_lifetime: 30
`;
const FILES = { 'inventory.yaml': INVENTORY, 'secrets/chap': 'planted-4\n' };

describe('secrets', () => {
  it('come from text, the environment and files, and become Secret everywhere', async () => {
    const inventory = await inventoryOf(FILES, { env: { SUDO: 'planted-3' } });
    const host = inventory.hosts.get('web01');
    const data = host?.volumes.get('data')?.data;
    expect(
      [
        host?.password,
        host?.privateKeyPassphrase,
        host?.become.password,
        data?.['auth_password'],
        data?.['discovery_auth_password'],
        data?.['mutual_auth_password'],
        data?.['array_password'],
      ].map(revealed),
    ).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `planted-${n}`));
    expect(data?.['password_lifetime']).toBe(30);
  });

  it('are in no JSON, inspection or listing of an inventory', async () => {
    const inventory = await inventoryOf(FILES, { env: { SUDO: 'planted-3' } });
    const deep = JSON.stringify(inventory, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    expect(deep).toContain('[redacted]');
    expect(deep + inspect(inventory, { depth: 20, showHidden: true })).not.toContain('planted');
  });

  it.each([
    ['{env: NOPE}', 'environment variable "NOPE" is not set; export it'],
    ['{env: EMPTY}', 'environment variable "EMPTY" is empty; give it a value'],
    ['{file: nope}', 'secret file "nope" cannot be read (ENOENT); check the path and its permissions'],
    ['{file: folder}', 'secret file "folder" is not a regular file'],
    ['{file: empty}', 'secret file "empty" is empty'],
    ['{file: big}', 'secret file "big" is larger than 4096 bytes'],
    ['{file: lines}', 'the secret holds a newline or another control character; remove it'],
    ['""', 'a secret cannot be empty; give it a value or leave it out'],
    ['"planted\\u0007"', 'the secret holds a newline or another control character; remove it'],
  ])('that cannot be had are named by their reference: %s', async (reference, message) => {
    const folder = folderOf({
      'inventory.yaml': `all:\n  vars:\n    ansible_become_password: ${reference}\n  hosts: {a: , b: }\n`,
      empty: '\n',
      big: 'planted'.repeat(1000),
      lines: 'planted\nplanted\n',
    });
    mkdirSync(path.join(folder, 'folder'));
    const failure = await failureOf(() => readInventory(path.join(folder, 'inventory.yaml'), { env: { EMPTY: '' } }));
    expect(failure).toBe(`E_SECRET inventory.yaml:3:30 all.vars.ansible_become_password: ${message}`);
  });

  it('beside other problems are problems of the inventory', async () => {
    const text = 'all: {hosts: {a: {ansible_password: {env: NOPE}, ansible_port: x}}}';
    expect(await failureOf(() => inventoryOf(text))).toMatch(/^E_INVENTORY .*ansible_port.*\n.*"NOPE" is not set/);
  });

  it('of a file are relative to the file that refers to them, or to the home directory', async () => {
    const folder = folderOf({
      'inventory.yaml': 'all: {hosts: {a: }}',
      'host_vars/a.yml': 'ansible_password: {file: pw}\nansible_become_password: {file: ~/pw}\n',
      'host_vars/pw': 'beside\r\n',
      'home/pw': ' home ',
    });
    const inventory = await readInventory(path.join(folder, 'inventory.yaml'), {
      env: { HOME: path.join(folder, 'home') },
    });
    const host = inventory.hosts.get('a');
    expect([host?.password?.reveal(), host?.become.password?.reveal()]).toEqual(['beside', ' home ']);
  });

  it('never show in an error, wherever a slip puts them', async () => {
    const slips = [
      'ansible_password: "planted',
      'ansible_password: @planted',
      'ansible_password: *planted',
      'ansible_password: !planted x',
      'ansible_password: {planted: planted}',
      'ansible_password: [planted]',
      'ansible_password: {env: "planted x"}',
      'ansible_password: planted: planted',
      'ansible_password: "planted{{"',
      'ansible_password: !vault planted',
      'volumes: {v: {data: {target_portal: a, auth_password: [planted], auth_method: CHAP}}}',
      'volumes: {v: {data: {target_portal: a, auth_password: planted}}}',
      'volumes: {v: {auth_password: planted}}',
      'ansible_become_password: "planted\\n"',
    ];
    for (const slip of slips) {
      const failure = await failureOf(() => inventoryOf(`all:\n  hosts:\n    a:\n      ${slip}\n`));
      if (slip !== 'ansible_password: !planted x') expect(failure).toMatch(/^E_/);
      expect(failure).not.toContain('planted');
    }
  });

  it('can wait until they are used, or until the hosts of a run are known', async () => {
    const text = `
a: {hosts: {a1: {ansible_password: {env: A}, volumes: {v: {data: {target_portal: p.example, target_iqn: iqn.2010-10.org.example:a, target_lun: 1, auth_method: CHAP, auth_username: u, auth_password: {env: C}}}}}}}
b: {hosts: {b1: {ansible_password: {env: B}}}}
`;
    const inventory = await inventoryOf(text, { env: { B: 'given' }, secrets: 'deferred' });
    const [a1, b1] = [...inventory.hosts.values()];
    if (a1 === undefined || b1 === undefined) throw new Error('no hosts');
    expect(await failureOf(() => a1.password?.reveal())).toBe(
      'E_SECRET inventory.yaml:2:36 a.hosts.a1.ansible_password: environment variable "A" is not set; export it',
    );
    expect(await failureOf(() => requireSecrets([b1]))).toBe('no error');
    expect((await failureOf(() => requireSecrets([a1, b1]))).split('\n')).toEqual([
      'E_SECRET inventory.yaml:2:36 a.hosts.a1.ansible_password: environment variable "A" is not set; export it',
      expect.stringMatching(
        /^inventory\.yaml:2:\d+ a\.hosts\.a1\.volumes\.v\.data\.auth_password: environment variable "C"/,
      ),
    ]);
    expect(b1.password?.reveal()).toBe('given');
  });

  it('of a volume file work the same', async () => {
    const volume =
      '{name: v, data: {target_portal: p.example, target_iqn: iqn.2010-10.org.example:a, target_lun: 1, auth_method: CHAP, auth_username: u, auth_password: {env: C}}}';
    const filePath = path.join(folderOf({ 'volume.yaml': volume }), 'volume.yaml');
    expect(await failureOf(() => readVolumeFile(filePath, { env: {} }))).toMatch(
      /^E_SECRET volume\.yaml:1:\d+ data\.auth_password: environment variable "C" is not set; export it$/,
    );
    const read = await readVolumeFile(filePath, { env: { C: 'planted' } });
    expect(inspect(read, { depth: 9, showHidden: true })).not.toContain('planted');
    expect(revealed(read.get('v')?.data['auth_password'])).toBe('planted');
  });
});
