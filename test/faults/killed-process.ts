import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { connectDirectly } from '../../src/simulator/direct-executor.js';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import type { CutMoment } from '../../src/simulator/faults/fault.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { forbidden, leftOf, lostOf, touched } from './iscsi-truth.js';
import { isDone, type Scene, sceneOn } from './iscsi-world.js';
import { type PointResult, summary, type SweepResult } from './sweep.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MOMENTS: readonly CutMoment[] = ['before', 'meanwhile', 'after'];
const MAX_RESUMES = 4;
const BETWEEN_RESUMES_MS = 1000;

type KilledVerb = 'attach' | 'detach';

interface KilledPoint extends PointResult {
  /** node records of the volume without a mark, right after the process had died */
  readonly unmarked: number;
}

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** The built program. `started` gets a way to end it at once, as a crash would. */
function longshore(args: readonly string[], state: string, started?: (kill: () => void) => void): Promise<Ended> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...args], {
    env: { PATH, HOME, LONGSHORE_STATE_DIR: state },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  started?.(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stderr }));
  });
}

/**
 * The real program at work on a volume with two paths gets a real SIGKILL as the host begins its nth request (from 1), and `longshore resume`, another process,
 * goes on: then the goal is reached, nothing is left, no byte is lost, and nobody else's things have been touched.
 */
export async function killAt(verb: KilledVerb, n: number, moment: CutMoment): Promise<KilledPoint> {
  const directory = await mkdtemp(join(tmpdir(), 'longshore-killed-'));
  const state = join(directory, 'state');
  await using fleet = await startSimulatedFleet({ hosts: 1 });
  try {
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(directory);
    const scene = await sceneOn(fleet, { multipath: true, beside: 'nothing' });
    const { host } = scene;
    const problems: string[] = [];
    if (verb === 'detach') problems.push(...(await work(scene, 'attach')), ...written(scene, 'written before'));
    host.faults.set([{ at: n, effect: { kind: 'kill-controller', when: moment } }]);
    const args = [verb, '-i', inventoryFile, '--known-hosts', knownHostsFile];
    const first = await longshore(args, state, (kill) => host.faults.onControllerKilled(kill));
    const hasStruck = host.faults.struck.length > 0;
    host.faults.clear();
    const name = `${PROCESS}${verb}/kill-${moment}@${n}`;
    const unmarked = host.nodes.entries.filter(
      ({ targetName, appended }) =>
        targetName === fleet.targetName && !appended.some((line) => line.startsWith('# longshore')),
    ).length;
    if (!hasStruck) {
      if (first.code !== 0) problems.push(`without a kill: exit ${first.code}: ${first.stderr}`);
      return { name, hasStruck, problems, resumes: 0, unmarked };
    }
    if (first.code !== null) problems.push(`was not killed, but ended with ${first.code}: ${first.stderr}`);
    const resumes = await resumed(state, problems);
    if (verb === 'attach') problems.push(...written(scene, 'written after'), ...(await work(scene, 'detach')));
    problems.push(...endOf(scene));
    return { name, hasStruck, problems, resumes, unmarked };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** First part of the names of these points. */
export const PROCESS = 'process-';

/** Every nth request of a verb until it is over before the kill; before, in and after the request in turn. */
export async function sweepKilled(verb: KilledVerb, { every }: { readonly every: number }): Promise<SweepResult> {
  const results: PointResult[] = [];
  let isOver = false;
  let next = 1;
  const worker = async (): Promise<void> => {
    while (!isOver) {
      const n = next;
      next += every;
      const result = await killAt(verb, n, MOMENTS[n % MOMENTS.length] ?? 'after');
      if (!result.hasStruck) isOver = true;
      if (result.hasStruck || result.problems.length > 0) results.push(result);
    }
  };
  await Promise.all([worker(), worker()]);
  return summary(results);
}

/** A command that the dead controller has begun may still be at work, and hold the lock. */
async function resumed(state: string, problems: string[]): Promise<number> {
  const [file = ''] = await readdir(join(state, 'runs'));
  let last: Ended = { code: null, stderr: '' };
  for (let tries = 1; tries <= MAX_RESUMES; tries += 1) {
    last = await longshore(['resume', file.replace('.jsonl', '')], state);
    if (last.code === 0) return tries;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_RESUMES_MS));
  }
  problems.push(`not done after ${MAX_RESUMES} resumes: exit ${last.code}: ${last.stderr}`);
  return MAX_RESUMES;
}

/** What is there before and after, without a process of its own. */
async function work({ host, volume }: Scene, verb: KilledVerb): Promise<readonly string[]> {
  const executor = await connectDirectly(host);
  try {
    const connector = new IscsiConnector({ executor, deadline: deadlineIn(60_000), runId: 'around' });
    const result = await (verb === 'attach' ? connector.attach(volume) : connector.detach(volume, null));
    return isDone(result) ? [] : [`${verb} around it: ${result.outcome}: ${result.error?.message}`];
  } finally {
    await executor.close();
  }
}

function written({ host, wwid }: Scene, data: string): readonly string[] {
  const map = host.deviceMapper.multipathMap(wwid);
  if (map?.table.kind !== 'multipath' || map.table.paths.length !== 2) return ['there is no map with two paths'];
  host.writeData(`/dev/mapper/${map.name}`, data);
  return [];
}

function endOf(scene: Scene): readonly string[] {
  const { host, wwid } = scene;
  const notStored = host.blocks.written.filter((one) => one.wwid === wwid && one.state === 'cached');
  return [
    ...leftOf(scene).map((one) => `left at the end: ${one}`),
    ...lostOf(scene).map((one) => `lost: ${one}`),
    ...notStored.map(({ data }) => `in no volume: ${data}`),
    ...touched(scene),
    ...forbidden(scene),
    ...host.locks.held.map((name) => `lock ${name} is still held`),
  ];
}
