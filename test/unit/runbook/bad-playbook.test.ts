import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInventory } from '../../../src/inventory/read-inventory.js';
import { type ReadPlaybookOptions, readPlaybook } from '../../../src/runbook/read-playbook.js';
import type { Runbook } from '../../../src/runbook/playbook.js';
import { STEP_KINDS } from '../../../src/runbook/steps/registry.js';
import { failureOf, folderOf } from '../inventory/inventory-folder.js';

const INVENTORY = `
all:
  vars: {rack: 7, db_password: x, ports: [1, 2], sealed: !vault "6162", jinja: "{{ other }}"}
  children:
    web:
      hosts: {web01: {disk: data}, web02: {}}
      vars:
        volumes:
          data: {target_portal: '10.1.0.1:3260', target_iqn: iqn.2010-10.org.example:data, target_lun: 1}
          logs: {target_portal: '10.1.0.1:3260', target_iqn: iqn.2010-10.org.example:logs, target_lun: 2}
    db:
      hosts: {db1: {}}
`;

async function read(playbook: string, options: Partial<ReadPlaybookOptions> = {}): Promise<Runbook> {
  const folder = folderOf({ 'fleet.yaml': INVENTORY, 'play.yaml': playbook });
  const inventory = await readInventory(path.join(folder, 'fleet.yaml'), { env: {} });
  return readPlaybook(path.join(folder, 'play.yaml'), { inventory, env: {}, ...options });
}

