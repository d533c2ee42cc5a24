import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { deadlineIn } from '../../../src/time/deadline.js';
import type { LaneReply, LaneRequest } from '../../../src/transport/executor.js';
import { readOnlyExecutor } from '../../../src/transport/read-only-executor.js';
import { ReconnectingExecutor } from '../../../src/transport/reconnecting-executor.js';
import { fakeExecutor, ran } from '../fleet/fake-executor.js';

const lock = { kind: 'lock', name: 'host', owner: 'run 1', waitMs: 0 } as const;
const change = { kind: 'run', argv: ['change'] } as const;
const look = { kind: 'read', patterns: ['/proc/version'] } as const;
const lost = (): never => {
  throw new LongshoreError('E_OUTCOME_UNKNOWN', 'lost');
};
const unreachable = () => Promise.reject(new LongshoreError('E_UNREACHABLE', 'connection refused'));
const deadline = deadlineIn(30_000);

const ok = (request: LaneRequest): LaneReply => {
  if (request.kind === 'lock') return { kind: 'lock', ok: true, holder: '' };
  if (request.kind === 'read') return { kind: 'read', ok: true, files: new Map(), unreadable: [] };
  return ran('');
};

/** Connections in the order in which they are opened, each answering by a function, and what was asked of each. */
function connections(...answers: ((request: LaneRequest) => LaneReply)[]) {
  const asked: LaneRequest[][] = [];
  const opened = answers.map((answer, index) => {
    asked.push([]);
    return fakeExecutor('web01', (request) => {
      asked[index]?.push(request);
      return answer(request);
    });
  });
  const [first, ...further] = opened;
  if (first === undefined) throw new Error('no connection');
  let connects = 0;
  const executor = new ReconnectingExecutor(first, {
    connect: () => {
      connects += 1;
      const next = further.shift();
      return next === undefined ? unreachable() : Promise.resolve(next);
    },
    pausesMs: [1, 1],
  });
  return { executor, asked, opened, connects: () => connects };
}

describe('an executor that outlives its connection', () => {
  it('repeats nothing by itself: the next sequence goes over a new connection', async () => {
    const { executor, asked, opened, connects } = connections(lost, ok);
    await expect(executor.sequence(deadline, [change])).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    expect(connects()).toBe(0);
    const answers = await Promise.all([executor.sequence(deadline, [look]), executor.sequence(deadline, [look])]);
    expect(answers.flat().map((reply) => reply.ok)).toEqual([true, true]);
    expect(connects()).toBe(1);
    expect(asked).toEqual([[change], [look, look]]);
    expect(opened.map(({ state }) => state.closed)).toEqual([1, 0]);
    expect(executor.counters().roundTrips).toBe(3);
    await executor.close();
    expect(opened.map(({ state }) => state.closed)).toEqual([1, 1]);
  });

  it('no change runs on the new connection before the lock is held again', async () => {
    let isHeld = true;
    const { executor, asked } = connections(
      (request) => (request === change ? lost() : ok(request)),
      (request) => (request.kind === 'lock' && isHeld ? { kind: 'lock', ok: false, holder: 'run 2' } : ok(request)),
    );
    await executor.sequence(deadline, [lock]);
    await executor.sequence(deadline, [change]).catch(() => undefined);
    await executor.sequence(deadline, [look]);
    await expect(executor.sequence(deadline, [change])).rejects.toMatchObject({
      code: 'E_LOCKED',
      message: expect.stringContaining('run 2') as string,
    });
    expect(asked[1]).toEqual([look, lock]);
    isHeld = false;
    await executor.sequence(deadline, [change]);
    await executor.sequence(deadline, [change]);
    expect(asked[1]).toEqual([look, lock, lock, change, change]);
  });

  it('a sequence that asks for the lock itself is not asked for it twice', async () => {
    const { executor, asked } = connections((request) => (request === change ? lost() : ok(request)), ok);
    await executor.sequence(deadline, [lock]);
    await executor.sequence(deadline, [change]).catch(() => undefined);
    await executor.sequence(deadline, [lock, look]);
    await executor.sequence(deadline, [change]);
    expect(asked[1]).toEqual([lock, look, change]);
  });

  it('a host that stays away is tried a few times, and then no more', async () => {
    const { executor, connects } = connections(lost);
    await executor.sequence(deadline, [change]).catch(() => undefined);
    for (let n = 0; n < 2; n += 1) {
      await expect(executor.sequence(deadline, [look])).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
      expect(connects()).toBe(3);
    }
  });

  it.each(['E_AUTH', 'E_HOST_KEY', 'E_BECOME'] as const)(
    '%s while reconnecting ends it at once, for good',
    async (code) => {
      let connects = 0;
      const executor = new ReconnectingExecutor(fakeExecutor('web01', lost), {
        connect: () => {
          connects += 1;
          return Promise.reject(new LongshoreError(code, 'no'));
        },
        pausesMs: [1, 1],
      });
      await executor.sequence(deadline, [change]).catch(() => undefined);
      for (let n = 0; n < 2; n += 1) await expect(executor.sequence(deadline, [look])).rejects.toMatchObject({ code });
      expect(connects).toBe(1);
    },
  );

  it('other errors leave the connection as it is', async () => {
    const { executor, connects } = connections(() => {
      throw new LongshoreError('E_USAGE', 'odd request');
    });
    for (let n = 0; n < 2; n += 1)
      await expect(executor.sequence(deadline, [look])).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(connects()).toBe(0);
  });

  it('what is still under way on a lost connection is waited for before that is closed', async () => {
    let answer: (reply: LaneReply) => void = () => undefined;
    const first = fakeExecutor('web01', (request) =>
      request === change ? lost() : new Promise<LaneReply>((resolve) => (answer = resolve)),
    );
    const executor = new ReconnectingExecutor(first, { connect: unreachable, pausesMs: [] });
    const slow = executor.sequence(deadline, [look]);
    await executor.sequence(deadline, [change]).catch(() => undefined);
    expect(first.state.closed).toBe(0);
    answer(ok(look));
    await slow;
    expect(first.state.closed).toBe(1);
  });

  it('closing it ends a reconnect, and a read-only view says that it reconnects', async () => {
    const executor = new ReconnectingExecutor(fakeExecutor('web01', lost), {
      connect: unreachable,
      pausesMs: [60_000],
    });
    expect(readOnlyExecutor(executor).reconnects).toBe(true);
    await executor.sequence(deadline, [change]).catch(() => undefined);
    const waiting = executor.sequence(deadline, [look]);
    await executor.close();
    await expect(waiting).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
  });
});
