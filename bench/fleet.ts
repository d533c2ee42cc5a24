/**
 * `npm run bench:fleet [-- --save] [-- --hosts 100,1000,5000]`: the built command line attaches a two-path volume with CHAP on simulated hosts, which are a
 * process of their own behind a real SSH server each. What it costs the controller, by host. See bench/README.md.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { buildLongshore } from './fixture.js';
import { measure } from './measure.js';

const { values: args } = parseArgs({
  options: { save: { type: 'boolean', default: false }, hosts: { type: 'string', default: '100,1000,5000' } },
});
const COUNTS = args.hosts.split(',').map(Number);
/** the size at which all hosts are connected at once, and at which `ping` and `attach` are compared */
const CROWD = COUNTS.includes(1_000) ? 1_000 : (COUNTS.at(-1) ?? 0);
const FANOUT = 64;
const LIMIT_S = 1_200;
const VERBS = ['ping', 'attach', 'detach'] as const;
type Verb = (typeof VERBS)[number];
const ROW_HEAD = ['', 'hosts', 'fanout', 'time s', 'CPU ms/host', 'peak MB', 'round trips'];
const TARGET_HEAD = ['target', 'wanted', 'found', ''];

interface Row {
  readonly verb: Verb;
  readonly hosts: number;
  readonly fanout: number;
  readonly wallS: number;
  /** of the controller, user and system */
  readonly cpuMsPerHost: number;
  readonly peakBytes: number;
  readonly roundTripsPerHost: number;
}

interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  readonly isReached: boolean;
}

const directory = await mkdtemp(path.join(tmpdir(), 'ls-bench-fleet-'));
try {
  const loadBefore = os.loadavg()[0] ?? 0;
  const { program } = await buildLongshore();
  const rows: Row[] = [];
  for (const count of COUNTS) rows.push(...(await ofFleet(program, count, FANOUT)));
  rows.push(...(await ofFleet(program, CROWD, CROWD)));
  const targets = targetsOf(rows);
  const text = `${table(ROW_HEAD, rows.map(cellsOf))}\n${table(TARGET_HEAD, targets.map(targetCells))}\n`;
  process.stdout.write(text);
  if (args.save) await save({ rows, targets, loadBefore });
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** All verbs, one after the other, on a fleet of its own. */
async function ofFleet(program: string, count: number, fanout: number): Promise<Row[]> {
  const files = await mkdtemp(path.join(directory, 'fleet-'));
  const script = fileURLToPath(new URL('simulated-fleet.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, String(count), files], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const fleet = JSON.parse(String(value)) as { readonly inventoryFile: string; readonly knownHostsFile: string };
    const common = ['-i', fleet.inventoryFile, '--known-hosts', fleet.knownHostsFile, '-f', String(fanout), '--json'];
    const rows: Row[] = [];
    for (const verb of VERBS) {
      const scratch = await mkdtemp(path.join(directory, 'run-'));
      const volume = verb === 'ping' ? [] : ['--volume', 'data'];
      // hosts share this machine's CPU, so a crowd of them needs its time
      const argv = [
        process.execPath,
        program,
        verb,
        ...common,
        ...volume,
        '--timeout',
        '600',
        '--connect-timeout',
        '300',
      ];
      const { wallS, cpuS, peakBytes, stdout } = await measure({ argv }, scratch, verb, LIMIT_S);
      const { totals } = JSON.parse(stdout) as { totals: { ok: number; changed: number; roundTrips: number } };
      if (totals.ok + totals.changed !== count)
        throw new Error(`${verb}: only ${totals.ok + totals.changed} of ${count}`);
      const row = {
        verb,
        hosts: count,
        fanout,
        wallS,
        cpuMsPerHost: (cpuS * 1000) / count,
        peakBytes,
        roundTripsPerHost: totals.roundTrips / count,
      };
      process.stderr.write(`${cellsOf(row).join('  ')}\n`);
      rows.push(row);
    }
    return rows;
  } finally {
    child.stdin.end();
  }
}

function targetsOf(rows: readonly Row[]): Target[] {
  const row = (verb: Verb, hosts: number | undefined, fanout: number): Row | undefined =>
    rows.find((one) => one.verb === verb && one.hosts === hosts && one.fanout === fanout);
  const targets: Target[] = [];
  const crowd = row('attach', CROWD, CROWD);
  if (crowd !== undefined) {
    const mb = crowd.peakBytes / 1e6;
    targets.push({
      what: `controller memory, attach on ${CROWD} hosts that are all connected`,
      wanted: 'under 400 MB',
      found: `${mb.toFixed(0)} MB`,
      isReached: mb < 400,
    });
  }
  const [few, many] = [row('attach', COUNTS[0], FANOUT), row('attach', COUNTS.at(-1), FANOUT)];
  if (few !== undefined && many !== undefined && few !== many) {
    targets.push(
      ratio(`attach: CPU per host, ${many.hosts} against ${few.hosts}`, many.cpuMsPerHost / few.cpuMsPerHost, 1.2),
    );
  }
  const [ping, attach] = [row('ping', CROWD, FANOUT), row('attach', CROWD, FANOUT)];
  if (ping !== undefined && attach !== undefined) {
    targets.push(ratio(`time of attach against ping, ${CROWD} hosts`, attach.wallS / ping.wallS, 3));
  }
  return targets;
}

function ratio(what: string, found: number, most: number): Target {
  return { what, wanted: `at most ${most} x`, found: `${found.toFixed(2)} x`, isReached: found <= most };
}

function cellsOf({ verb, hosts, fanout, wallS, cpuMsPerHost, peakBytes, roundTripsPerHost }: Row): string[] {
  const memory = (peakBytes / 1e6).toFixed(0);
  return [
    verb,
    String(hosts),
    String(fanout),
    wallS.toFixed(1),
    cpuMsPerHost.toFixed(1),
    memory,
    roundTripsPerHost.toFixed(1),
  ];
}

function targetCells({ what, wanted, found, isReached }: Target): string[] {
  return [what, wanted, found, isReached ? 'reached' : 'NOT reached'];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({ head: [...head], style: { head: [], border: [] } });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}

async function save(found: {
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
  readonly loadBefore: number;
}) {
  const results = new URL('results/', import.meta.url);
  await mkdir(results, { recursive: true });
  const machine = `${os.cpus().length} cores, Node ${process.versions.node}; the simulated hosts are another process on the same cores`;
  const document = { date: new Date().toISOString().slice(0, 10), machine, ...found };
  await writeFile(new URL('simulated-fleet.json', results), `${JSON.stringify(document, null, 2)}\n`);
}