/** What an operator sees for each kind of slip: place, what is wrong, what to write instead. */
const CASES: readonly (readonly [what: string, text: string, message: string])[] = [
  ['an empty file', '# nothing\n', ':1:1: is empty; write a list of plays, each with "name:", "hosts:" and "steps:"'],
  [
    'one play that is no list',
    'name: p\nhosts: web\n',
    ':1:1: a playbook is a list of plays; begin the play with "- "',
  ],
  [
    'a mapping of something else',
    'plays: []\n',
    ':1:1: a playbook is a list of plays; write each play as an item, "- name: ..."',
  ],
  ['an empty list', '[]\n', ':1:1: holds no play; write one, "- name: ..."'],
  [
    'a play that is text',
    '- web\n',
    ':1:3 [0]: a play is a mapping; write "name:", "hosts:" and "steps:" under each other',
  ],
  [
    'a tab',
    '- name: p\n\thosts: web\n',
    ':2:2: YAML syntax: something stands where it cannot; a list item beside a key, or text after a closed value; check the indentation',
  ],
  [
    'a key twice',
    '- name: p\n  name: q\n  hosts: web\n  steps: [attach: data]\n',
    ':2:3 [0].name: "name" is here a second time (first on line 1); merge the two or remove one',
  ],
  [
    'an unknown key of a play',
    '- name: p\n  hots: web\n  steps: [attach: data]\n',
    ':2:3 [0].hots: "hots" is not known here; did you mean "hosts"?',
  ],
  [
    'a play without hosts',
    '- name: p\n  steps: [attach: data]\n',
    ':1:3 [0]: a play needs "hosts:", a group, a host or a pattern such as web*:!web07',
  ],
  [
    'a play without a name',
    '- hosts: web\n  steps: [attach: data]\n',
    ':1:3 [0]: a play needs "name:", one line that says what it does',
  ],
  [
    'a name that is a number list',
    '- name: [p]\n  hosts: web\n  steps: [attach: data]\n',
    ':1:9 [0].name: a list is not a name; write one line of text',
  ],
  [
    'two plays of one name',
    '- name: p\n  hosts: web\n  steps: [attach: data]\n- name: p\n  hosts: web\n  steps: [attach: data]\n',
    ':4:9 [1].name: a second play is named "p"; rename one, so that people can tell them apart',
  ],
  [
    'a host pattern that matches nothing',
    '- name: p\n  hosts: wbe\n  steps: [attach: data]\n',
    ':2:10 [0].hosts: host pattern "wbe" matches no host and no group of fleet.yaml; did you mean "web"?',
  ],
  [
    'a pattern that leaves nobody',
    '- name: p\n  hosts: web:!web\n  steps: [attach: data]\n',
    ':2:10 [0].hosts: host pattern "web:!web" leaves no host of fleet.yaml',
  ],
  [
    'a batch of no host',
    '- name: p\n  hosts: web\n  serial: 0\n  steps: [attach: data]\n',
    ':3:11 [0].serial[0]: 0 is not a size of a batch; write a number of hosts such as 5, a share such as 10%, or a list such as [1, 5%, 25%, 100%]',
  ],
  [
    'a share over 100%',
    '- name: p\n  hosts: web\n  serial: 120%\n  steps: [attach: data]\n',
    ':3:11 [0].serial[0]: "120%" is not a size of a batch; write a number of hosts such as 5, a share such as 10%, or a list such as [1, 5%, 25%, 100%]',
  ],
  [
    'a batch size that is a word',
    '- name: p\n  hosts: web\n  serial: [1, most]\n  steps: [attach: data]\n',
    ':3:15 [0].serial[1]: "most" is not a size of a batch; write a number of hosts such as 5, a share such as 10%, or a list such as [1, 5%, 25%, 100%]',
  ],
  [
    'an empty list of batches',
    '- name: p\n  hosts: web\n  serial: []\n  steps: [attach: data]\n',
    ':3:11 [0].serial: a list is not a size of a batch; write a number of hosts such as 5, a share such as 10%, or a list such as [1, 5%, 25%, 100%]',
  ],
  [
    'max_failures below zero',
    '- name: p\n  hosts: web\n  max_failures: -1\n  steps: [attach: data]\n',
    ':3:17 [0].max_failures: -1 is not a number of failed hosts; write one such as 3, a share such as 5%, or {per_batch: 10%, total: 3} for a limit of each kind',
  ],
  [
    'max_failures with an unknown limit',
    '- name: p\n  hosts: web\n  max_failures: {batch: 1}\n  steps: [attach: data]\n',
    ':3:18 [0].max_failures.batch: "batch" is not known here',
  ],
  [
    'a fanout of zero',
    '- name: p\n  hosts: web\n  fanout: 0\n  steps: [attach: data]\n',
    ':3:11 [0].fanout: 0 is not a number of hosts; write a whole number from 1 to 10000',
  ],
  ['no steps', '- name: p\n  hosts: web\n', ':1:3 [0]: a play needs "steps:", a list of what is to be done'],
  [
    'steps that are a mapping',
    '- name: p\n  hosts: web\n  steps: {attach: data}\n',
    ':3:10 [0].steps: must be a list; write each step as an item, "- attach: VOLUME"',
  ],
  [
    'an empty list of steps',
    '- name: p\n  hosts: web\n  steps: []\n',
    ':3:10 [0].steps: holds no step; write one, such as "- attach: VOLUME"',
  ],
  [
    'a step that is a word',
    '- name: p\n  hosts: web\n  steps:\n    - attach\n',
    ':4:7 [0].steps[0]: a step is a mapping; write "attach:" with a colon',
  ],
  [
    'a step that is another word',
    '- name: p\n  hosts: web\n  steps:\n    - now\n',
    ':4:7 [0].steps[0]: a step is a mapping; write one of (KINDS) and its options',
  ],
  [
    'an unknown step',
    '- name: p\n  hosts: web\n  steps:\n    - atach: data\n',
    ':4:7 [0].steps[0].atach: "atach" is not a step; did you mean "attach"?',
  ],
  [
    'an unknown step that is like nothing',
    '- name: p\n  hosts: web\n  steps:\n    - reboot: now\n',
    ':4:7 [0].steps[0].reboot: "reboot" is not a step; steps are (KINDS)',
  ],
  [
    'a step with a name only',
    '- name: p\n  hosts: web\n  steps:\n    - name: x\n',
    ':4:7 [0].steps[0]: does nothing; write one of (KINDS)',
  ],
  [
    'two steps in one',
    '- name: p\n  hosts: web\n  steps:\n    - attach: data\n      verify: data\n',
    ':5:7 [0].steps[0].verify: a step does one thing; put "- " before "verify" to make it a step of its own',
  ],
  [
    'an option beside the step',
    '- name: p\n  hosts: web\n  steps:\n    - verify: data\n      min_paths: 2\n',
    ':5:7 [0].steps[0].min_paths: "min_paths" is not a step; options of verify are indented under it',
  ],
  [
    'an unknown option',
    '- name: p\n  hosts: web\n  steps:\n    - verify: {volume: data, min_path: 2}\n',
    ':4:30 [0].steps[0].verify.min_path: "min_path" is not known here; did you mean "min_paths"?',
  ],
  [
    'an option of the wrong type',
    '- name: p\n  hosts: web\n  steps:\n    - verify: {volume: data, min_paths: many}\n',
    ':4:41 [0].steps[0].verify.min_paths: "many" is not a number of paths; write a whole number from 1 on',
  ],
  [
    'a state that nobody knows',
    '- name: p\n  hosts: web\n  steps:\n    - verify: {volume: data, state: gone}\n',
    ':4:37 [0].steps[0].verify.state: "gone" is not a state of a volume; write attached or absent',
  ],
  [
    'an unknown volume',
    '- name: p\n  hosts: web\n  steps:\n    - attach: dta\n',
    ':4:15 [0].steps[0].attach.volume: web01 declares no volume "dta"; did you mean "data"?',
  ],
  [
    'a volume twice',
    '- name: p\n  hosts: web\n  steps:\n    - attach: [data, data]\n',
    ':4:22 [0].steps[0].attach.volume: names "data" twice; remove one',
  ],
  [
    'no volume where there are several',
    '- name: p\n  hosts: web\n  steps:\n    - attach:\n',
    ':4:7 [0].steps[0].attach: which volume? web01 declares several (data, logs); name one, or write "all"',
  ],
  [
    'no volume where there is none',
    '- name: p\n  hosts: db\n  steps: [attach:]\n',
    ':3:11 [0].steps[0].attach: which volume? db1 declares no volume; declare one in the inventory, or write "volume:" with its connection info',
  ],
  [
    'all volumes where there is none',
    '- name: p\n  hosts: db\n  steps: [attach: all]\n',
    ':3:19 [0].steps[0].attach.volume: db1 declares no volume; declare one in the inventory, or choose other hosts',
  ],
  [
    'a volume that is a number list',
    '- name: p\n  hosts: web\n  steps:\n    - attach: {volume: 5.5}\n',
    ':4:24 [0].steps[0].attach.volume: web01 declares no volume "5.5"; there are data, logs',
  ],
  [
    'connection info that is wrong',
    "- name: p\n  hosts: web\n  steps:\n    - attach: {volume: {target_portal: '10.1.0.1:99999', target_iqn: iqn.2010-10.org.example:x, target_lun: 1}}\n",
    ':4:40 [0].steps[0].attach.volume.target_portal: "10.1.0.1:99999" is not a valid portal: write ADDRESS or ADDRESS:PORT, such as 10.0.0.1:3260, [2001:db8::1]:3260 or storage.example.com:3260',
  ],
  [
    'connection info with a LUN of the wrong type',
    "- name: p\n  hosts: web01\n  steps:\n    - attach: {volume: {target_portal: '10.1.0.1:3260', target_iqn: iqn.2010-10.org.example:x, target_lun: '${disk}'}}\n",
    ':4:108 [0].steps[0].attach.volume.target_lun: "data" is not a LUN; write a whole number from 0 on',
  ],
  [
    'a variable that nobody knows',
    '- name: p\n  hosts: web\n  steps:\n    - attach: ${vol}\n',
    ':4:15 [0].steps[0].attach.volume: variable "vol" is not known for web01; add it to "vars:", to the inventory or to --extra-vars; a literal ${vol} is written $${vol}',
  ],
  [
    'a variable that only some hosts have',
    '- name: p\n  hosts: web\n  steps:\n    - attach: ${disk}\n',
    ':4:15 [0].steps[0].attach.volume: variable "disk" is not known for web02; add it to "vars:", to the inventory or to --extra-vars; a literal ${disk} is written $${disk}',
  ],
  [
    'a variable that is nearly right',
    "- name: p\n  hosts: web\n  vars: {volume: data}\n  steps: [attach: '${volum}']\n",
    ':4:19 [0].steps[0].attach.volume: variable "volum" is not known for web01; did you mean "volume"?; a literal ${volum} is written $${volum}',
  ],
  [
    "a host's variable where a whole play is meant",
    '- name: p on ${rack}\n  hosts: web\n  steps: [attach: data]\n',
    ':1:9 [0].name: variable "rack" is not known here: for a whole play only its "vars:" and --extra-vars count',
  ],
  [
    'a variable that is defined by itself',
    "- name: p\n  hosts: web\n  vars: {a: '${b}', b: '${a}'}\n  steps: [attach: '${a}']\n",
    ':3:24 [0].vars.b: variable "a" is defined by itself, directly or through others; give one of them a value',
  ],
  [
    'a variable with a bad name',
    '- name: p\n  hosts: web\n  vars: {2nd: x}\n  steps: [attach: data]\n',
    ':3:10 [0].vars.2nd: is not a name of a variable; write letters, digits and "_", not beginning with a digit',
  ],
  [
    'variables that are a list',
    '- name: p\n  hosts: web\n  vars: [a]\n  steps: [attach: data]\n',
    ':3:9 [0].vars: must be a mapping of variables; write "name: value" lines',
  ],
  [
    'a secret among the variables',
    '- name: p\n  hosts: web\n  vars: {chap_password: x}\n  steps: [attach: data]\n',
    ':3:10 [0].vars.chap_password: may be a secret, which plans and logs would show; rename it if it is none, and give a volume its secret as {env: NAME} or {file: PATH}',
  ],
  [
    'a secret of the inventory',
    "- name: p\n  hosts: web\n  steps:\n    - command: [echo, '${db_password}']\n",
    ':4:23 [0].steps[0].command.argv[1]: variable "db_password" may be a secret, which plans and logs would show; rename it if it is none, and give a volume its secret as {env: NAME} or {file: PATH}',
  ],
  [
    'a list inside a text',
    "- name: p\n  hosts: web\n  steps:\n    - command: [echo, 'ports ${ports}']\n",
    ':4:23 [0].steps[0].command.argv[1]: variable "ports" is a list and cannot stand inside a text; let it stand alone',
  ],
  [
    'a reference that is not closed',
    "- name: p\n  hosts: web\n  steps:\n    - command: [echo, '${rack']\n",
    ':4:23 [0].steps[0].command.argv[1]: a "${" is not closed; write ${name}, or $${ for a literal ${',
  ],
  [
    'a reference that is no name',
    "- name: p\n  hosts: web\n  steps:\n    - command: [echo, '${rack-1}']\n",
    ':4:23 [0].steps[0].command.argv[1]: "${rack-1}" names no variable; write ${name} with letters, digits and "_", or $${ for a literal ${',
  ],
  [
    'a vault value',
    "- name: p\n  hosts: web\n  vars:\n    unit: !vault |\n      6162\n  steps: [command: [echo, '${unit}']]\n",
    ':6:27 [0].steps[0].command.argv[1]: variable "unit" (play.yaml:4) is encrypted by ansible-vault, which Longshore cannot decrypt; write {env: NAME} or {file: PATH} for a secret, else the value itself',
  ],
  [
    'a vault value of the inventory',
    "- name: p\n  hosts: web\n  steps:\n    - command: [echo, '${sealed}']\n",
    ':4:23 [0].steps[0].command.argv[1]: variable "sealed" (fleet.yaml:3) is encrypted by ansible-vault, which Longshore cannot decrypt; write {env: NAME} or {file: PATH} for a secret, else the value itself',
  ],
  [
    'a Jinja value of the inventory',
    "- name: p\n  hosts: web\n  steps:\n    - command: [echo, '${jinja}']\n",
    ':4:23 [0].steps[0].command.argv[1]: variable "jinja" (fleet.yaml:3) holds a Jinja expression, which Longshore does not evaluate; write the value itself, {env: NAME} or {file: PATH} for a secret, or !unsafe before it when the braces belong to it',
  ],
  [
    'a command that is one line',
    '- name: p\n  hosts: web\n  steps:\n    - command: systemctl stop app\n',
    ':4:16 [0].steps[0].command.argv: "systemctl stop app" is not a command; write it word by word as a list, such as [systemctl, stop, app], or [sh, -c, "LINE"] for a shell line',
  ],
  [
    'a command without words',
    '- name: p\n  hosts: web\n  steps:\n    - command: []\n',
    ':4:16 [0].steps[0].command.argv: a list is not a command; write it word by word as a list, such as [systemctl, stop, app], or [sh, -c, "LINE"] for a shell line',
  ],
  [
    'a time that is a word',
    '- name: p\n  hosts: web\n  steps:\n    - command: {argv: [ls], timeout_s: soon}\n',
    ':4:40 [0].steps[0].command.timeout_s: "soon" is not a time; write seconds as a whole number from 1 to 86400',
  ],
  [
    'an exit code that cannot be',
    '- name: p\n  hosts: web\n  steps:\n    - command: {argv: [ls], ok_exits: [300]}\n',
    ':4:40 [0].steps[0].command.ok_exits[0]: 300 is not an exit code; write a number from 0 to 255',
  ],
  [
    'force without a reason',
    '- name: p\n  hosts: web\n  steps:\n    - detach: {volume: data, force: true}\n',
    ':4:37 [0].steps[0].detach.force: force gives unwritten data up; add "reason:" and say why',
  ],
  [
    'force for all volumes',
    '- name: p\n  hosts: web\n  steps:\n    - detach: {volume: all, force: true, reason: gone}\n',
    ':4:36 [0].steps[0].detach.force: force is for one volume only; name it with "volume: NAME"',
  ],
  [
    'waiting for two things',
    "- name: p\n  hosts: web\n  steps:\n    - wait_for: {volume: data, portal: '10.1.0.1:3260'}\n",
    ':4:17 [0].steps[0].wait_for: waits for one thing; write one of "volume:", "portal:" and "command:"',
  ],
  [
    'waiting for a portal without a port that can be',
    "- name: p\n  hosts: web\n  steps:\n    - wait_for: {portal: 'nowhere:port'}\n",
    ':4:26 [0].steps[0].wait_for.portal: "nowhere:port" is not a valid portal: write ADDRESS or ADDRESS:PORT, such as 10.0.0.1:3260, [2001:db8::1]:3260 or storage.example.com:3260',
  ],
  [
    'a state without a volume',
    "- name: p\n  hosts: web\n  steps:\n    - wait_for: {portal: '10.1.0.1:3260', state: absent}\n",
    ':4:50 [0].steps[0].wait_for.state: goes with "volume:" only',
  ],
  [
    'wait_for without options',
    '- name: p\n  hosts: web\n  steps:\n    - wait_for: data\n',
    ':4:17 [0].steps[0].wait_for: needs its options as a mapping; write them indented under "wait_for:"',
  ],
  [
    'an assertion of nothing',
    '- name: p\n  hosts: web\n  steps:\n    - assert: {message: x}\n',
    ':4:15 [0].steps[0].assert: asserts nothing; write "facts:", or "volume:" with "status:"',
  ],
  [
    'an assertion of a volume without a status',
    '- name: p\n  hosts: web\n  steps:\n    - assert: {volume: data, facts: {os_type: linux}}\n',
    ':4:15 [0].steps[0].assert: "volume:" and "status:" go together: which, and what of it',
  ],
  [
    'a fact that is a list',
    '- name: p\n  hosts: web\n  steps:\n    - assert: {facts: {os_type: [linux]}}\n',
    ':4:33 [0].steps[0].assert.facts.os_type: is not a value to compare with; write text, a number, true, false, or null for "is not there"',
  ],
  [
    'a question at the end',
    '- name: p\n  hosts: web\n  steps:\n    - attach: data\n    - confirm: Fine?\n',
    ':5:16 [0].steps[1].confirm: asks when all is done; put it before the steps that it is about',
  ],
  [
    'a question of several lines',
    '- name: p\n  hosts: web\n  steps:\n    - confirm: "a\\nb"\n    - attach: data\n',
    ':4:16 [0].steps[0].confirm.question: "a\\nb" is not a question; write what a person is to decide, in one line',
  ],
  [
    'a proof of the opposite',
    '- name: p\n  hosts: web\n  steps:\n    - detach: data\n    - verify: data\n',
    ':5:15 [0].steps[1].verify: "verify data" needs data attached, but "detach data" before it leaves it absent; change their order, or take one out',
  ],
  [
    'a proof of absence after an attach',
    '- name: p\n  hosts: web\n  steps:\n    - attach: data\n    - verify: {volume: data, state: absent}\n',
    ':5:15 [0].steps[1].verify: "verify data" needs data absent, but "attach data" before it leaves it attached; change their order, or take one out',
  ],
  [
    'an extend behind a detach',
    '- name: p\n  hosts: web\n  steps:\n    - detach: data\n    - extend: data\n',
    ':5:15 [0].steps[1].extend: "extend data" needs data attached, but "detach data" before it leaves it absent; change their order, or take one out',
  ],
  [
    'the same change twice',
    '- name: p\n  hosts: web\n  steps:\n    - attach: data\n    - attach: data\n',
    ':5:15 [0].steps[1].attach: "attach data" does nothing after "attach data"; take one out',
  ],
];

describe('a bad playbook', () => {
  const kinds = [...STEP_KINDS.keys()].join(', ');

  it.each(CASES)('%s', async (_what, text, message) => {
    expect(await failureOf(() => read(text))).toBe(`E_PLAYBOOK play.yaml${message.replace('(KINDS)', kinds)}`);
  });
});
