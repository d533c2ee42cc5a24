/**
 * `npm run bench:lab`: attach and detach of one LUN, Longshore over SSH beside os-brick 6.1.0 running on the host itself, one
 * after the other in the same guest. os-brick is timed inside one warm process; Longshore from before it connects until it has closed
 * the connection, so its handshake counts; the same without the time until the first lane was there stands beside it. Round trips of extend, facts and
 * status are counted too, and the cycles once more beside 1,000 SCSI disks of others. Ends with the targets and writes `bench/results/lab.json` with `--save`.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import Table from 'cli-table3';
import type { InitiatorConnector, VolumeSpec } from '../src/connectors/connector.js';
import { connectorFor } from '../src/connectors/registry.js';
import { Secret } from '../src/secrets/secret.js';
import { type Deadline, deadlineIn } from '../src/time/deadline.js';
import type { Executor } from '../src/transport/executor.js';
import { connectSsh } from '../src/transport/ssh-connection.js';
import { BESIDE_OTHERS, labTargets, median, type Timing, type Trips } from './lab-targets.js';
import { addForeignDisks } from '../test/lab/foreign-disks.js';
import { clientLeftovers, isClean } from '../test/lab/hygiene.js';
import { type Lab, startLab } from '../test/lab/lab.js';
import { connectionInfo, createVolume, exportTo, type Volume } from '../test/lab/target.js';

const CYCLES = 5;
const FOREIGN_DISKS = 1000;
const CHAP = { username: 'longshore', password: randomBytes(12).toString('hex') };

const loadBefore = os.loadavg()[0];
await using lab = await startLab();
const volume = await createVolume(lab.target, { name: 'bench', sizeMiB: 128, lun: 1 });
await exportTo(lab.target, volume, lab.clients[0].initiatorName, { chap: CHAP });

const timings: Timing[] = [];
for (const kind of ['single', 'multipath'] as const) {
  // a first cycle of either warms the guest's caches and is not counted
  timings.push(await osBrick(lab, volume, kind), await longshore(lab, volume, kind, 'root'));
}
timings.push(await longshore(lab, volume, 'multipath', 'ops'));
const trips = await otherVerbs(lab, volume);
if (process.argv.includes('--save')) await save(timings, trips);
// at the end: to take them away again would cost a minute
await addForeignDisks(lab.clients[0], FOREIGN_DISKS);
timings.push({ ...(await cycles(lab, volume, 'multipath', 'root')), tool: BESIDE_OTHERS });
print(timings, trips);
if (process.argv.includes('--save')) await save(timings, trips);

async function osBrick(where: Lab, what: Volume, kind: Timing['kind']): Promise<Timing> {
  const script = await readFile(new URL('os-brick-cycles.py', import.meta.url), 'utf8');
  const task = { properties: propertiesOf(where, what, kind), multipath: kind === 'multipath', cycles: CYCLES + 1 };
  await where.clients[0].run('cat > /run/os-brick-cycles.py', { input: script });
  const { stdout } = await where.clients[0].run('python3 /run/os-brick-cycles.py 2>/dev/null', {
    input: JSON.stringify(task),
    timeoutMs: 300_000,
  });
  const cycles = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Timing['cycles'][number]);
  await mustBeClean(where, 'os-brick');
  return { tool: 'os-brick 6.1.0, on the host', kind, cycles: cycles.slice(1) };
}

async function longshore(where: Lab, what: Volume, kind: Timing['kind'], user: 'root' | 'ops'): Promise<Timing> {
  const timing = await cycles(where, what, kind, user);
  await mustBeClean(where, 'Longshore');
  return timing;
}

async function cycles(where: Lab, what: Volume, kind: Timing['kind'], user: 'root' | 'ops'): Promise<Timing> {
  const found: Timing['cycles'][number][] = [];
  let roundTrips = { attach: 0, detach: 0 };
  let processes = { attach: 0, detach: 0 };
  for (let cycle = 0; cycle <= CYCLES; cycle += 1) {
    const attach = await verb(where, what, kind, user, 'attach');
    const detach = await verb(where, what, kind, user, 'detach');
    if (cycle === 0) continue;
    found.push({
      attach: attach.seconds,
      detach: detach.seconds,
      connecting: { attach: attach.connecting, detach: detach.connecting },
    });
    roundTrips = { attach: attach.roundTrips, detach: detach.roundTrips };
    processes = { attach: attach.processes, detach: detach.processes };
  }
  const tool = user === 'root' ? 'Longshore, over SSH' : 'Longshore, over SSH with sudo';
  return { tool, kind, cycles: found, roundTrips, processes };
}

/** Round trips of what only looks, or grows: on an attached volume. */
async function otherVerbs(where: Lab, what: Volume): Promise<Trips> {
  await verb(where, what, 'multipath', 'root', 'attach');
  const asked = async (ask: (connector: InitiatorConnector) => Promise<unknown>): Promise<number> => {
    const deadline = deadlineIn(120_000);
    const executor = await connect(where, 'root', deadline);
    await ask(connectorFor('iscsi', { executor, deadline, runId: 'bench' }));
    await executor.close();
    return executor.counters().roundTrips;
  };
  const spec = volumeSpec(where, what, 'multipath');
  const found = {
    status: await asked((connector) => connector.status([spec])),
    facts: await asked((connector) => connector.getConnectorProperties()),
    extend: await asked((connector) => connector.extend(spec)),
  };
  await verb(where, what, 'multipath', 'root', 'detach');
  await mustBeClean(where, 'Longshore');
  return found;
}

