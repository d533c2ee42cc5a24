import { describe, expect, it } from 'vitest';
import { failureOf, inventoryOf } from './inventory-folder.js';

const LONG = 'a'.repeat(10_000);
const CUT = `"${'a'.repeat(60)}..."`;
const VAULT = '!vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162\n';
const host = (vars: string): string => `all:\n  hosts:\n    web01: {${vars}}\n`;

/** What a user sees for each kind of mistake: place, what is wrong, what to write instead. */
const CASES: readonly (readonly [what: string, text: string, message: string])[] = [
  ['an empty file', '# nothing\n', ':1:1: is empty; begin with "all:"'],
  ['a list', '- web01\n', ':1:1: an inventory is a mapping of groups; begin with "all:"'],
  [
    'an INI inventory',
    '# fleet\n[web]\nweb01 ansible_host=10.0.0.1\n',
    ':3:1: YAML syntax: this looks like an INI inventory; convert it with "ansible-inventory -i FILE --list --yaml --output inventory.yaml"',
  ],
  ['a tab', 'all:\n\thosts:\n', ':2:1: YAML syntax: tabs cannot indent; use spaces'],
  [
    'a quote that stays open',
    'all:\n  vars:\n    ansible_password: "s3cret\n',
    ':4:1: YAML syntax: a quote, bracket, comma or ":" is missing here or before; close what is open',
  ],
  [
    'an unquoted password with @',
    'all:\n  vars:\n    ansible_password: @s3cret\n',
    ':3:23: YAML syntax: a value cannot begin with @ or a backtick; put it in quotes',
  ],
  [
    'an unquoted password with *',
    'all:\n  vars:\n    ansible_password: *s3cret\n',
    ':3:23 all.vars.ansible_password: * refers to an anchor, and no anchor of that name stands before it; quote the value if * belongs to it',
  ],
  [
    'an anchor inside itself',
    'all: &a\n  vars: *a\n',
    ':2:9 all.vars: * refers to an anchor, and it stands inside the value that it names; quote the value if * belongs to it',
  ],
  ['two documents', 'all:\n---\nall:\n', ':2:1: YAML syntax: a second document ("---"); keep one document in a file'],
  [
    'a key twice',
    'all:\n  hosts:\n    a:\n    b:\n    a:\n',
    ':5:5 all.hosts.a: "a" is here a second time (first on line 3); merge the two or remove one',
  ],
  [
    'a key that is no name',
    'all:\n  hosts:\n    ? [a]\n    : b\n',
    ':3:7 all.hosts: a key must be a plain name; write it as text, in quotes if need be',
  ],
  [
    'a key that would change objects',
    'all:\n  hosts:\n    __proto__:\n',
    ':3:5 all.hosts: a key must be a plain name; write it as text, in quotes if need be',
  ],
  [
    'nesting that would end the process',
    `all: ${'['.repeat(50_000)}`,
    ':1:1: is nested deeper than 100 levels; no inventory needs that',
  ],
  [
    'a directory of an Ansible plugin',
    'plugin: aws_ec2\n',
    ':1:1 plugin: this configures an Ansible inventory plugin, which Longshore does not run; save what "ansible-inventory -i FILE --list --yaml" prints and use that',
  ],
  [
    'an encrypted inventory',
    '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
    ':1:1: is encrypted by ansible-vault; decrypt it, and give its secrets as {env: NAME} or {file: PATH}',
  ],
  [
    'a script that is not executable',
    '#!/bin/sh\necho\n',
    ':1:1: is a script without the x permission; make it executable (chmod +x)',
  ],
  [
    'hosts in no group',
    'hosts:\n  a:\n',
    ':1:1 hosts: these hosts are in no group; indent "hosts:" under a group, such as "all:"',
  ],
  [
    'a group that is text',
    'web: hello\n',
    ':1:6 web: a group is a mapping of "hosts", "children" and "vars"; write it as one, or leave it empty',
  ],
  [
    'a section that nobody knows',
    'all:\n  host:\n    a:\n',
    ':2:3 all.host: a group knows only "hosts", "children" and "vars"; did you mean "hosts"?',
  ],
  [
    'a variable beside vars',
    'all:\n  ansible_user: x\n',
    ':2:3 all.ansible_user: a group knows only "hosts", "children" and "vars"; variables go under "vars:"',
  ],
  [
    'a list of hosts',
    'all:\n  hosts:\n    - a\n',
    ':3:5 all.hosts: must be a mapping; write each name as a key ("web01:") instead of a list item ("- web01")',
  ],
  [
    'a host that is a number',
    'all:\n  hosts:\n    a: 5\n',
    ':3:8 all.hosts.a: must be a mapping; write "name: value" lines, or leave it empty',
  ],
  [
    'an unknown group',
    'all:\n  children:\n    wbe:\nweb:\n  hosts: {a: }\n',
    ':3:5 all.children.wbe: names a group that is not defined anywhere; define the group (an empty one as "wbe: {}"); did you mean "web"?',
  ],
  [
    'groups that contain each other',
    'a: {children: {b: }}\nb: {children: {c: }}\nc: {children: {a: }}\n',
    ':3:16 c.children.a: groups contain each other: a > b > c > a; remove one of these children',
  ],
  [
    'a group that contains itself',
    'a: {children: {a: }}\n',
    ':1:16 a.children.a: groups contain each other: a > a; remove one of these children',
  ],
  [
    '"all" as a child',
    'web:\n  children:\n    all:\n',
    ':3:5 web.children.all: "all" holds every group and cannot be a child; remove it here',
  ],
  [
    'a priority that is no number',
    'web:\n  vars: {ansible_group_priority: high}\n  hosts: {a: }\n',
    ':2:34 web.vars.ansible_group_priority: must be a whole number; Ansible uses 1 when it is not given',
  ],
  [
    'a port that is text',
    'all:\n  hosts:\n    web01:\n      ansible_port: abc\n',
    ':4:21 all.hosts.web01.ansible_port: "abc" is not a port; write a number from 1 to 65535',
  ],
  [
    'a port out of range',
    host('ansible_port: 70000'),
    ':3:27 all.hosts.web01.ansible_port: 70000 is not a port; write a number from 1 to 65535',
  ],
  [
    'a port out of range as text',
    host('ansible_port: "0"'),
    ':3:27 all.hosts.web01.ansible_port: "0" is not a port; write a number from 1 to 65535',
  ],
  [
    'a port out of range in the name',
    'all:\n  hosts:\n    web01:99999:\n',
    ':3:5 all.hosts.web01:99999.ansible_port: 99999 is not a port; write a number from 1 to 65535',
  ],
  [
    'an address that is none',
    host('ansible_host: 10.0.0.300'),
    ':3:27 all.hosts.web01.ansible_host: "10.0.0.300" is not a host name or IP address; write one, such as web01.example.com, 10.0.0.11 or 2001:db8::11',
  ],
  [
    'an address that is a URL',
    host('ansible_host: "https://a"'),
    ':3:27 all.hosts.web01.ansible_host: "https://a" is not a host name or IP address; write one, such as web01.example.com, 10.0.0.11 or 2001:db8::11',
  ],
  [
    'an address that is an option',
    host('ansible_host: -oProxyCommand=id'),
    ':3:27 all.hosts.web01.ansible_host: "-oProxyCommand=id" is not a host name or IP address; write one, such as web01.example.com, 10.0.0.11 or 2001:db8::11',
  ],
  [
    'a name that needs an address',
    'all:\n  hosts:\n    web!1:\n',
    ':3:5 all.hosts.web!1: host name "web!1" is not an address that ssh can connect to; add ansible_host',
  ],
  [
    'a user that is an option',
    host('ansible_user: -oProxyCommand=id'),
    ':3:27 all.hosts.web01.ansible_user: user name "-oProxyCommand=id" begins with "-", which ssh would take for an option; write a login name',
  ],
  [
    'a user with a newline',
    host('ansible_user: "a\\nb"'),
    ':3:27 all.hosts.web01.ansible_user: user name "a\\nb" holds a control character; remove it',
  ],
  [
    'a user that a shell would run',
    host('ansible_user: "a;id"'),
    ':3:27 all.hosts.web01.ansible_user: user name "a;id" holds ";", which ssh refuses; write a login name',
  ],
  [
    'a become that is neither',
    host('ansible_become: maybe'),
    ':3:29 all.hosts.web01.ansible_become: "maybe" is not true or false; write true or false',
  ],
  [
    'ssh options with an open quote',
    host(`ansible_ssh_common_args: "-J 'x"`),
    `:3:38 all.hosts.web01.ansible_ssh_common_args: "-J 'x" is not a line of ssh options; close every quote and write it as one line of text`,
  ],
  [
    'an encrypted value',
    `all:\n  vars:\n    ansible_become_password: ${VAULT}  hosts: {a: }\n`,
    ':3:37 all.vars.ansible_become_password: is encrypted by ansible-vault, which Longshore cannot decrypt; write {env: NAME} or {file: PATH} for a secret, else the value itself',
  ],
  [
    'a template',
    host('ansible_host: "{{ ip }}"'),
    ':3:27 all.hosts.web01.ansible_host: holds a Jinja expression, which Longshore does not evaluate; write the value itself, {env: NAME} or {file: PATH} for a secret, or !unsafe before it when the braces belong to it',
  ],
  [
    'a secret that is a list',
    host('ansible_password: [s3cret]'),
    ':3:31 all.hosts.web01.ansible_password: is not a secret; write text, {env: NAME} or {file: PATH}',
  ],
  [
    'a secret reference with a slip',
    host('ansible_password: {envv: X}'),
    ':3:31 all.hosts.web01.ansible_password: is not a secret; write text, {env: NAME} or {file: PATH}',
  ],
  [
    'a longshore variable with a slip',
    host('longshore_volume: {}'),
    ':3:31 all.hosts.web01.longshore_volume: "longshore_volume" is not known; did you mean "longshore_volumes"?',
  ],
  [
    'a host name of 10 kB',
    `all: {hosts: {"${LONG}": null}}\n`,
    `:1:15 all.hosts.${CUT}: host name ${CUT} has 10000 characters; at most 253 are allowed`,
  ],
  [
    'a group name of 10 kB',
    `all: {children: {"${LONG}": {}}}\n`,
    `:1:18 all.children.${CUT}: group name ${CUT} has 10000 characters; at most 253 are allowed`,
  ],
  [
    'a host name with an escape sequence',
    'all:\n  hosts:\n    "web\\e[31m":\n',
    ':3:5 all.hosts."web\\u001b[31m": host name "web\\u001b[31m" holds a control character; remove it',
  ],
  [
    'a host name with a newline',
    'all:\n  hosts:\n    "web\\nfake: ok":\n',
    ':3:5 all.hosts."web\\nfake: ok": host name "web\\nfake: ok" holds a control character; remove it',
  ],
  [
    'a host name that is an option',
    'all:\n  hosts:\n    -oProxyCommand=id:\n',
    ':3:5 all.hosts.-oProxyCommand=id: host name "-oProxyCommand=id" begins with "-", which ssh would take for an option; rename it',
  ],
  [
    'a host name that a shell would run',
    'all:\n  hosts:\n    web$(id):\n',
    ':3:5 all.hosts.web$(id): host name "web$(id)" holds "$", which ssh refuses; use letters, digits, ".", "-" and "_", and ansible_host for the address',
  ],
  ['an empty host name', 'all:\n  hosts:\n    "":\n', ':3:5 all.hosts."": an empty host name; write a name'],
  [
    "ClusterShell's range",
    'all:\n  hosts:\n    web[01-50]:\n',
    ':3:5 all.hosts.web[01-50]: host name "web[01-50]" has "[01-50]", which is no range; write "[01:50]" as Ansible does',
  ],
  [
    'a range backwards',
    'all:\n  hosts:\n    web[50:01]:\n',
    ':3:5 all.hosts.web[50:01]: [50:01] ends before it begins; swap the two',
  ],
  [
    'a range without an end in sight',
    'all:\n  hosts:\n    web[1:99999999]:\n',
    ':3:5 all.hosts.web[1:99999999]: gives more than 100000 hosts; check the range',
  ],
  [
    'volumes of another kind',
    host('volumes: ["/data:/data"]'),
    ':3:22 all.hosts.web01.volumes: must be a mapping from volume name to connection info; call them longshore_volumes if "volumes" belongs to something else',
  ],
  [
    'a volume without anything',
    host('volumes: {data: }'),
    ':3:23 all.hosts.web01.volumes.data: a volume is a mapping; write driver_volume_type and data as Cinder hands them over',
  ],
  [
    'a volume name with a space',
    host('volumes: {a b: {driver_volume_type: nfs, data: {}}}'),
    ':3:23 all.hosts.web01.volumes."a b": "a b" is not a volume name; write 1 to 255 characters without spaces, "/", "," and control characters, not beginning with "-"',
  ],
];

