import { describe, expect, it } from 'vitest';
import { nextWave } from '../../../src/connectors/engine/waves.js';
import type { Step } from '../../../src/connectors/engine/step.js';

function step(id: string, after: readonly string[] = [], lane?: string): Step {
  return { id, what: id, changes: [], after, requests: [], main: 0, ...(lane === undefined ? {} : { lane }) };
}

function ids(steps: readonly Step[], done: readonly string[] = []): string[][] {
  return nextWave(steps, new Set(done)).map((chain) => chain.map((one) => one.id));
}

describe('nextWave', () => {
  it('sends independent steps side by side', () => {
    expect(ids([step('a'), step('b')])).toEqual([['a'], ['b']]);
  });

  it('lets steps of one lane travel together, in order', () => {
    expect(ids([step('a', [], 'db'), step('b', ['a'], 'db'), step('c', [], 'db')])).toEqual([['a', 'b', 'c']]);
  });

  it('holds back a step of another lane until its predecessor has answered', () => {
    const steps = [step('a', [], 'db'), step('b', ['a'])];
    expect(ids(steps)).toEqual([['a']]);
    expect(ids(steps, ['a'])).toEqual([['b']]);
  });

  it('does not let a step overtake one that waits in its own lane', () => {
    expect(ids([step('a', ['x'], 'db'), step('b', [], 'db'), step('x')])).toEqual([['x']]);
  });

  it('takes a predecessor that is not in the plan for done', () => {
    expect(ids([step('a', ['was done in an earlier plan'])])).toEqual([['a']]);
  });

  it('ends when everything is done', () => {
    expect(ids([step('a')], ['a'])).toEqual([]);
  });
});
