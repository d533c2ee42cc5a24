/** `npx tsx bench/main.ts [--quick] [--save] [--rtt 0,100] [--minutes 45] [--repeats 1]`: Longshore and its peers on many hosts of one real sshd. See bench/README.md. */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { type Fixture, startFixture } from './fixture.js';
import { resultsMarkdown, resultsText, type Results } from './report.js';
import { measureScale, type Scale } from './scale.js';
import { PEERS } from './tools.js';
import { type Cell, runWorkloads, type Sizes, type Sink } from './workloads.js';

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    rtt: { type: 'string' },
    minutes: { type: 'string' },
    repeats: { type: 'string' },
  },
});

const FULL = { hosts: 200, readHosts: 50, steps: 20, reads: 300, rtts: [0, 100, 20], repeats: 3 };
const QUICK = { hosts: 20, readHosts: 5, steps: 20, reads: 300, rtts: [0, 100], repeats: 1 };
const FULL_SCALE = { idle: 1_020, simulated: [200, 2_000], reads: FULL.reads };
const QUICK_SCALE = { idle: 120, simulated: [20, 100], reads: QUICK.reads };
/** No further cell is begun after this. */
const LIMIT_S = args.minutes === undefined ? (args.quick ? 90 : 12 * 60) : Number(args.minutes) * 60;

const began = performance.now();
const seconds = (): number => (performance.now() - began) / 1000;
const say = (text: string): void => void process.stderr.write(`${seconds().toFixed(0).padStart(4)} s  ${text}\n`);

async function run(fixture: Fixture, sizes: Sizes): Promise<Results> {
  const loadBefore = os.loadavg()[0] ?? 0;
  const cells: Cell[] = [];
  const skipped: string[] = [];
  const sink: Sink = {
    add(cell) {
      cells.push(cell);
      const { workload, rttMs, tool, wallS, cpuS } = cell;
      say(`${workload}, ${rttMs} ms, ${tool}: ${wallS.toFixed(2)} s, CPU ${cpuS.toFixed(2)} s`);
    },
    skip(what) {
      skipped.push(what);
      say(`not measured: ${what}`);
    },
    isLate: () => seconds() > LIMIT_S,
  };
  const scale = await measureScaleOf(fixture, sink);
  for (const way of fixture.ways) await runWorkloads(fixture, way, sizes, sink);
  const cpus = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus.length} cores, ${memory}, ${os.type()} ${os.machine()}, Node ${process.versions.node}; hosts and tools share them`,
    cores: cpus.length,
    mode: args.quick ? 'quick' : 'full',
    tools: Object.fromEntries(PEERS.map((tool) => [tool.name, tool.version() ?? '']).filter(([, version]) => version)),
    missing: PEERS.filter((tool) => tool.version() === null).map(({ name }) => name),
    cells,
    scale,
    skipped,
    seconds: seconds(),
    loadBefore,
  };
}

async function measureScaleOf(fixture: Fixture, sink: Sink): Promise<Scale | null> {
  try {
    const scale = await measureScale(fixture, args.quick ? QUICK_SCALE : FULL_SCALE);
    say(`scale: ${JSON.stringify(scale)}`);
    return scale;
  } catch (error) {
    sink.skip(`scale: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

async function save(results: Results): Promise<void> {
  const directory = new URL('results/', import.meta.url);
  await mkdir(directory, { recursive: true });
  const name = `fleet-${results.date}${args.quick ? '-quick' : ''}`;
  await writeFile(new URL(`${name}.json`, directory), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(new URL(`${name}.md`, directory), resultsMarkdown(results));
  say(`saved as bench/results/${name}.json and .md`);
}

const rtts = args.rtt?.split(',').map(Number);
const sizes: Sizes = {
  ...(args.quick ? QUICK : FULL),
  ...(rtts === undefined ? {} : { rtts }),
  ...(args.repeats === undefined ? {} : { repeats: Number(args.repeats) }),
};
const fixture = await startFixture(sizes.rtts, sizes.reads);
const end = (signal: NodeJS.Signals): void => void fixture.close().finally(() => process.kill(process.pid, signal));
process.once('SIGINT', end).once('SIGTERM', end);
try {
  const results = await run(fixture, sizes);
  process.stdout.write(resultsText(results));
  if (args.save) await save(results);
} finally {
  await fixture.close();
}
