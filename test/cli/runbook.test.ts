import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/report/result-schema.js';
import { planSchema } from '../../src/runbook/plan.js';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

const hashIn = (stdout: string): string => /^plan ([0-9a-f]{20})$/m.exec(stdout)?.[1] ?? stdout;

describe('longshore plan and run', () => {
  it('plan, approve, run: first the attach, then the detach, and nothing is left', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 3 });
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
    const state = join(scratch.directoryPath, 'state');
    const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile, '--state-dir', state, '-e', 'volume=data'];

    const planned = await longshore(['plan', 'playbooks/attach.yaml', ...args]);
    expect(planned.code).toBe(0);
    expect(planned.stdout).toMatch(/^play 1 {2}Attach volumes, a canary first {2}3 hosts in batches of 1, 1, 1$/m);
    expect(planned.stdout).toMatch(/dock\[01-03\] {2}data {2}\d+ changes/);
    expect(fleet.leftovers()).toEqual([]);
    const hash = hashIn(planned.stdout);
    const file = join(state, 'plans', `${hash}.json`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const { connectionInfo } of fleet.volumes) {
      expect(readFileSync(file, 'utf8')).not.toContain(String(connectionInfo.data['auth_password']));
    }

    const attached = await longshore(['run', 'playbooks/attach.yaml', ...args, '--approve', hash, '--json']);
    expect(attached.code).toBe(0);
    const document = resultSchema.parse(JSON.parse(attached.stdout));
    expect(document.totals).toMatchObject({ hosts: 3, changed: 3 });
    expect(document.plays?.[0]?.batches.map(({ hosts }) => hosts.length)).toEqual([1, 1, 1]);

    // what it was approved for is done: the same plan does not hold any more
    const again = await longshore(['run', 'playbooks/attach.yaml', ...args, '--approve', hash]);
    expect(again.code).toBe(5);
    expect(again.stderr).toMatch(/^refused {2}dock01: E_PLAN_CHANGED data is not as it was approved/m);
    expect(again.stderr).toMatch(/^not run {2}dock\[02-03\]: stopped before their turn$/m);
    expect(again.stderr).toMatch(/^To go on: longshore resume /m);

    const detached = await longshore(['run', 'playbooks/detach.yaml', ...args, '--yes']);
    expect(detached.code).toBe(0);
    expect(detached.stdout).toMatch(/prove that nothing is left {2}dock03 {2}data {2}ok {2}nothing of it is left/);
    expect(fleet.leftovers()).toEqual([]);
    const runs = readdirSync(join(state, 'runs')).map((name) => readFileSync(join(state, 'runs', name), 'utf8'));
    expect(runs).toHaveLength(3);
    expect(runs.some((text) => text.includes('"type":"step-ended"'))).toBe(true);
    for (const { connectionInfo } of fleet.volumes) {
      expect(runs.join('')).not.toContain(String(connectionInfo.data['auth_password']));
    }
  });

  it('a plan holds for its playbook, its inventory and its options only', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 2 });
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
    const playbook = join(scratch.directoryPath, 'play.yaml');
    writeFileSync(playbook, '- name: p\n  hosts: all\n  steps:\n    - attach: data\n');
    const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile, '--state-dir', scratch.directoryPath];
    const planned = await longshore(['plan', playbook, ...args, '--json']);
    const { hash } = planSchema.parse(JSON.parse(planned.stdout));
    const run = async (...more: readonly string[]) => {
      const { code, stderr } = await longshore(['run', playbook, ...args, '--approve', hash, ...more]);
      return `${code} ${stderr.split('\n')[0] ?? ''}`;
    };
    const changed = '5 error  E_PLAN_CHANGED playbook, inventory or variables are not those of the approved plan';
    expect(await run('--limit', 'dock01')).toBe(changed);
    appendFileSync(inventoryFile, '# a remark\n');
    expect(await run()).toBe(changed);
    appendFileSync(playbook, '    - verify: data\n');
    expect(await run()).toBe(changed);
    expect(await longshore(['run', playbook, ...args, '--approve', '00000000000000000000'])).toMatchObject({ code: 3 });
    const file = join(scratch.directoryPath, 'plans', `${hash}.json`);
    writeFileSync(file, readFileSync(file, 'utf8').replace('dock01', 'dock02'));
    expect(await run()).toMatch(/^5 error {2}E_PLAN_CHANGED the plan in .* is not what was planned$/);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('in a pipe it wants an approval, and a bad playbook is told before anything is connected to', async () => {
    await using scratch = await scratchDirectory();
    const inventory = join(scratch.directoryPath, 'fleet.yaml');
    writeFileSync(inventory, 'all: {hosts: {nowhere.invalid: }}\n');
    const playbook = join(scratch.directoryPath, 'play.yaml');
    writeFileSync(playbook, '- name: p\n  hosts: all\n  steps:\n    - command: [hostname]\n');
    const unsaid = await longshore(['run', playbook, '-i', inventory]);
    expect(unsaid.code).toBe(3);
    expect(unsaid.stderr).toMatch(
      /^error {2}E_USAGE a run changes hosts: approve a plan with --approve HASH, or say --yes$/m,
    );
    writeFileSync(playbook, '- name: p\n  hosts: all\n  steps:\n    - comand: [hostname]\n');
    const bad = await longshore(['run', playbook, '-i', inventory, '--yes']);
    expect(bad.code).toBe(3);
    expect(bad.stderr).toBe(
      `error  E_PLAYBOOK ${playbook}:4:7 [0].steps[0].comand: "comand" is not a step; did you mean "command"?\n`,
    );
  });

  it('a question without anybody to answer it stops the run, and --retry takes the hosts that failed', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 3 });
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
    const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile, '--state-dir', scratch.directoryPath];
    const playbook = join(scratch.directoryPath, 'play.yaml');
    writeFileSync(
      playbook,
      '- name: p\n  hosts: all\n  steps:\n    - attach: data\n    - confirm: Fine?\n    - verify: data\n',
    );
    const { hash } = planSchema.parse(JSON.parse((await longshore(['plan', playbook, ...args, '--json'])).stdout));
    const stopped = await longshore(['run', playbook, ...args, '--approve', hash]);
    expect(stopped.code).toBe(7);
    expect(stopped.stderr).toMatch(/^stopped {2}nobody can be asked here: Fine\?$/m);
    expect(stopped.stderr).toMatch(/^unfinished {2}dock\[01-03\]: steps are left$/m);
    const first = / resume (\S+)$/m.exec(stopped.stderr)?.[1] ?? '';
    const batched = await longshore(['resume', first, ...args, '--yes', '--serial', '1']);
    expect({ code: batched.code, says: batched.stderr.includes('its plays say') }).toEqual({ code: 3, says: true });
    const resumed = await longshore(['resume', first, ...args, '--yes']);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toMatch(/verify data {2}dock\[01-03\] {2}data {2}ok {2}attached, 2 of 2 paths live/);
    const nothing = await longshore(['resume', first, ...args, '--yes']);
    expect(nothing).toMatchObject({ code: 0, stderr: `run ${first} has nothing left to do on these hosts\n` });

    fleet.hosts[1]?.mount('dm-0', '/srv/data');
    const detached = await longshore(['detach', ...args, '--json', '--serial', '2', '--max-failures', '50%']);
    expect(detached.code).toBe(5);
    const { run } = resultSchema.parse(JSON.parse(detached.stdout));
    fleet.hosts[1]?.mounts.unmount('/srv/data');
    const retried = await longshore(['detach', ...args, '--retry', run]);
    expect(retried.code).toBe(0);
    expect(retried.stdout).toMatch(/^dock02 +data +detached/m);
    expect(retried.stderr).toContain('1 host: 1 changed');
    expect(fleet.leftovers()).toEqual([]);
    const none = await longshore(['detach', ...args, '--retry', '20200101-000000-00000000']);
    expect(none.code).toBe(3);
  });
});
