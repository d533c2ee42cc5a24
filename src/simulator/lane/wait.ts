import type { LaneReply, WaitRequest } from '../../transport/executor.js';
import { until } from '../change-feed.js';
import type { SimulatedHost } from '../host-model.js';
import { runTool } from '../tools/run-tool.js';
import type { SimulatedLane } from './answer.js';

/** A bounded wait: looked at now, after each change of the model, and when the time is up. */
export async function answerWait({ host }: SimulatedLane, request: WaitRequest): Promise<LaneReply> {
  const { array, changes, clock } = host.environment;
  const feeds = [changes, array.changes];
  const signal = host.power;
  const end = clock.now() + request.timeoutMs;
  for (;;) {
    const left = Math.max(0, end - clock.now());
    const held = await until(feeds, clock, () => filesHold(host, request), { timeoutMs: left, signal });
    const version = changes.version;
    if (held && (await outputHolds(host, request, signal))) return reply(host, request, true);
    if (!held || signal.aborted || clock.now() >= end) return reply(host, request, false);
    const moved = (): boolean => changes.version !== version;
    await until(feeds, clock, moved, { timeoutMs: Math.max(0, end - clock.now()), signal });
  }
}

function filesHold(
  host: SimulatedHost,
  { present = [], absent = [], contents = [], minimums = [] }: WaitRequest,
): boolean {
  const tree = host.files();
  return (
    present.every((pattern) => tree.glob(pattern).length > 0) &&
    absent.every((pattern) => tree.glob(pattern).length === 0) &&
    contents.every(({ filePath, values }) => {
      const found = tree.read(filePath);
      return 'content' in found && values.includes(found.content.replace(/\n+$/, ''));
    }) &&
    minimums.every(({ filePath, atLeast }) => {
      const found = tree.read(filePath);
      return 'content' in found && /^\d+\n*$/.test(found.content) && Number(found.content) >= atLeast;
    })
  );
}

async function outputHolds(host: SimulatedHost, { outputLacks }: WaitRequest, signal: AbortSignal): Promise<boolean> {
  if (outputLacks === undefined) return true;
  const { exit, stdout } = await runTool(host, outputLacks.argv, { input: '', signal });
  const words = stdout.split(/\s+/);
  return exit === 0 && outputLacks.words.every((word) => !words.includes(word));
}

function reply(host: SimulatedHost, { present = [], absent = [] }: WaitRequest, ok: boolean): LaneReply {
  const tree = host.files();
  return {
    kind: 'wait',
    ok,
    matches: present.flatMap((pattern) => tree.glob(pattern)),
    remaining: absent.flatMap((pattern) => tree.glob(pattern)),
  };
}
