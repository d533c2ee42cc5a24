import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type BenchHost, type Fixture, hostCpuSeconds, hostIsIdle, type Way } from './fixture.js';
import { measure } from './measure.js';
import type { Start, Tool } from './tools.js';

/** Longer than any cell takes. */
const LIMIT_S = 150;

/** What one run of a tool cost, all hosts together. */
export interface Cost {
  readonly wallS: number;
  /** user and system time of the tool and of all it has started */
  readonly cpuS: number;
  /** memory that its processes had for themselves at the worst moment */
  readonly peakBytes: number;
  /** CPU time of sshd and what it started: the tools share the machine with their hosts */
  readonly hostCpuS: number;
  /** CPU time that was spent on the machine by others, the bench's own proxy included: over a fifth of all, wall times say little */
  readonly otherCpuS: number;
  readonly logins: number;
  /** channels on which sshd started a shell or a command */
  readonly sessions: number;
  /** as the delaying proxy counts them, login included; null without the proxy */
  readonly roundTrips: number | null;
}

export interface Ran extends Cost {
  readonly stdout: string;
}

export interface Work {
  readonly hosts: readonly BenchHost[];
  readonly commands: readonly (readonly string[])[];
  readonly files?: readonly string[];
}

/** Runs a tool once on all hosts. */
export async function runTool(fixture: Fixture, way: Way, tool: Tool, work: Work): Promise<Ran> {
  const scratch = await mkdtemp(path.join(fixture.directory, 'run-'));
  try {
    return await runMeasured(fixture, way, await tool.start({ fixture, way, ...work, scratch }), scratch, tool.name);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export async function runMeasured(
  fixture: Fixture,
  way: Way,
  start: Start,
  scratch: string,
  name: string,
): Promise<Ran> {
  const { sshd, served } = fixture;
  await hostIsIdle(sshd.pid);
  const before = { ...served, hostCpuS: hostCpuSeconds(sshd.pid), machineS: machineCpuSeconds() };
  await way.roundTrips();
  const { wallS, cpuS, peakBytes, stdout } = await measure(start, scratch, name, LIMIT_S);
  await hostIsIdle(sshd.pid);
  const hostCpuS = hostCpuSeconds(sshd.pid) - before.hostCpuS;
  return {
    wallS,
    cpuS,
    peakBytes,
    hostCpuS,
    otherCpuS: Math.max(0, machineCpuSeconds() - before.machineS - cpuS - hostCpuS),
    logins: served.logins - before.logins,
    sessions: served.sessions - before.sessions,
    roundTrips: await way.roundTrips(),
    stdout,
  };
}

/** All that the machine's CPUs have done, seconds. */
function machineCpuSeconds(): number {
  const busy = (times: os.CpuInfo['times']): number => times.user + times.nice + times.sys + times.irq;
  return os.cpus().reduce((sum, { times }) => sum + busy(times), 0) / 1000;
}

/** The one in the middle by wall time. */
export function medianOf<T extends Cost>(runs: readonly T[]): T {
  const middle = runs.toSorted((a, b) => a.wallS - b.wallS)[Math.floor((runs.length - 1) / 2)];
  if (middle === undefined) throw new Error('nothing was run');
  return middle;
}

const GROWING = ['wallS', 'cpuS', 'hostCpuS', 'otherCpuS', 'logins', 'sessions'] as const;

/**
 * What `few` would have cost on more hosts, when `one` was measured on both, `part` on the smaller number: what a further command took there, for each host.
 */
export function onMoreHosts(one: Cost, part: Cost, few: Cost, factor: number): Cost {
  const added = Object.fromEntries(
    GROWING.map((key) => [key, one[key] + Math.max(0, few[key] - part[key]) * factor]),
  ) as Pick<Cost, (typeof GROWING)[number]>;
  const [all, some, more] = [one.roundTrips, part.roundTrips, few.roundTrips];
  const roundTrips = all === null || some === null || more === null ? null : all + (more - some) * factor;
  return { ...one, ...added, roundTrips };
}

/**
 * What `count` commands cost, when `one` is known and the cost of `some` of them, which may be the same: then each costs what the first one does; else each
 * further one costs what the further ones of `few` did.
 */
export function extrapolate(one: Cost, few: Cost, some: number, count: number): Cost {
  const grow = (first: number, last: number): number =>
    some === 1 ? first * count : first + (Math.max(0, last - first) / (some - 1)) * (count - 1);
  const grown = Object.fromEntries(GROWING.map((key) => [key, grow(one[key], few[key])])) as Pick<
    Cost,
    (typeof GROWING)[number]
  >;
  // what is reckoned from a short run on a busy machine may be too little, but never less than the CPU time that it takes
  const floorS = (grown.cpuS + grown.hostCpuS) / os.availableParallelism();
  const isCounted = one.roundTrips !== null && few.roundTrips !== null;
  return {
    ...grown,
    wallS: Math.max(grown.wallS, floorS),
    peakBytes: Math.max(one.peakBytes, few.peakBytes),
    roundTrips: isCounted ? grow(one.roundTrips, few.roundTrips) : null,
  };
}
