import { Secret } from '../../secrets/secret.js';
import type {
  LaneReply,
  LaneRequest,
  ListRequest,
  LockRequest,
  ReadRequest,
  RunRequest,
  WriteRequest,
} from '../../transport/executor.js';
import { DEFAULT_RUN_MS } from '../../transport/lane-requests.js';
import { until } from '../change-feed.js';
import { faultyAnswer } from '../faults/faulty-answer.js';
import type { SimulatedHost } from '../host-model.js';
import { runTool } from '../tools/run-tool.js';
import { writeFile } from '../tools/text-tools.js';
import type { Link } from './link.js';
import { withinTime } from './within-time.js';
import { contentsOf, find, matching } from './find.js';
import { answerWait } from './wait.js';

/** Longer than anything that has a limit of its own takes, ms. */
const LONGEST_RUN_MS = 3_600_000;

/** One shell on a simulated host: answers requests, and holds the locks that it took. */
export interface SimulatedLane {
  readonly host: SimulatedHost;
  /** the connection that it belongs to */
  readonly link: Link;
  /** aborts when nobody hears it any more: what runs goes on to its end, nothing further is begun */
  readonly gone: AbortSignal;
  /** the open files of this connection, which hold its locks */
  readonly lockHolder: object;
  /** what its finds have left, by their names */
  readonly found: Map<string, readonly string[]>;
}

/**
 * Answers a sequence: in order, up to the first request that is not ok; the rest is skipped. `onBegin` is told of each request that is begun.
 */
export async function answerSequence(
  lane: SimulatedLane,
  requests: readonly LaneRequest[],
  onBegin: (request: LaneRequest) => void = () => undefined,
): Promise<readonly LaneReply[]> {
  const replies: LaneReply[] = [];
  const own = { ...lane, found: new Map<string, readonly string[]>() };
  for (const request of requests) {
    const stopped = lane.gone.aborted || replies.some((reply) => !reply.ok);
    if (!stopped) onBegin(request);
    replies.push(stopped ? { kind: 'skipped', ok: false } : await answer(own, request));
  }
  return replies;
}

/** What a real shell on this host would answer to one request, in the state that the host's faults have brought it into. */
export function answer(lane: SimulatedLane, request: LaneRequest): Promise<LaneReply> {
  const effects = lane.host.faults.begin();
  if (effects.length === 0) return answerWell(lane, request);
  return faultyAnswer(lane, request, effects, () => answerWell(lane, request));
}

function answerWell(lane: SimulatedLane, request: LaneRequest): Promise<LaneReply> {
  switch (request.kind) {
    case 'run':
      return run(lane, request);
    case 'read':
      return Promise.resolve(read(lane, request));
    case 'list':
      return Promise.resolve(list(lane, request));
    case 'find':
      return Promise.resolve(find(lane, request));
    case 'write':
      return write(lane, request);
    case 'wait':
      return answerWait(lane, request);
    case 'lock':
      return lock(lane, request);
  }
}

async function run(lane: SimulatedLane, request: RunRequest): Promise<LaneReply> {
  const { host } = lane;
  if (request.when !== undefined && matching(lane, request.when).length === 0) {
    return { kind: 'run', ok: true, exit: 0, stdout: '', stderr: '', timedOut: false, truncated: false };
  }
  const named = matching(lane, request.nameFrom ?? [])[0];
  if (request.nameFrom !== undefined && named === undefined) {
    const ok = request.okExits === 'any';
    return { kind: 'run', ok, exit: null, stdout: '', stderr: '', timedOut: false, truncated: false };
  }
  const name = named?.slice(named.lastIndexOf('/') + 1);
  const argv = name === undefined ? request.argv : request.argv.map((word) => word.replace('{}', () => name));
  const matches = [...matching(lane, request.globs ?? []), ...contentsOf(lane, request.contentsOf ?? [])];
  const input = revealed(request.input ?? '');
  const { value, timedOut } = await withinTime(
    host.environment.clock,
    request.boundsItself === true ? LONGEST_RUN_MS : (request.timeoutMs ?? DEFAULT_RUN_MS),
    host.power,
    (killed) => runTool(host, [...argv, ...matches], { input, signal: killed }),
  );
  const exit = timedOut ? 124 : value.exit;
  const { okExits = [0], expectStdout } = request;
  // a lane that compares has captured the output, and a capture has no newlines at its end
  const stdout = expectStdout === undefined ? value.stdout : value.stdout.replace(/\n+$/, '');
  const isExpected = expectStdout === undefined || stdout === expectStdout;
  const ok = (okExits === 'any' || (!timedOut && okExits.includes(exit))) && isExpected;
  return { kind: 'run', ok, exit, stdout, stderr: value.stderr, timedOut, truncated: false };
}

function read(lane: SimulatedLane, { patterns }: ReadRequest): LaneReply {
  const tree = lane.host.files();
  const files = new Map<string, string>();
  const unreadable = new Set<string>();
  for (const filePath of matching(lane, patterns)) {
    const found = tree.read(filePath);
    if ('content' in found) files.set(filePath, found.content.replace(/\n+$/, ''));
    else unreadable.add(filePath);
  }
  return { kind: 'read', ok: true, files, unreadable: [...unreadable] };
}

function list(lane: SimulatedLane, { patterns, resolve = false, atMost = 0 }: ListRequest): LaneReply {
  const tree = lane.host.files();
  const paths = [...new Set(matching(lane, patterns, atMost === 0 ? Number.POSITIVE_INFINITY : atMost))];
  const pairs = paths.map((filePath) => [filePath, tree.canonical(filePath)] as const);
  const resolved = new Map(resolve ? pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null) : []);
  return { kind: 'list', ok: true, paths, resolved };
}

/** To exactly one file. Nothing bounds it, as on a real host: a write that blocks in the kernel ends with its host. */
async function write({ host }: SimulatedLane, request: WriteRequest): Promise<LaneReply> {
  const patterns = [request.filePath].flat();
  const [filePath, ...others] = patterns.flatMap((pattern) => host.files().glob(pattern));
  const wanted = patterns[0] ?? '';
  if (filePath === undefined) return { kind: 'write', ok: false, error: `${wanted}: no such file` };
  if (others.length > 0) {
    return { kind: 'write', ok: false, error: `${wanted}: matches ${others.length + 1} files` };
  }
  const problem = await writeFile(host, filePath, revealed(request.content), {
    signal: host.power,
    append: request.append ?? false,
  });
  return { kind: 'write', ok: problem === null, error: problem === null ? '' : shellWords(filePath, problem) };
}

function revealed(text: string | Secret): string {
  return text instanceof Secret ? text.reveal() : text;
}

async function lock(
  { host, gone, lockHolder }: SimulatedLane,
  { name, owner, waitMs }: LockRequest,
): Promise<LaneReply> {
  const { changes, clock } = host.environment;
  const take = (): boolean => host.locks.tryTake(name, owner, lockHolder);
  const ok = await until([changes], clock, take, { timeoutMs: waitMs, signal: gone });
  return { kind: 'lock', ok, holder: ok ? '' : host.locks.holder(name) };
}

/** dash's sentence for a failed redirection or write. */
function shellWords(filePath: string, problem: string): string {
  const isRefused = problem === 'Permission denied' || problem === 'Is a directory';
  return isRefused ? `/bin/sh: 1: cannot create ${filePath}: ${problem}` : '/bin/sh: 1: printf: printf: I/O error';
}
