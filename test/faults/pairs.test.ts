import { describe, expect, it } from 'vitest';
import { samplePairs } from './pairs.js';

describe('two faults in one detach of a volume with two paths', () => {
  it.each([1, 2, 3, 4])('hold for the pairs of seed %i; npm run test:faults tries them all', async (seed) => {
    const { tried, failures } = await samplePairs(seed, 50);
    expect(failures.map(({ name, problems }) => [name, ...problems])).toEqual([]);
    expect(tried).toBeGreaterThan(8);
  });
});
