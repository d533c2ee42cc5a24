import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInventory } from '../../../src/inventory/read-inventory.js';
import { type ReadPlaybookOptions, readPlaybook } from '../../../src/runbook/read-playbook.js';
import type { Runbook } from '../../../src/runbook/playbook.js';
import { failureOf, folderOf } from '../inventory/inventory-folder.js';

const INVENTORY = `
all:
  vars: {paths: 2, unit: app, min: 1}
  hosts: {web01: {paths: 4}, web02: {}, db1: {unit: postgres}}
  children:
    web: {hosts: {web01: , web02: }}
  `;

const VOLUMES = `
all:
  hosts:
    web01: {lun: 3}
    web02: {lun: 4}
  vars:
    volumes:
      data: {target_portal: '10.1.0.1:3260', target_iqn: iqn.2010-10.org.example:data, target_lun: 1}
      '0123': {target_portal: '10.1.0.1:3260', target_iqn: iqn.2010-10.org.example:logs, target_lun: 2}
`;

async function read(
  playbook: string,
  options: Partial<ReadPlaybookOptions> & { readonly fleet?: string } = {},
): Promise<Runbook> {
  const folder = folderOf({ 'fleet.yaml': options.fleet ?? INVENTORY, 'play.yaml': playbook });
  const inventory = await readInventory(path.join(folder, 'fleet.yaml'), { env: {} });
  return readPlaybook(path.join(folder, 'play.yaml'), { inventory, env: {}, ...options });
}

const command = (argv: string, vars = ''): string =>
  `- name: p\n  hosts: all\n${vars}  steps:\n    - command: ${argv}\n`;

function argvOf(runbook: Runbook, host: string): unknown {
  const input = runbook.plays[0]?.steps[0]?.on(host);
  return (input?.options as { readonly argv?: unknown } | undefined)?.argv;
}

describe('variables of a playbook', () => {
  it('come from the host, before it from the play, before that from the command line', async () => {
    const text = "[run, '${unit}', '${min}']";
    const plain = await read(command(text));
    expect(argvOf(plain, 'web01')).toEqual(['run', 'app', '1']);
    expect(argvOf(plain, 'db1')).toEqual(['run', 'postgres', '1']);
    const own = await read(command(text, '  vars: {unit: play}\n'));
    expect(argvOf(own, 'db1')).toEqual(['run', 'play', '1']);
    const extra = await read(command(text, '  vars: {unit: play}\n'), { extraVars: ['unit=mine', 'min=a=b'] });
    expect(argvOf(extra, 'db1')).toEqual(['run', 'mine', 'a=b']);
  });

  it('may refer to each other and to those of the host', async () => {
    const runbook = await read(command("['${line}']", "  vars: {line: 'start ${unit} on ${inventory_hostname}'}\n"));
    expect(argvOf(runbook, 'db1')).toEqual(['start postgres on db1']);
    expect(argvOf(runbook, 'web02')).toEqual(['start app on web02']);
  });

  it('a text that is one reference takes over a list; $${ is a literal ${', async () => {
    const runbook = await read(command('${words}', "  vars: {words: [sh, -c, 'echo $${HOME} ${unit}']}\n"));
    expect(argvOf(runbook, 'web01')).toEqual(['sh', '-c', 'echo ${HOME} app']);
  });

  it('are typed after they are filled in', async () => {
    const playbook = `
- name: p
  hosts: web
  vars: {portal: '10.1.0.1:3260'}
  steps:
    - verify:
        volume: {name: x, target_portal: '\${portal}', target_iqn: iqn.2010-10.org.example:x, target_lun: '\${lun}'}
        min_paths: '\${lun}'
`;
    const runbook = await read(playbook, { fleet: VOLUMES.replace('all:', 'web:') });
    const input = runbook.plays[0]?.steps[0]?.on('web02');
    expect(input?.options).toMatchObject({ min_paths: 4 });
    expect(input?.volumes).toMatchObject([{ name: 'x', data: { target_lun: 4, target_portal: '10.1.0.1:3260' } }]);
    const numbers = await read(playbook.replace("'${lun}'}", '5}').replaceAll("'${lun}'", "'${n}'"), {
      fleet: VOLUMES.replace('all:', 'web:'),
      extraVars: ['n=7'],
    });
    expect(numbers.plays[0]?.steps[0]?.on('web01').options).toMatchObject({ min_paths: 7 });
  });

  it('a volume named by digits stays text', async () => {
    const runbook = await read('- name: p\n  hosts: all\n  steps:\n    - attach: ${which}\n', {
      fleet: VOLUMES,
      extraVars: ['which=0123'],
    });
    expect(runbook.plays[0]?.steps[0]).toMatchObject({ title: 'attach 0123' });
  });

  it.each([
    [['disk'], '--extra-vars: "disk" is not NAME=VALUE, such as rack=r12'],
    [['2nd=x'], '--extra-vars: "2nd=x" is not NAME=VALUE, such as rack=r12'],
    [['chap_password=x'], '--extra-vars: chap_password may be a secret, which plans and logs would show'],
  ])('--extra-vars %j is refused', async (extraVars, message) => {
    expect(await failureOf(() => read(command('[ls]'), { extraVars }))).toContain(`E_USAGE ${message}`);
  });
});

