import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECORD_MARKS } from '../../src/linux/node-records.js';
import { auditSchema, type AuditDocument } from '../../src/report/audit-schema.js';
import { sweepSchema, type SweepDocument } from '../../src/report/sweep-schema.js';
import { type FleetFiles, startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { type Ended, longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

const TARGET = 'iqn.2010-10.org.longshore.sim:gone';
const PLACE = '/etc/iscsi/nodes';

let fleet: SimulatedFleet;
let files: FleetFiles;
let state: string;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;

beforeAll(async () => {
  scratch = await scratchDirectory();
  state = mkdtempSync(join(tmpdir(), 'longshore-sweep-state-'));
  fleet = await startSimulatedFleet({ hosts: 3 });
  files = await fleet.writeFiles(scratch.directoryPath);
});

afterAll(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
  rmSync(state, { recursive: true });
});

function onFleet(verb: string, ...args: readonly string[]): Promise<Ended> {
  const common = ['-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, '--state-dir', state];
  return longshore([verb, ...common, ...args]);
}

async function sweepDocument(...args: readonly string[]): Promise<SweepDocument & { readonly code: number | null }> {
  const { code, stdout, stderr } = await onFleet('sweep', '--json', ...args);
  expect(stderr.replace(/^.*"msg":"run-stopped".*\n/m, '')).toBe('');
  return { ...sweepSchema.parse(JSON.parse(stdout)), code };
}

async function auditDocument(): Promise<AuditDocument> {
  return auditSchema.parse(JSON.parse((await onFleet('audit', '--json')).stdout));
}

/** A record that a Longshore made on a host and that nothing needs any more. */
function plant(index: number, name: string): string {
  const nodes = fleet.hosts[index]?.nodes;
  const targetName = `${TARGET}-${name}`;
  const entry = nodes?.create({ targetName, address: '10.9.9.9', port: 3260, iface: 'default' });
  if (entry !== undefined) nodes?.append(entry, `${RECORD_MARKS.made}\n`);
  return `record:${PLACE}/${targetName}/10.9.9.9,3260`;
}

const records = (): number => fleet.hosts.reduce((sum, { nodes }) => sum + nodes.entries.length, 0);
const states = (document: SweepDocument): readonly string[] =>
  document.objects.map(({ host, state: shown }) => `${host} ${shown}`);

/** Lets the looks that were kept be an hour older, instead of waiting for it. */
function age(): void {
  const directory = join(state, 'audits');
  for (const name of readdirSync(directory).filter((one) => one.endsWith('.audit.json'))) {
    const filePath = join(directory, name);
    const look = JSON.parse(readFileSync(filePath, 'utf8')) as { at: number };
    writeFileSync(filePath, JSON.stringify({ ...look, at: look.at - 3_600_000 }));
    utimesSync(filePath, 0, 0);
  }
}

describe('audit', () => {
  it('of hosts in order finds nothing, keeps its look for its owner alone, and ends with 0', async () => {
    const { code, stdout, stderr } = await onFleet('audit');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('3 hosts: 0 candidates, 0 owned, 0 of others');
    const [name = ''] = readdirSync(join(state, 'audits'));
    expect(statSync(join(state, 'audits', name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(state, 'audits')).mode & 0o777).toBe(0o700);
  });

  it('shows alike leftovers of several hosts once, and ends with 2', async () => {
    const keys = [plant(0, 'one'), plant(1, 'one')];
    const { code, stdout } = await onFleet('audit');
    expect(code).toBe(2);
    expect(stdout).toMatch(/candidate +dock\[01-02\] +record:\/etc\/iscsi/);
    expect((await auditDocument()).hosts['dock01']?.objects.map(({ key }) => key)).toEqual([keys[0]]);
    for (const { nodes } of fleet.hosts) for (const entry of nodes.entries) nodes.delete(entry);
  });
});

describe('sweep', () => {
  it('removes only what two looks saw and a hash approved; the plan changes nothing', async () => {
    plant(0, 'two');
    plant(1, 'two');
    const first = await sweepDocument();
    expect({ code: first.code, hash: first.hash, plan: first.plan }).toEqual({ code: 0, hash: null, plan: true });
    expect(states(first)).toEqual(['dock01 waiting', 'dock02 waiting']);
    age();
    const second = await sweepDocument();
    expect(states(second)).toEqual(['dock01 ready', 'dock02 ready']);
    expect(records()).toBe(2);
    const { hash } = second;
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    // what came since is not in the hash, and one that is gone is no surprise
    plant(2, 'two');
    const events = join(scratch.directoryPath, 'events.ndjson');
    const applied = await sweepDocument('--approve', hash ?? '', '--events', events);
    expect(applied.code).toBe(0);
    expect(applied.missing).toEqual([]);
    // the look of all hosts, and the removal
    const begun = readFileSync(events, 'utf8').match(/"type":"run-started".*/g);
    expect(begun?.map((line) => line.match(/dock\d+/g)?.length)).toEqual([3, 2]);
    expect(states(applied)).toEqual(['dock01 removed', 'dock02 removed', 'dock03 waiting']);
    expect(records()).toBe(1);
    const runs = readdirSync(join(state, 'runs')).map((name) => readFileSync(join(state, 'runs', name), 'utf8'));
    expect(runs.join('\n')).toMatch(
      /"type":"intent".*-T iqn\.2010-10\.org\.longshore\.sim:gone-two -p 10\.9\.9\.9:3260 -o delete/,
    );
    for (const { nodes } of fleet.hosts) for (const entry of nodes.entries) nodes.delete(entry);
  });

  it('leaves what has changed since it was approved, says so, and ends with 5', async () => {
    plant(0, 'three');
    await sweepDocument();
    age();
    const { hash } = await sweepDocument();
    const nodes = fleet.hosts[0]?.nodes;
    const [entry] = nodes?.entries ?? [];
    if (nodes === undefined || entry === undefined) throw new Error('no record');
    nodes.set(entry, 'node.startup', 'automatic');
    nodes.append(entry, `${RECORD_MARKS.made}\n`);
    const applied = await sweepDocument('--approve', hash ?? '');
    expect(applied.code).toBe(5);
    expect(applied.missing).toEqual([`dock01 record:${PLACE}/${TARGET}-three/10.9.9.9,3260`]);
    expect(records()).toBe(1);
    nodes.delete(entry);
  });

  it('takes one object by its name, and no name that is not of a candidate', async () => {
    const key = plant(0, 'four');
    plant(0, 'five');
    await sweepDocument();
    age();
    const unknown = await onFleet('sweep', '--only', 'record:/no/such');
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('no selected host has "record:/no/such"');
    const applied = await sweepDocument('--only', key);
    expect(applied.code).toBe(0);
    expect(states(applied)).toEqual(['dock01 removed']);
    expect(records()).toBe(1);
    for (const { nodes } of fleet.hosts) for (const entry of nodes.entries) nodes.delete(entry);
  });

  it('does not know a hash that it has not printed', async () => {
    const { code, stderr } = await onFleet('sweep', '--approve', 'feedfeedfeedfeed');
    expect(code).toBe(3);
    expect(stderr).toContain('there is no plan "feedfeedfeedfeed"');
  });

  it('removes no more than its limits at a time', async () => {
    for (const name of ['a', 'b', 'c']) plant(0, name);
    plant(1, 'a');
    await sweepDocument();
    age();
    const { objects } = await sweepDocument('--max-per-host', '2', '--max-per-run', '3');
    expect(objects.map(({ host, state: shown }) => `${host} ${shown}`)).toEqual([
      ...['dock01 ready', 'dock01 ready', 'dock01 over-limit'],
      'dock02 ready',
    ]);
    for (const { nodes } of fleet.hosts) for (const entry of nodes.entries) nodes.delete(entry);
  });

  it('goes host by host at first: what cannot be removed ends it there, and is not tried again until it is named', async () => {
    const [first, ...others] = fleet.hosts;
    // iscsiadm says that there is no such record, and the file stays
    const targetName = `${TARGET}-stuck`;
    const stuck = `${PLACE}/${targetName}/10.9.9.9,3260`;
    first?.placed.write(
      stuck,
      [
        `node.name = ${targetName}`,
        'node.conn[0].address = 10.9.9.9',
        'node.conn[0].port = 3260',
        'node.startup = manual',
        `${RECORD_MARKS.made}\n`,
      ].join('\n'),
    );
    for (const index of [1, 2]) plant(index, 'six');
    await sweepDocument();
    age();
    const { hash } = await sweepDocument();
    const failed = await sweepDocument('--approve', hash ?? '');
    expect(failed.code).toBe(2);
    expect(states(failed)).toEqual(['dock01 failed', 'dock02 not-run', 'dock03 not-run']);
    expect(failed.objects[0]?.error?.code).toBe('E_DEVICE_NOT_REMOVED');
    expect(records()).toBe(2);

    const next = await sweepDocument();
    expect(states(next)).toEqual(['dock01 quarantined', 'dock02 ready', 'dock03 ready']);
    expect(next.objects[0]?.why).toBe(failed.objects[0]?.error?.message);
    const tries = (): number => (first?.commands ?? []).filter((argv) => argv.join(' ').endsWith('-o delete')).length;
    const triesBefore = tries();
    const applied = await sweepDocument('--approve', next.hash ?? '');
    expect(applied.code).toBe(0);
    expect(states(applied)).toEqual(['dock01 quarantined', 'dock02 removed', 'dock03 removed']);
    expect([tries(), records(), others.length]).toEqual([triesBefore, 0, 2]);

    const named = await sweepDocument('--only', `record:${stuck}`);
    expect([named.code, ...states(named), tries() > triesBefore]).toEqual([2, 'dock01 failed', true]);
    first?.placed.remove(stuck);
  });
});
