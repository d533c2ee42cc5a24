import { describe, expect, it } from 'vitest';
import { type Plan, reach } from '../../../src/connectors/engine/engine.js';
import type { History } from '../../../src/connectors/engine/history.js';
import type { Step } from '../../../src/connectors/engine/step.js';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { deadlineIn } from '../../../src/time/deadline.js';
import type { LaneReply, LaneRequest } from '../../../src/transport/executor.js';
import { fakeExecutor, ran } from '../fleet/fake-executor.js';

const LOOK: LaneRequest = { kind: 'read', patterns: ['/state'] };
const NOTHING: LaneReply = { kind: 'read', ok: true, files: new Map(), unreadable: [] };

function step(more: Partial<Step> = {}): Step {
  return {
    id: 'change',
    what: 'change it',
    changes: [],
    after: [],
    requests: [{ kind: 'run', argv: ['change'] }],
    main: 0,
    ...more,
  };
}

/** Runs `change` until it succeeded, with what each run of it answers. */
function run(answers: readonly LaneReply[], more: Partial<Step> = {}, deadlineMs = 20_000) {
  const at: number[] = [];
  const deadline = deadlineIn(deadlineMs);
  const executor = fakeExecutor('host', async (request) => {
    if (request.kind !== 'run') return NOTHING;
    at.push(performance.now());
    // the time is up while the command runs
    if (deadlineMs < 1000) await new Promise((resolve) => deadline.signal.addEventListener('abort', resolve));
    return answers[at.length - 1] ?? ran('', 1);
  });
  const plan = (_: unknown, history: History): Plan => {
    if (history.succeeded.has('change')) return { kind: 'done', warnings: [] };
    const failure = history.failures.get('change');
    return failure?.final === true ? { kind: 'stop', error: failure.error } : { kind: 'steps', steps: [step(more)] };
  };
  const observe = () => ({ requests: [LOOK], parse: () => 'seen' });
  return reach({ observe, plan }, executor, deadline).then((result) => ({ result, at }));
}

describe('the engine', () => {
  it('pauses before it tries again, and not while the second try is under way', async () => {
    const { result, at } = await run([ran('', 1), ran('')]);
    expect(result.reached).toBe(true);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(950);
  });

  it('tries three times at most, and then the first failure of the step is the error', async () => {
    const { result, at } = await run([ran('', 1, 'one'), ran('', 1, 'two'), ran('', 1, 'three'), ran('')]);
    expect([result.reached, at.length]).toEqual([false, 3]);
    expect(result.error?.message).toContain('three');
  });

  it('ends with an error when a judgement throws: no step is left open', async () => {
    const judge = (): never => {
      throw new Error('a defect');
    };
    const { result } = await run([ran('')], { judge });
    expect([result.reached, result.error?.message]).toEqual([false, 'a defect']);
  });

  it('says what went wrong for good, also when the time was up after it', async () => {
    const failed = new LongshoreError('E_FLUSH_FAILED', 'data could not be written');
    const judge = () => ({ ok: false, weight: 'fatal', error: failed }) as const;
    const { result } = await run([ran('', 1)], { judge }, 40);
    expect(result.error).toBe(failed);
  });

  it('looks a few times at a host that cannot be decided on, and then gives up with the reason', async () => {
    const executor = fakeExecutor('host', () => NOTHING);
    const plan = (): Plan => ({ kind: 'look', why: 'the map is suspended' });
    const observe = () => ({ requests: [LOOK], parse: () => 'seen' });
    const result = await reach({ observe, plan }, executor, deadlineIn(20_000));
    expect(result.error).toMatchObject({ code: 'E_STUCK', message: expect.stringContaining('suspended') as string });
    expect(executor.state.roundTrips).toBe(5);
  });
});
