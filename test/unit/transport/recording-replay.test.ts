import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { Secret } from '../../../src/secrets/secret.js';
import { deadlineIn } from '../../../src/time/deadline.js';
import type { Executor, LaneReply, LaneRequest } from '../../../src/transport/executor.js';
import { readTrace } from '../../../src/transport/recording/read-trace.js';
import { ReconnectingExecutor } from '../../../src/transport/reconnecting-executor.js';
import { HostRecording, recordingExecutor } from '../../../src/transport/recording/recording-executor.js';
import { HostReplay, replayExecutor } from '../../../src/transport/recording/replay-executor.js';
import { fakeExecutor, ran } from '../fleet/fake-executor.js';

const deadline = deadlineIn(60_000);

type Exchange = readonly (readonly [request: LaneRequest, reply: LaneReply])[];

/** Asks all of it, sequences of one group at once, and gives every answer or error. */
async function converse(executor: Executor, groups: readonly (readonly Exchange[])[]): Promise<unknown[]> {
  const heard: unknown[] = [];
  for (const group of groups) {
    const answers = await Promise.allSettled(
      group.map((exchange) =>
        executor.sequence(
          deadline,
          exchange.map(([request]) => request),
        ),
      ),
    );
    heard.push(...answers.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))));
    // the next group is another round trip
    await new Promise((resolve) => setImmediate(resolve));
  }
  await executor.close();
  return heard;
}

async function recordingOf(groups: readonly (readonly Exchange[])[]): Promise<{ text: string; heard: unknown[] }> {
  const answers = new Map(groups.flat(2));
  const file = { text: '' };
  const inner = fakeExecutor('web01', (request) => {
    if (request.kind === 'run' && request.argv[0] === 'lost') throw new LongshoreError('E_OUTCOME_UNKNOWN', 'lost');
    return answers.get(request) ?? ran('');
  });
  const executor = recordingExecutor(inner, { write: (text) => void (file.text += text) });
  return { heard: await converse(executor, groups), text: file.text };
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '\n', '"\\\u2028', '[redacted]', '{"a":1}'),
);
const filePath = fc.string({ minLength: 1, maxLength: 12 }).map((name) => `/${name}`);
const paths = fc.array(filePath, { maxLength: 4 });
const asMap = (entries: readonly (readonly [string, string])[]) => new Map(entries);

const exchange: fc.Arbitrary<readonly [LaneRequest, LaneReply]> = fc.oneof(
  fc.tuple(
    fc.record({
      kind: fc.constant('run' as const),
      argv: fc.oneof(
        { weight: 9, arbitrary: fc.array(text, { minLength: 1, maxLength: 4 }) },
        { weight: 1, arbitrary: fc.constant(['lost']) },
      ),
      okExits: fc.constantFrom([0], [0, 21], 'any' as const),
      input: fc.oneof(text, fc.constant(new Secret('never-to-be-seen'))),
    }),
    fc.record({
      kind: fc.constant('run' as const),
      ok: fc.boolean(),
      exit: fc.option(fc.integer({ min: 0, max: 255 })),
      stdout: text,
      stderr: text,
      timedOut: fc.boolean(),
      truncated: fc.boolean(),
    }),
  ),
  fc.tuple(
    fc.record({ kind: fc.constant('read' as const), patterns: paths }),
    fc.record({
      kind: fc.constant('read' as const),
      ok: fc.constant(true as const),
      files: fc.array(fc.tuple(filePath, text)).map(asMap),
      unreadable: paths,
    }),
  ),
  fc.tuple(
    fc.record({ kind: fc.constant('list' as const), patterns: paths, resolve: fc.boolean() }),
    fc.record({
      kind: fc.constant('list' as const),
      ok: fc.constant(true as const),
      paths,
      resolved: fc.array(fc.tuple(filePath, filePath)).map(asMap),
    }),
  ),
  fc.tuple(
    fc.record({ kind: fc.constant('wait' as const), present: paths, timeoutMs: fc.constantFrom(0, 5000) }),
    fc.record({ kind: fc.constant('wait' as const), ok: fc.boolean(), matches: paths, remaining: paths }),
  ),
  fc.tuple(
    fc.record({ kind: fc.constant('write' as const), filePath, content: text }),
    fc.oneof(
      fc.record({ kind: fc.constant('write' as const), ok: fc.boolean(), error: text }),
      fc.constant({ kind: 'skipped' as const, ok: false as const }),
    ),
  ),
  fc.tuple(
    fc.record({ kind: fc.constant('lock' as const), name: text, owner: text, waitMs: fc.nat() }),
    fc.record({ kind: fc.constant('lock' as const), ok: fc.boolean(), holder: text }),
  ),
);

