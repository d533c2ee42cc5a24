// Longshore as a library, built, as a program of its own so that it can be measured like the others: `longshore-client.mjs CONFIG-FILE`.
// Prints one JSON document: what the work came to, as Longshore's own counters have it.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { KeyRing, KnownHostsMemory, connectSsh, deadlineIn, execTask, runFleet } = await import(
  pathToFileURL(config.library).href
);

/** as the command line does: key files and known hosts are read once for all hosts */
const shared = { keyRing: new KeyRing(), memory: new KnownHostsMemory() };

const optionsOf = (host) => ({
  host: host.name,
  address: host.address,
  port: host.port,
  user: config.user,
  privateKeys: [{ filePath: config.key }],
  keyRing: shared.keyRing,
  hostKeys: { files: [config.knownHosts], mode: 'strict', memory: shared.memory },
  become: { method: 'none' },
  connectTimeoutMs: 120_000,
});
const connect = (host, deadline) => connectSsh(optionsOf(host), deadline);

const TASKS = {
  /** every command waits for the reply to the one before */
  commands: config.commands?.length === 1 ? execTask(config.commands[0]) : commandsInTurn,
  reads: readsAtOnce,
};

async function commandsInTurn(_host, { executor, deadline }) {
  for (const argv of config.commands) {
    const [reply] = await executor.sequence(deadline, [{ kind: 'run', argv }]);
    if (!reply.ok) throw new Error(`exit ${reply.exit}`);
  }
  return { outcome: 'ok' };
}

/** As connector code asks: each file by itself, all in one turn. */
async function readsAtOnce(_host, { executor, deadline }) {
  const replies = await Promise.all(
    config.files.map((filePath) => executor.sequence(deadline, [{ kind: 'read', patterns: [filePath] }])),
  );
  const missing = config.files.filter((filePath, index) => replies[index][0].files.get(filePath) === undefined);
  if (missing.length > 0) throw new Error(`${missing.length} files were not read`);
  return { outcome: 'ok' };
}

async function run() {
  const began = performance.now();
  const result = await runFleet(config.hosts, TASKS[config.task], {
    run: 'bench',
    verb: 'bench',
    connect,
    fanout: config.fanout,
  });
  const hosts = [...result.hosts.values()];
  const bad = hosts.find((host) => host.outcome !== 'ok');
  if (bad !== undefined) throw bad.error ?? new Error(bad.outcome);
  const sum = (key) => hosts.reduce((total, host) => total + host[key], 0);
  return { roundTrips: sum('roundTrips'), remoteProcesses: sum('remoteProcesses'), ms: performance.now() - began };
}

/** What a connection costs that does nothing, in the memory of this process. */
async function idle() {
  const deadline = deadlineIn(600_000);
  const connectAll = (hosts) => inGroups(hosts, config.fanout, (host) => connect(host, deadline));
  const [warm, hosts] = [config.hosts.slice(0, 20), config.hosts.slice(20)];
  const executors = await connectAll(warm);
  const before = rss();
  executors.push(...(await connectAll(hosts)));
  const after = rss();
  await Promise.all(executors.map((executor) => executor.close()));
  return { connections: executors.length, bytesPerConnection: (after - before) / hosts.length };
}

/** One round trip to a host that is connected to already, and the connection before it; ms, medians. */
async function connection() {
  const connectMs = [];
  const roundTripMs = [];
  for (const host of config.hosts) {
    const deadline = deadlineIn(60_000);
    const began = performance.now();
    const executor = await connect(host, deadline);
    connectMs.push(performance.now() - began);
    const asked = performance.now();
    await executor.sequence(deadline, [{ kind: 'list', patterns: ['/'] }]);
    roundTripMs.push(performance.now() - asked);
    await executor.close();
  }
  return { connectMs: median(connectMs), roundTripMs: median(roundTripMs) };
}

/** One host alone, connection included; ms, median. */
async function single() {
  const times = [];
  for (const host of config.hosts) {
    const deadline = deadlineIn(60_000);
    const began = performance.now();
    const executor = await connect(host, deadline);
    await TASKS[config.task](host, { executor, deadline });
    times.push(performance.now() - began);
    await executor.close();
  }
  return { ms: median(times) };
}

async function inGroups(items, size, work) {
  const done = [];
  for (let at = 0; at < items.length; at += size)
    done.push(...(await Promise.all(items.slice(at, at + size).map(work))));
  return done;
}

function rss() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage.rss();
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

const MODES = { run, idle, connection, single };
process.stdout.write(`${JSON.stringify(await MODES[config.mode]())}\n`);