describe('hosts of a playbook', () => {
  const two = '- {name: a, hosts: web, steps: [command: [ls]]}\n- {name: b, hosts: db1, steps: [command: [ls]]}\n';

  it('are narrowed by --limit, play by play', async () => {
    const runbook = await read(two, { limit: 'web02:db1' });
    expect(runbook.plays.map((play) => play.hosts.map(({ name }) => name))).toEqual([['web02'], ['db1']]);
    expect(runbook.hosts.map(({ name }) => name)).toEqual(['web02', 'db1']);
    const one = await read(two, { limit: 'db1' });
    expect(one.plays.map((play) => play.hosts.length)).toEqual([0, 1]);
  });

  it('a limit that leaves nobody is refused', async () => {
    const message = await failureOf(() => read(two.split('\n')[0] ?? '', { limit: 'db1' }));
    expect(message).toBe('E_USAGE --limit or --retry leaves no host of any play of play.yaml');
  });

  it('a slip on a host that --limit leaves out is told all the same', async () => {
    const text = "- {name: a, hosts: all, steps: [command: ['${lun}']]}\n";
    expect(await failureOf(() => read(text, { limit: 'web01' }))).toContain('E_PLAYBOOK');
  });
});

describe('the head of a play', () => {
  const head = async (line: string): Promise<Runbook['plays'][number] | undefined> =>
    (await read(`- {name: a, hosts: all, ${line}, steps: [command: [ls]]}\n`)).plays[0];
  const none = { kind: 'count', value: 0 };

  it('a rolling play bears no failure unless it says so, any other bears all', async () => {
    expect((await head('fanout: 2'))?.limits).toEqual({ perBatch: null, total: null });
    expect((await head('serial: 1'))?.limits).toEqual({ perBatch: none, total: none });
    expect((await head('serial: 1, max_failures: 10%'))?.limits).toEqual({
      perBatch: { kind: 'percent', value: 10 },
      total: { kind: 'percent', value: 10 },
    });
    expect((await head('max_failures: {total: 3}'))?.limits).toEqual({
      perBatch: null,
      total: { kind: 'count', value: 3 },
    });
  });
});

describe('the digest of a runbook', () => {
  const digest = async (...args: Parameters<typeof read>): Promise<string> => (await read(...args)).digest;
  const text = command("['${unit}']");

  it('is the same for the same, and another with another playbook, inventory, variable or limit', async () => {
    const same = await digest(text);
    expect(await digest(text)).toBe(same);
    const others = [
      await digest(`${text}# a comment\n`),
      await digest(text, { fleet: INVENTORY.replace('postgres', 'mysql') }),
      await digest(text, { extraVars: ['unit=x'] }),
      await digest(text, { limit: 'web' }),
    ];
    expect(new Set([same, ...others]).size).toBe(5);
  });
});
