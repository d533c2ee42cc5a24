import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runMeasured } from './cell.js';
import { benchHosts, type Fixture, type Way } from './fixture.js';
import { clientConfig, FANOUT, startClient } from './tools.js';

export interface Scale {
  /** controller memory of a connection that does nothing */
  readonly idle: { readonly connections: number; readonly bytesPerConnection: number };
  /** simulated hosts, one command each; wall time by host */
  readonly simulated: readonly { readonly hosts: number; readonly msPerHost: number; readonly cpuMsPerHost: number }[];
  /** one host alone: what a connection and a round trip take, and what all the reads take with the connection; ms */
  readonly single: readonly {
    readonly rttMs: number;
    readonly connectMs: number;
    readonly roundTripMs: number;
    readonly readsMs: number;
  }[];
}

export async function measureScale(
  fixture: Fixture,
  sizes: { readonly idle: number; readonly simulated: readonly number[]; readonly reads: number },
): Promise<Scale> {
  const [direct] = fixture.ways;
  if (direct === undefined) throw new Error('no way to the hosts');
  const single = [];
  for (const way of fixture.ways) single.push(await measureSingle(fixture, way, sizes.reads));
  const idle = await client(fixture, direct, clientOn(fixture, direct, sizes.idle, 'idle'), ['--expose-gc']);
  return {
    idle: idle.said as Scale['idle'],
    single,
    simulated: await measureSimulated(fixture, direct, sizes.simulated),
  };
}

async function measureSingle(fixture: Fixture, way: Way, reads: number): Promise<Scale['single'][number]> {
  const hosts = benchHosts(5);
  const base = { fixture, way, hosts, commands: [] };
  const connection = await client(fixture, way, clientConfig(base, 'connection'));
  const all = await client(fixture, way, clientConfig({ ...base, files: fixture.files.slice(0, reads) }, 'single'));
  return {
    rttMs: way.rttMs,
    ...(connection.said as { connectMs: number; roundTripMs: number }),
    readsMs: (all.said as { ms: number }).ms,
  };
}

async function measureSimulated(fixture: Fixture, way: Way, counts: readonly number[]): Promise<Scale['simulated']> {
  const directory = await mkdtemp(path.join(fixture.directory, 'simulated-'));
  const most = Math.max(...counts);
  const script = fileURLToPath(new URL('simulated-fleet.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, String(most), directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const fleet = JSON.parse(String(value)) as {
      readonly hosts: readonly unknown[];
      readonly knownHostsFile: string;
      readonly privateKeyFile: string;
      readonly user: string;
    };
    const found = [];
    // the first one warms the server up and is not counted
    for (const count of [counts[0] ?? most, ...counts]) {
      const config = {
        mode: 'run',
        task: 'commands',
        library: fixture.library,
        user: fleet.user,
        key: fleet.privateKeyFile,
        knownHosts: fleet.knownHostsFile,
        fanout: FANOUT,
        commands: [['uname', '-m']],
        hosts: fleet.hosts.slice(0, count),
      };
      const { said, cpuS } = await client(fixture, way, config);
      found.push({ hosts: count, msPerHost: (said as { ms: number }).ms / count, cpuMsPerHost: (cpuS * 1000) / count });
    }
    return found.slice(1);
  } finally {
    child.stdin.end();
  }
}

function clientOn(fixture: Fixture, way: Way, count: number, mode: string): unknown {
  return clientConfig({ fixture, way, hosts: benchHosts(count), commands: [] }, mode);
}

async function client(
  fixture: Fixture,
  way: Way,
  config: unknown,
  nodeArgs: readonly string[] = [],
): Promise<{ said: unknown; cpuS: number }> {
  const scratch = await mkdtemp(path.join(fixture.directory, 'client-'));
  const start = await startClient(config, scratch, nodeArgs);
  const { stdout, cpuS } = await runMeasured(fixture, way, start, scratch, 'longshore-client');
  return { said: JSON.parse(stdout) as unknown, cpuS };
}
