import { expect, it } from 'vitest';
import { killAt, sweepKilled } from '../faults/killed-process.js';

it.each([
  ['attach', 13],
  ['detach', 7],
] as const)(
  'a process that a real SIGKILL ends at a request of %s, and the resume of its run by another: goal reached, nothing left, nothing lost',
  async (verb, every) => {
    const { tried, failures } = await sweepKilled(verb, { every });
    expect(failures.map(({ name, problems }) => [name, ...problems])).toEqual([]);
    expect(tried).toBeGreaterThan(5);
  },
);

it('a node record that was made and not yet marked when the process was killed does not stay, for the journal knows that it was not there', async () => {
  const FIRST = 24;
  for (let n = FIRST; n < FIRST + 12; n += 1) {
    const { unmarked, problems } = await killAt('attach', n, 'after');
    if (unmarked === 0) continue;
    expect(problems).toEqual([]);
    return;
  }
  expect.unreachable('no request was between making and marking');
});
