import { type Cost, extrapolate, medianOf, onMoreHosts, runTool, type Work } from './cell.js';
import { benchHosts, type Fixture, type Way } from './fixture.js';
import { CLUSH, CONTROL_MASTER, LONGSHORE_CLI, LONGSHORE_LIBRARY, LONGSHORE_WIDE, PEERS, type Tool } from './tools.js';

export interface Sizes {
  readonly hosts: number;
  readonly readHosts: number;
  readonly steps: number;
  readonly reads: number;
  readonly rtts: readonly number[];
  /** runs of Longshore, of which the median is taken; the peers' longer ones are steadier */
  readonly repeats: number;
}

export type Workload = 'one command' | 'dependent commands' | 'reads';

export interface Cell extends Cost {
  readonly workload: Workload;
  readonly hosts: number;
  readonly rttMs: number;
  readonly tool: string;
  readonly runs: number;
  /** commands that were run, when the figures were extended to all of them from so few */
  readonly sampled?: number;
}

export interface Sink {
  readonly add: (cell: Cell) => void;
  readonly skip: (what: string) => void;
  /** there is no time for more */
  readonly isLate: () => boolean;
}

const COMMAND = ['uname', '-r'];

/** All workloads over one way to the hosts. */
export async function runWorkloads(fixture: Fixture, way: Way, sizes: Sizes, sink: Sink): Promise<void> {
  const peers = PEERS.filter((tool) => tool.version() !== null);
  const hosts = benchHosts(sizes.hosts);
  const bench = new Bench(fixture, way, sizes, sink);
  const one: Work = { hosts, commands: [COMMAND] };
  const ones = new Map<Tool, Cost>();
  for (const tool of [LONGSHORE_LIBRARY, LONGSHORE_WIDE, LONGSHORE_CLI, ...peers]) {
    const cost = await bench.whole('one command', tool, one);
    if (cost !== null) ones.set(tool, cost);
  }
  const steps: Work = { hosts, commands: Array.from({ length: sizes.steps }, () => COMMAND) };
  await bench.whole('dependent commands', LONGSHORE_LIBRARY, steps);
  for (const tool of peers) await bench.sampled('dependent commands', tool, steps, ones.get(tool) ?? null);

  const cats = fixture.files.slice(0, sizes.reads).map((filePath) => ['cat', filePath]);
  const reads: Work = { hosts: benchHosts(sizes.readHosts), commands: cats };
  await bench.whole('reads', LONGSHORE_LIBRARY, { ...reads, files: fixture.files.slice(0, sizes.reads) });
  for (const tool of peers) await bench.sampled('reads', tool, reads, null);
  // the best that can be had of them: all files known before, and one command for all
  const atOnce: Work = { ...reads, commands: [['cat', ...fixture.files.slice(0, sizes.reads)]] };
  for (const tool of [CONTROL_MASTER, CLUSH].filter((one) => peers.includes(one))) {
    await bench.whole('reads', { ...tool, name: `${tool.name}, one cat` }, atOnce);
  }
}

class Bench {
  readonly #fixture: Fixture;
  readonly #way: Way;
  readonly #sizes: Sizes;
  readonly #sink: Sink;

  constructor(fixture: Fixture, way: Way, sizes: Sizes, sink: Sink) {
    this.#fixture = fixture;
    this.#way = way;
    this.#sizes = sizes;
    this.#sink = sink;
  }

  async whole(workload: Workload, tool: Tool, work: Work): Promise<Cost | null> {
    const found = await this.#measure(workload, tool, work);
    if (found === null) return null;
    this.#add(workload, tool, work, found.cost, { runs: found.runs });
    return found.cost;
  }

  /** A few of the commands instead of all, with the rest reckoned: by the whole, the slow ones would take an hour. */
  async sampled(workload: Workload, tool: Tool, work: Work, known: Cost | null): Promise<void> {
    const { sampled = 1 } = tool;
    const take = (count: number): Work => ({ ...work, commands: work.commands.slice(0, count) });
    const one = known ?? (await this.#measure(workload, tool, take(1)))?.cost ?? null;
    const few = one === null || sampled === 1 ? one : await this.#few(workload, tool, take, one, sampled);
    if (one === null || few === null) return;
    const cost = extrapolate(one, few, sampled, work.commands.length);
    this.#add(workload, tool, work, cost, { runs: 1, sampled });
  }

  /** What so many commands cost on all hosts, measured there or on a share of them. */
  async #few(
    workload: Workload,
    tool: Tool,
    take: (count: number) => Work,
    one: Cost,
    count: number,
  ): Promise<Cost | null> {
    const { hosts } = take(count);
    const taken = Math.ceil(hosts.length * (tool.sampledShare ?? 1));
    const on = (part: number): Work => ({ ...take(part), hosts: hosts.slice(0, taken) });
    const few = (await this.#measure(workload, tool, on(count)))?.cost ?? null;
    if (few === null || taken === hosts.length) return few;
    const part = (await this.#measure(workload, tool, on(1)))?.cost ?? null;
    return part === null ? null : onMoreHosts(one, part, few, hosts.length / taken);
  }

  async #measure(workload: Workload, tool: Tool, work: Work): Promise<{ cost: Cost; runs: number } | null> {
    const what = `${workload}, ${this.#way.rttMs} ms, ${tool.name}`;
    if (this.#sink.isLate()) {
      this.#sink.skip(`${what}: no time left`);
      return null;
    }
    const runs: Cost[] = [];
    try {
      const repeats = tool.name.startsWith('Longshore') ? this.#sizes.repeats : 1;
      while (runs.length < repeats) runs.push(await runTool(this.#fixture, this.#way, tool, work));
    } catch (error) {
      this.#sink.skip(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
    return { cost: medianOf(runs), runs: runs.length };
  }

  #add(workload: Workload, tool: Tool, work: Work, cost: Cost, how: { runs: number; sampled?: number }): void {
    const { wallS, cpuS, peakBytes, hostCpuS, otherCpuS, logins, sessions, roundTrips } = cost;
    const costs: Cost = { wallS, cpuS, peakBytes, hostCpuS, otherCpuS, logins, sessions, roundTrips };
    this.#sink.add({ workload, hosts: work.hosts.length, rttMs: this.#way.rttMs, tool: tool.name, ...how, ...costs });
  }
}
