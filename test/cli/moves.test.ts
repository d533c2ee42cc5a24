import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type ResultDocument, resultSchema } from '../../src/report/result-schema.js';
import { type RunsDocument, runsSchema } from '../../src/report/runs-schema.js';
import { startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { type Ended, longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

let fleet: SimulatedFleet;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;
let inventory: string;
let knownHosts: string;
/** what the source's power controller says */
let powerFile: string;

interface InventoryText {
  all: {
    children: { docks: { hosts: Record<string, Record<string, unknown> & { volumes: Record<string, unknown> }> } };
  };
}

beforeEach(async () => {
  scratch = await scratchDirectory();
  fleet = await startSimulatedFleet({ hosts: 3 });
  const files = await fleet.writeFiles(scratch.directoryPath);
  inventory = files.inventoryFile;
  knownHosts = files.knownHostsFile;
  powerFile = path.join(scratch.directoryPath, 'power.json');
  await power('on');
  await shareFirstVolume();
});

afterEach(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
});

/** dock01's volume is also declared for dock02 and dock03, each at a LUN of its own, and dock01 has a fencing check. */
async function shareFirstVolume(): Promise<void> {
  const { array, hosts, targetName, volumes } = fleet;
  const [first] = volumes;
  const unit = array.unitAt(targetName, hosts[0]?.environment.initiatorName ?? '', 1);
  if (first === undefined || unit === null) throw new Error('no volume');
  const document = parse(await readFile(inventory, 'utf8')) as InventoryText;
  const declared = document.all.children.docks.hosts;
  for (const [index, host] of hosts.entries()) {
    const own = declared[host.name];
    if (own === undefined) continue;
    const lun = index * 3 + 1;
    const { data, ...rest } = own.volumes['data'] as { data: Record<string, unknown> };
    own.volumes = {
      data: { ...rest, wwid: first.wwid, data: { ...data, target_luns: fleet.portals.map(() => lun) } },
    };
    if (index === 0) continue;
    array.unmap(targetName, host.environment.initiatorName, 1);
    array.map(targetName, host.environment.initiatorName, lun, unit);
  }
  const source = declared['dock01'];
  if (source !== undefined) {
    source['longshore_fencing'] = { method: 'bmc-power-off', check: ['cat', powerFile], pause_s: 0 };
  }
  await writeFile(inventory, stringify(document));
}

const power = (state: string): Promise<void> => writeFile(powerFile, JSON.stringify({ state }));
const leftAt = (host: string): readonly string[] => fleet.leftovers().filter((line) => line.startsWith(host));

function run(...args: readonly string[]): Promise<Ended> {
  const common = [
    '-i',
    inventory,
    '--known-hosts',
    knownHosts,
    '--state-dir',
    path.join(scratch.directoryPath, 'state'),
  ];
  return longshore([...args, ...common]);
}

async function document(...args: readonly string[]): Promise<ResultDocument> {
  return resultSchema.parse(JSON.parse((await run(...args, '--json')).stdout));
}

/** What the journals say, all of which can be read. */
async function told(...words: readonly string[]): Promise<RunsDocument> {
  const state = path.join(scratch.directoryPath, 'state');
  const { code, stdout, stderr } = await longshore(['runs', ...words, '--json', '--state-dir', state]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return runsSchema.parse(JSON.parse(stdout));
}

/** The same of the volume, host by host. */
async function attachedNow(): Promise<readonly string[]> {
  const { attached = [] } = await told('--attached');
  return attached.map((one) => `${one.host} ${one.state}`).toSorted();
}

/** dock01 is off: nothing answers at its port. */
async function cutPower(): Promise<void> {
  await fleet.servers[0]?.close();
  await power('off');
}

describe('longshore migrate', () => {
  it('plans both sides, moves, says who owns the volume, and finds nothing to do the second time', async () => {
    await run('attach', '--limit', 'dock01');
    const move = ['migrate', '--volume', 'data', '--from', 'dock01', '--to', 'dock02'];
    const plan = await run(...move, '--plan');
    expect({ code: plan.code, stderr: plan.stderr.split('\n').length }).toEqual({ code: 0, stderr: 2 });
    expect(plan.stdout).toContain('to be moved');
    expect(plan.stdout).toContain('look at dock01 once more');
    expect(plan.stdout).toMatch(/^dock01 +data/m);
    expect(plan.stdout).toMatch(/^dock02 +data/m);
    expect(leftAt('dock02')).toEqual([]);

    const moved = await document(...move);
    expect(moved.moves).toMatchObject([
      { mode: 'handover', volume: 'data', ending: 'moved', owner: { host: 'dock02', number: 2 } },
    ]);
    expect(moved.hosts['dock02']?.volumes['data']?.deviceInfo?.path).toMatch(/^\/dev\/dm-/);
    expect(leftAt('dock01')).toEqual([]);

    const again = await run(...move);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('already there');
    // dock03 declares it as well, and was asked
    expect(await attachedNow()).toEqual(['dock02 attached']);
  });

  it('runs the command at the array between the two, and the other one when it turns back', async () => {
    await run('attach', '--limit', 'dock01');
    const log = path.join(scratch.directoryPath, 'array.log');
    const script = path.join(scratch.directoryPath, 'array');
    await writeFile(script, `#!/bin/sh\necho "$@" >>'${log}'\n`);
    await chmod(script, 0o755);
    const { array, hosts, targetName } = fleet;
    const wrong = { username: 'dock02', password: 'another-secret-1' };
    array.allow(targetName, hosts[1]?.environment.initiatorName ?? '', wrong);
    const commands = ['--array-command', `${script} give {volume} '{to}'`, '--array-undo', `${script} back {from}`];
    const failed = await run('migrate', '--volume', 'data', '--from', 'dock01', '--to', 'dock02', ...commands);
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain('E_MOVE_RETURNED');
    expect(failed.stdout).toContain('turned back');
    expect(await readFile(log, 'utf8')).toBe('give data dock02\nback dock01\n');
    expect(leftAt('dock02')).toEqual([]);
    expect(leftAt('dock01').some((line) => line.includes('map'))).toBe(true);
  });

  it.each([
    [['--from', 'dock01', '--to', 'dock01'], 'to itself'],
    [['--from', 'dock01'], 'give --to HOST'],
    [['--from', 'dock0*', '--to', 'dock02'], 'is 3 hosts; name one'],
    [['--from', 'dock01', '--to', 'dock02', '--array-undo', 'x'], '--array-undo goes with --array-command'],
    [['--from', 'dock01', '--to', 'dock02', '--array-command', "x '"], 'close every quote'],
  ])('refuses %j with what is wrong', async (args, says) => {
    const { code, stderr } = await run('migrate', '--volume', 'data', ...args);
    expect({ code, says: stderr.includes(says) }, stderr).toEqual({ code: 3, says: true });
  });

  it('refuses a volume that the destination declares with another identity', async () => {
    const text = await readFile(inventory, 'utf8');
    const wwid = fleet.volumes[0]?.wwid ?? '';
    const at = text.indexOf(wwid, text.indexOf('dock02:'));
    await writeFile(inventory, `${text.slice(0, at)}${wwid.slice(0, -3)}bad${text.slice(at + wwid.length)}`);
    const { code, stderr } = await run('migrate', '--volume', 'data', '--from', 'dock01', '--to', 'dock02');
    expect(code).toBe(3);
    expect(stderr).toContain('dock02 declares data with the wwid');
  });

  it('of a source that does not answer points to an evacuation', async () => {
    await run('attach', '--limit', 'dock01');
    await cutPower();
    const { code, stderr } = await run('migrate', '--volume', 'data', '--from', 'dock01', '--to', 'dock02');
    expect(code).toBe(5);
    expect(stderr).toContain('longshore evacuate --from dock01 --to dock02');
  });
});

describe('longshore evacuate', () => {
  it('refuses a host that answers, and one that is only silent', async () => {
    await run('attach', '--limit', 'dock01');
    const evacuate = ['evacuate', '--from', 'dock01', '--to', 'dock02'];
    const alive = await run(...evacuate);
    expect(alive.code).toBe(5);
    expect(alive.stderr).toContain('E_HOST_ANSWERS');
    await fleet.servers[0]?.close();
    const silent = await run(...evacuate);
    expect(silent.code).toBe(5);
    expect(silent.stderr).toContain('E_EVIDENCE');
    expect(silent.stderr).toContain('the state is "on"');
    expect(leftAt('dock02')).toEqual([]);
  });

  it('gives the volume away on evidence; the dead host may not be used until it is clean', async () => {
    await run('attach', '--limit', 'dock01');
    await cutPower();
    const plan = await document('evacuate', '--from', 'dock01', '--to', 'dock02', '--plan');
    expect(plan.hosts['dock02']?.volumes['data']?.steps?.length).toBeGreaterThan(0);
    expect(leftAt('dock02')).toEqual([]);

    const done = await run('evacuate', '--from', 'dock01', '--to', 'dock02,dock03');
    expect(done.stderr).toContain('had not written of data when it stopped is lost');
    expect(done.stdout).toMatch(/data +dock02 +attached +\/dev\/dm-/);
    expect(done.code).toBe(0);
    expect(leftAt('dock02').some((line) => line.includes('map'))).toBe(true);

    for (const verb of [['attach'], ['extend'], ['exec', '--', 'true'], ['detach']]) {
      const [name = '', ...rest] = verb;
      const refused = await longshore([
        ...[name, '-i', inventory, '--known-hosts', knownHosts, '--limit', 'dock01'],
        ...['--state-dir', path.join(scratch.directoryPath, 'state'), ...rest],
      ]);
      expect({ name, code: refused.code }, refused.stderr).toEqual({ name, code: name === 'detach' ? 4 : 5 });
      if (name !== 'detach') expect(refused.stderr).toContain('longshore clean --limit dock01');
    }
    const back = await run('migrate', '--volume', 'data', '--from', 'dock02', '--to', 'dock01');
    expect(back.stderr).toContain('E_HOST_DIRTY');
    expect((await told('--last', '1')).runs).toMatchObject([{ verb: 'migrate', state: 'finished' }]);
    expect(await attachedNow()).toEqual(['dock01 uncertain', 'dock02 attached']);
  });

  it('by a playbook that stopped midway is gone on with by the same command; its silent source is no failure', async () => {
    await run('attach', '--limit', 'dock01');
    await cutPower();
    const { array, hosts, targetName, volumes } = fleet;
    const initiator = hosts[1]?.environment.initiatorName ?? '';
    const { auth_username: username, auth_password: password } = volumes[1]?.connectionInfo.data ?? {};
    array.allow(targetName, initiator, { username: String(username), password: 'another-secret-1' });
    const evacuate = ['run', 'playbooks/evacuate.yaml', '-e', 'from=dock01', '-e', 'to=dock02', '--yes'];
    const stopped = await run(...evacuate);
    expect({ code: stopped.code, told: stopped.stderr.includes('E_LOGIN_REJECTED') }, stopped.stderr).toEqual({
      code: 2,
      told: true,
    });
    expect(leftAt('dock02')).toEqual([]);
    array.allow(targetName, initiator, { username: String(username), password: String(password) });
    const done = await run(...evacuate);
    expect(done.code, done.stderr).toBe(0);
    expect(leftAt('dock02').some((line) => line.includes('map'))).toBe(true);
    expect(await attachedNow()).toEqual(['dock01 uncertain', 'dock02 attached']);
  });

  it('stops a volume of which nothing is on record, unless it is named with a reason', async () => {
    await cutPower();
    const evacuate = ['evacuate', '--from', 'dock01', '--to', 'dock02'];
    const refused = await run(...evacuate);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('nothing is on record of data');
    expect((await run(...evacuate, '--unrecorded', 'attached by hand')).code).toBe(3);
    const named = await document(...evacuate, '--volume', 'data', '--unrecorded', 'attached by hand');
    expect(named.moves).toMatchObject([{ volume: 'data', ending: 'moved', evidence: { method: 'bmc-power-off' } }]);
    const ledger = await readFile(path.join(scratch.directoryPath, 'state', 'ledger.jsonl'), 'utf8');
    expect(ledger).toContain('attached by hand');
    const overrides = [{ what: 'unrecorded', volume: 'data', reason: 'attached by hand' }];
    expect((await told('last')).run).toMatchObject({ verb: 'evacuate', tasks: [{ overrides }] });
  });

  it('shows no secret, also not in the ledger', async () => {
    await run('attach', '--limit', 'dock01');
    await cutPower();
    const { stdout, stderr } = await run('evacuate', '--from', 'dock01', '--to', 'dock02', '--log-level', 'trace');
    const ledger = await readFile(path.join(scratch.directoryPath, 'state', 'ledger.jsonl'), 'utf8');
    for (const { connectionInfo } of fleet.volumes) {
      expect(stdout + stderr + ledger).not.toContain(String(connectionInfo.data['auth_password']));
    }
  });
});

describe('a move whose hosts the inventory cannot log in to', () => {
  it('logs in to all of them as the command line says, by the command and by a playbook', async () => {
    const text = await readFile(inventory, 'utf8');
    const key = /ansible_ssh_private_key_file: (.*)/.exec(text)?.[1] ?? '';
    const wrong = path.join(scratch.directoryPath, 'not-there');
    await writeFile(inventory, text.replaceAll(key, wrong).replace('ansible_user: root', 'ansible_user: nobody'));
    const login = ['--user', 'operator', '--private-key', key];
    expect((await run('attach', '--limit', 'dock01', ...login)).code).toBe(0);
    const move = ['--volume', 'data', '--from', 'dock01', '--to', 'dock02'];
    const moved = await run('migrate', ...move, ...login);
    expect(moved.code, moved.stderr).toBe(0);
    // its play is about dock03 alone: the source and the destination are hosts that the step names
    const back = path.join(scratch.directoryPath, 'back.yaml');
    const step = '{ volume: data, from: dock02, to: dock01 }';
    await writeFile(back, `- name: back\n  hosts: dock03\n  steps:\n    - migrate: ${step}\n`);
    const returned = await run('run', back, '--yes', ...login);
    expect(returned.code, returned.stderr).toBe(0);
    expect([leftAt('dock02'), leftAt('dock01').some((line) => line.includes('map'))]).toEqual([[], true]);
    await cutPower();
    const evacuated = await run('evacuate', '--from', 'dock01', '--to', 'dock03', ...login);
    expect(evacuated.code, evacuated.stderr).toBe(0);
    expect(fleet.servers.map(({ users }) => [...users])).toEqual([['operator'], ['operator'], ['operator']]);
  });
});

describe('longshore clean', () => {
  it('refuses a host that was not rebooted, and says of others that they were not dirty', async () => {
    await run('attach', '--limit', 'dock01');
    const [server] = fleet.servers;
    await power('off');
    // it is silent for the evacuation only
    const inventoryText = await readFile(inventory, 'utf8');
    await writeFile(inventory, inventoryText.replace(`ansible_port: ${server?.port}`, 'ansible_port: 1'));
    expect((await run('evacuate', '--from', 'dock01', '--to', 'dock02')).code).toBe(0);
    await writeFile(inventory, inventoryText);
    const refused = await run('clean', '--limit', 'dock01');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('not rebooted');
    const detach = await run('detach', '--limit', 'dock01');
    expect(detach.code).toBe(5);
    expect(detach.stderr).toContain('E_HOST_DIRTY');
    const other = await run('clean', '--limit', 'dock03');
    expect(other.stdout).toMatch(/dock03 +was not dirty/);
  });
});
