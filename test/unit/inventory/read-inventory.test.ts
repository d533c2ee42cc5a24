import { describe, expect, it } from 'vitest';
import { inventoryOf } from './inventory-folder.js';

describe("Ansible's YAML format", () => {
  it('takes any top-level groups, nesting, null hosts and hosts that several groups share', async () => {
    const inventory = await inventoryOf(`
web:
  hosts:
    web1:
    web2: {}
prod:
  children:
    web:
    db:
      hosts:
        db1:
          ansible_host: 10.0.0.21
loose:
  hosts: web2
`);
    expect([...inventory.hosts.keys()]).toEqual(['web1', 'web2', 'db1']);
    expect(inventory.hosts.get('web2')?.groups).toEqual(['loose', 'prod', 'web']);
    expect(inventory.hosts.get('db1')).toMatchObject({ address: '10.0.0.21', groups: ['db', 'prod'] });
    expect(inventory.groups.get('prod')?.hosts).toEqual(['web1', 'web2', 'db1']);
    expect(inventory.groups.get('all')?.children).toEqual(['ungrouped', 'prod', 'loose']);
    expect(inventory.groups.get('ungrouped')?.hosts).toEqual([]);
  });

  it('puts hosts that only "all" names into "ungrouped"', async () => {
    const inventory = await inventoryOf('all: {hosts: {a: , b: }, children: {web: {hosts: {b: }}}}');
    expect(inventory.hosts.get('a')?.groups).toEqual(['ungrouped']);
    expect(inventory.hosts.get('b')?.groups).toEqual(['web']);
  });

  it('reads every connection variable', async () => {
    const inventory = await inventoryOf(
      `
all:
  hosts:
    web01:
      ansible_host: web01.example.com
      ansible_port: '2222'
      ansible_user: admin
      ansible_password: 0123
      ansible_ssh_private_key_file: ~/.ssh/id_ed25519
      longshore_ssh_private_key_passphrase: phrase
      ansible_become: yes
      ansible_become_method: community.general.doas
      ansible_become_user: storage
      ansible_become_pass: other
      ansible_connection: ssh
      ansible_ssh_common_args: -o ProxyJump="jump 1" -J 'a b' -v\\ w
`,
      { env: { HOME: '/home/me' } },
    );
    const host = inventory.hosts.get('web01');
    expect(host).toMatchObject({
      name: 'web01',
      address: 'web01.example.com',
      port: 2222,
      user: 'admin',
      privateKeyFile: '/home/me/.ssh/id_ed25519',
      become: { method: 'doas', user: 'storage' },
      connection: 'ssh',
      sshCommonArgs: ['-o', 'ProxyJump=jump 1', '-J', 'a b', '-v w'],
    });
    expect(host?.password?.reveal()).toBe('0123');
    expect(host?.privateKeyPassphrase?.reveal()).toBe('phrase');
    expect(host?.become.password?.reveal()).toBe('other');
    expect(host?.origin).toMatchObject({ line: 4, column: 5 });
  });

  it('leaves out what is not given, and becomes nobody by default', async () => {
    const inventory = await inventoryOf('all: {hosts: {web01: {ansible_become_method: su}}}');
    const { origin: _, ...host } = inventory.hosts.get('web01') ?? { origin: null };
    expect(host).toEqual({
      name: 'web01',
      groups: ['ungrouped'],
      address: 'web01',
      become: { method: 'none', user: 'root' },
      connection: 'ssh',
      sshCommonArgs: [],
      volumes: new Map(),
    });
  });

  it.each([
    ['true', 'sudo'],
    ['yes', 'sudo'],
    ['On', 'sudo'],
    ['1', 'sudo'],
    ["'True'", 'sudo'],
    ['no', 'none'],
    ['off', 'none'],
    ['0', 'none'],
    ['False', 'none'],
  ])('takes "ansible_become: %s" as Ansible does', async (text, method) => {
    const inventory = await inventoryOf(`all: {vars: {ansible_become: ${text}}, hosts: {a: }}`);
    expect(inventory.hosts.get('a')?.become.method).toBe(method);
  });

  it.each([
    ['web01:2222', 'web01', 2222],
    ['"[2001:db8::1]:2222"', '2001:db8::1', 2222],
    ['"2001:db8::1"', '2001:db8::1', undefined],
    ['"[2001:db8::1]"', '2001:db8::1', undefined],
    ['10.0.0.1', '10.0.0.1', undefined],
    ['fe80::1%eth0', 'fe80::1%eth0', undefined],
  ])('takes the host key %s apart', async (key, name, port) => {
    const inventory = await inventoryOf(`all:\n  hosts:\n    ${key}:\n`);
    expect(inventory.hosts.get(name)).toMatchObject({ name, address: name });
    expect(inventory.hosts.get(name)?.port).toBe(port);
  });

  it('gives all hosts of a range their variables', async () => {
    const inventory = await inventoryOf(`
all:
  hosts:
    web[01:03].example.com: {ansible_port: 23}
    web02.example.com: {ansible_port: 24}
`);
    expect([...inventory.hosts.values()].map(({ address, port }) => [address, port])).toEqual([
      ['web01.example.com', 23],
      ['web02.example.com', 24],
      ['web03.example.com', 23],
    ]);
  });

  it('resolves anchors and merge keys', async () => {
    const inventory = await inventoryOf(`
all:
  vars: &ssh {ansible_user: admin, ansible_port: 23}
  hosts:
    a:
      <<: *ssh
      ansible_port: 24
`);
    expect(inventory.hosts.get('a')).toMatchObject({ user: 'admin', port: 24 });
  });

  it('knows the older names of variables; the last one that Ansible knows wins', async () => {
    const inventory = await inventoryOf(`
all:
  vars: {ansible_ssh_user: old, ansible_ssh_host: 10.0.0.1, ansible_ssh_port: 23, ansible_sudo_pass: s}
  hosts:
    a: {ansible_host: 10.0.0.2, ansible_user: new, ansible_port: null}
    b: {ansible_ssh_user: null, ansible_user: new}
`);
    expect(inventory.hosts.get('a')).toMatchObject({ address: '10.0.0.1', user: 'old', port: 23 });
    expect(inventory.hosts.get('a')?.become.password?.reveal()).toBe('s');
    expect(inventory.hosts.get('b')?.user).toBe('new');
  });

  it('ignores what it does not use, encrypted or templated or not, and notes ansible_ variables', async () => {
    const inventory = await inventoryOf(`
all:
  vars:
    ansible_python_interpreter: "{{ python }}"
    db_password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162
    anything: [1, {two: "{{ three }}"}]
  hosts:
    a: {ansible_shell_type: sh}
`);
    expect(inventory.notes.map(({ level, message }) => `${level} ${message.replace(/^.*: not/, 'not')}`)).toEqual([
      'debug not used: ansible_python_interpreter, ansible_shell_type',
    ]);
  });

  it('takes braces in an !unsafe value as they are', async () => {
    const inventory = await inventoryOf('all: {hosts: {a: {ansible_password: !unsafe "{{x}}"}}}');
    expect(inventory.hosts.get('a')?.password?.reveal()).toBe('{{x}}');
  });

  it('reads an inventory of 5,000 hosts and shares what they inherit', async () => {
    const inventory = await inventoryOf(`
all:
  vars:
    volumes: {data: {driver_volume_type: iscsi, data: {target_portal: 10.0.0.1, target_iqn: iqn.2010-10.org.example:a, target_lun: 1}}}
  hosts:
    node[0001:5000]: {}
`);
    expect(inventory.hosts.size).toBe(5000);
    const volumes = inventory.hosts.get('node0001')?.volumes;
    expect(volumes?.get('data')?.driverVolumeType).toBe('iscsi');
    expect(inventory.hosts.get('node5000')?.volumes).toBe(volumes);
  });
});