function connect(where: Lab, user: 'root' | 'ops', deadline: Deadline): Promise<Executor> {
  const [client] = where.clients;
  return connectSsh(
    {
      host: client.name,
      address: client.address,
      port: client.sshPort,
      user,
      privateKeys: [{ filePath: where.keyPath }],
      hostKeys: { files: [where.knownHostsPath], mode: 'strict' },
      become: { method: user === 'root' ? 'none' : 'sudo' },
      connectTimeoutMs: 20_000,
    },
    deadline,
  );
}

async function verb(where: Lab, what: Volume, kind: Timing['kind'], user: 'root' | 'ops', name: 'attach' | 'detach') {
  const deadline = deadlineIn(120_000);
  const began = performance.now();
  const executor = await connect(where, user, deadline);
  const connector = connectorFor('iscsi', { executor, deadline, runId: 'bench' });
  const spec = volumeSpec(where, what, kind);
  const result = name === 'attach' ? await connector.attach(spec) : await connector.detach(spec, null);
  const { roundTrips, remoteProcesses: processes, connectMs } = executor.counters();
  await executor.close();
  if (result.outcome !== 'changed') throw result.error ?? new Error(`${name}: ${result.outcome}`);
  return { seconds: (performance.now() - began) / 1000, connecting: connectMs / 1000, roundTrips, processes };
}

function volumeSpec(where: Lab, what: Volume, kind: Timing['kind']): VolumeSpec {
  const { data } = propertiesOf(where, what, kind);
  return {
    name: what.name,
    driverVolumeType: 'iscsi',
    data: { ...data, auth_password: new Secret(CHAP.password) },
    wwid: what.wwid,
    sizeBytes: what.sizeMiB * 2 ** 20,
    multipath: kind === 'multipath',
  };
}

/** os-brick takes `data` alone; single path means one portal for both tools. */
function propertiesOf(where: Lab, what: Volume, kind: Timing['kind']) {
  const portals = kind === 'multipath' ? where.portals : where.portals.slice(0, 1);
  const { data } = connectionInfo(what, portals, { chap: CHAP });
  return { ...data, data };
}

async function mustBeClean(where: Lab, tool: string): Promise<void> {
  const left = await clientLeftovers(where.clients[0]);
  if (!isClean(left)) throw new Error(`${tool} left something: ${JSON.stringify(left)}`);
}

function print(all: readonly Timing[], others: Trips): void {
  const table = new Table({
    head: ['', 'attach s', 'detach s', 'attach', 'detach', 'connecting s', 'round trips', 'processes'],
  });
  for (const { tool, kind, cycles, roundTrips, processes } of all) {
    const reference = all.find((one) => one.kind === kind && one.tool.startsWith('os-brick'));
    const cells = (['attach', 'detach'] as const).map((name) => {
      const value = median(cycles.map((cycle) => cycle[name]));
      const ratio = value / median((reference?.cycles ?? []).map((cycle) => cycle[name]));
      return { value: value.toFixed(2), ratio: `${ratio.toFixed(2)} x` };
    });
    const counts = (of: Timing['roundTrips']): string => (of === undefined ? '' : `${of.attach} / ${of.detach}`);
    table.push([
      `${tool}: ${kind}`,
      ...cells.map((cell) => cell.value),
      ...cells.map((cell) => cell.ratio),
      connectingOf(cycles),
      counts(roundTrips),
      counts(processes),
    ]);
  }
  process.stdout.write(
    `${table.toString()}\nmedian of ${CYCLES} cycles each; ratios are to os-brick; the times hold the connecting\n\n`,
  );
  for (const { what, wanted, found, isReached } of labTargets(all, others)) {
    process.stdout.write(`${isReached ? 'reached    ' : 'not reached'}  ${what}: ${found}, wanted ${wanted}\n`);
  }
}

function connectingOf(cycles: Timing['cycles']): string {
  const [first] = cycles;
  if (first?.connecting === undefined) return '';
  return (['attach', 'detach'] as const)
    .map((name) => median(cycles.map((cycle) => cycle.connecting?.[name] ?? 0)).toFixed(2))
    .join(' / ');
}

async function save(all: readonly Timing[], roundTripsOfOthers: Trips): Promise<void> {
  const dir = new URL('results/', import.meta.url);
  await mkdir(dir, { recursive: true });
  const document = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${os.cpus().length} cores, QEMU TCG guests of one CPU`,
    cycles: CYCLES,
    // of the machine, before and after: with much else to do its times say little
    load: [loadBefore, os.loadavg()[0]],
    targets: labTargets(all, roundTripsOfOthers),
    roundTripsOfOthers,
    timings: all,
  };
  await writeFile(new URL('lab.json', dir), `${JSON.stringify(document, null, 2)}\n`);
}
