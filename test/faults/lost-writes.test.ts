import { expect, it } from 'vitest';
import { SWEEPS } from './catalogue.js';

const HOW = [
  'again/write-error-unheard',
  'again/write-error-killed',
  'again/write-error-and-hang',
  'undo/write-error-killed',
];
const NAMES = HOW.map((how) => `detach-single/${how}`);

it.each(SWEEPS.filter(({ name }) => NAMES.includes(name)))(
  'data that a flush at any request could not write, and that nobody heard of, is not passed over in silence: $name',
  async ({ run }) => {
    const { tried, failures } = await run({ full: true });
    expect(failures.map(({ name, problems }) => [name, ...problems])).toEqual([]);
    expect(tried).toBeGreaterThan(20);
  },
);