describe('a replay', () => {
  it('answers as the recorded host did, whatever was asked', async () => {
    const groups = fc.array(
      fc.array(fc.array(exchange, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(groups, async (asked) => {
        const { text: recorded, heard } = await recordingOf(asked);
        expect(recorded).not.toContain('never-to-be-seen');
        const { executor, finish } = await replayExecutor(readTrace(recorded, 'it'));
        expect(await converse(executor, asked)).toEqual(heard);
        expect(finish).not.toThrow();
      }),
      { numRuns: 150, seed: 20261123 },
    );
  });

  const login: LaneRequest = { kind: 'run', argv: ['iscsiadm', '--login'], timeoutMs: 60_000 };
  const lock: LaneRequest = { kind: 'lock', name: 'host', owner: 'longshore run a', waitMs: 1 };
  const locked: LaneReply = { kind: 'lock', ok: true, holder: '' };

  async function replayOf(...sequences: readonly Exchange[]) {
    const { text: recorded } = await recordingOf(sequences.map((one) => [one]));
    return replayExecutor(readTrace(recorded, 'it'));
  }

  it('says what was recorded and what is asked now, and answers nothing more', async () => {
    const { executor, finish } = await replayOf(
      [
        [lock, locked],
        [login, ran('')],
      ],
      [[login, ran('')]],
    );
    const asked = executor.sequence(deadline, [lock, { ...login, argv: ['iscsiadm', '--logout'] }]);
    await expect(asked).rejects.toMatchObject({ code: 'E_REPLAY', details: { host: 'web01' } });
    await expect(asked).rejects.toThrow(
      'the run does not ask for recorded sequence 1: recorded "run iscsiadm --login", asked "run iscsiadm --logout"',
    );
    await expect(asked).rejects.toMatchObject({
      diff: expect.arrayContaining(['- run iscsiadm --login', '+ run iscsiadm --logout', '      waitMs: 1']),
    });
    await expect(executor.sequence(deadline, [lock, login])).rejects.toMatchObject({ code: 'E_REPLAY' });
    expect(finish).toThrow('the run does not ask for recorded sequence 1');
  });

  it('takes time limits and the owner of the lock as they are now', async () => {
    const { executor, finish } = await replayOf([
      [lock, locked],
      [login, ran('in')],
    ]);
    const now = [
      { ...lock, owner: 'longshore run b', waitMs: 7 },
      { ...login, timeoutMs: 59_321 },
    ] as const;
    expect(await executor.sequence(deadline, now)).toEqual([locked, ran('in')]);
    finish();
  });

  it('knows a look from a wait', async () => {
    const wait = { kind: 'wait', present: ['/x'], timeoutMs: 0 } as const;
    const { executor } = await replayOf([[wait, { kind: 'wait', ok: true, matches: ['/x'], remaining: [] }]]);
    await expect(executor.sequence(deadline, [{ ...wait, timeoutMs: 500 }])).rejects.toMatchObject({
      code: 'E_REPLAY',
    });
  });

  it('that ends early says what was not asked for', async () => {
    const { executor, finish } = await replayOf([[login, ran('')]], [[lock, locked]], [[login, ran('')]]);
    await executor.sequence(deadline, [login]);
    expect(finish).toThrow('2 of its sequences were not asked for, the first is number 2: recorded "lock"');
  });

  it('ends where the recording ends', async () => {
    const { executor } = await replayOf([[login, ran('')]]);
    await executor.sequence(deadline, [login]);
    await expect(executor.sequence(deadline, [login])).rejects.toThrow(
      'asks for more than was recorded: asked "run iscsiadm --login"',
    );
  });

  it('refuses connections as they were refused, and has no others', async () => {
    const replay = new HostReplay({
      host: 'web01',
      lines: [{ connection: 1, ms: 5, error: { code: 'E_AUTH', message: 'no key was accepted' } }],
    });
    await expect(replay.connect()).rejects.toMatchObject({ code: 'E_AUTH', message: 'no key was accepted' });
    await expect(replay.connect()).rejects.toMatchObject({ code: 'E_REPLAY' });
  });

  it('loses its connection where it was lost, and goes on over the next one', async () => {
    const file = { text: '' };
    const recording = new HostRecording('web01', { write: (line) => void (file.text += line) });
    const drops = { left: 1 };
    const live = () =>
      recording.connect(() =>
        Promise.resolve(
          fakeExecutor('web01', (request) => {
            if (request.kind === 'lock') return locked;
            if (drops.left === 0) return ran('in');
            drops.left -= 1;
            throw new LongshoreError('E_OUTCOME_UNKNOWN', 'the connection was lost');
          }),
        ),
      );
    const work = async (connect: () => Promise<Executor>): Promise<unknown[]> => {
      const executor = new ReconnectingExecutor(await connect(), { connect });
      const exchange = async (request: LaneRequest): Promise<unknown> =>
        executor.sequence(deadline, [request]).catch((error: unknown) => String(error));
      const heard = [await exchange(lock), await exchange(login), await exchange(login)];
      await executor.close();
      return heard;
    };
    const heard = await work(live);
    expect(heard).toEqual([[locked], expect.stringContaining('was lost'), [ran('in')]]);
    const replay = new HostReplay(readTrace(file.text, 'it'));
    expect(await work(() => replay.connect())).toEqual(heard);
    replay.finish();
  });

  it('obeys its deadline and is closed when it is closed', async () => {
    const { executor } = await replayOf([[login, ran('')]]);
    const interrupt = AbortSignal.abort();
    await expect(executor.sequence(deadlineIn(1000, interrupt), [login])).rejects.toMatchObject({
      code: 'E_INTERRUPTED',
    });
    await executor.close();
    await expect(executor.sequence(deadline, [login])).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
  });

  it('counts round trips as they were', async () => {
    const groups = [[[[login, ran('')]], [[lock, locked]]], [[[login, ran('')]]]] as const;
    const { text: recorded } = await recordingOf(groups);
    const { executor } = await replayExecutor(readTrace(recorded, 'it'));
    await converse(executor, groups);
    expect(executor.counters()).toEqual({ roundTrips: 2, remoteProcesses: 1, bytesIn: 10, bytesOut: 20, connectMs: 1 });
  });
});
