import { expect, it } from 'vitest';
import { SWEEPS } from './catalogue.js';

/** The sweeps of one verb that run at each change, each as a test that names the points which did not hold. */
export function testSweeps(verb: string): void {
  const chosen = SWEEPS.filter(({ name, isQuick }) => isQuick && name.startsWith(verb));
  it.each(chosen)('$name', async ({ run }) => {
    const { tried, failures } = await run({ full: false });
    expect(failures.map(({ name, problems }) => [name, ...problems])).toEqual([]);
    expect(tried).toBeGreaterThan(0);
  });
}