describe('an inventory that is not valid', () => {
  it.each(CASES)('%s', async (_, text, message) => {
    const name = /^(?:#!|\$ANSIBLE)/.test(text) ? 'inventory' : 'inventory.yaml';
    expect(await failureOf(() => inventoryOf(text, {}, name))).toBe(`E_INVENTORY ${name}${message}`);
  });

  it('names each problem once, in one error, whoever inherits it', async () => {
    const text = `
all:
  vars: {ansible_port: abc}
  hosts:
    web[01:50]: {ansible_user: "-x"}
  children:
    db: {hosts: {db1: {ansible_become: maybe}}}
`;
    expect((await failureOf(() => inventoryOf(text))).split('\n')).toEqual([
      'E_INVENTORY inventory.yaml:3:24 all.vars.ansible_port: "abc" is not a port; write a number from 1 to 65535',
      'inventory.yaml:5:32 all.hosts.web[01:50].ansible_user: user name "-x" begins with "-", which ssh would take for an option; write a login name',
      'inventory.yaml:7:40 all.children.db.hosts.db1.ansible_become: "maybe" is not true or false; write true or false',
    ]);
  });

  it('shows 20 problems and how many more there are', async () => {
    const hosts = Array.from({ length: 50 }, (_, n) => `    h${n}: {ansible_port: x}\n`).join('');
    const lines = (await failureOf(() => inventoryOf(`all:\n  hosts:\n${hosts}`))).split('\n');
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('... and 30 more problems');
  });

  it('names the file of a variable', async () => {
    const files = {
      'inventory.yaml': 'all: {hosts: {a: }}',
      'group_vars/all/ssh.yml': 'x: 1\nansible_port: abc\n',
      'host_vars/a.json': '["x"]',
    };
    expect(await failureOf(() => inventoryOf(files))).toBe(
      'E_INVENTORY host_vars/a.json:1:1: must be a mapping of variables; write "name: value" lines\n' +
        'group_vars/all/ssh.yml:2:15 ansible_port: "abc" is not a port; write a number from 1 to 65535',
    );
  });

  it('that is not there, or a directory', async () => {
    expect(await failureOf(() => inventoryOf({ x: '' }))).toBe(
      'E_INVENTORY inventory.yaml:1:1: cannot be read (ENOENT); check the path and its permissions',
    );
    expect(await failureOf(() => inventoryOf({ 'inventory/hosts': '' }, {}, 'inventory'))).toBe(
      'E_INVENTORY inventory:1:1: is a directory; give the inventory file in it',
    );
  });
});
