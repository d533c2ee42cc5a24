import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../src/cli/parse-options.js';

describe('options', () => {
  it('have their defaults', () => {
    expect(parseOptions({}, [])).toMatchObject({
      fanout: 64,
      timeoutMs: 300_000,
      volumes: [],
    });
  });

  it('are in the units of the code', () => {
    expect(parseOptions({ timeout: 1.5, 'connect-timeout': 3 }, [])).toMatchObject({
      timeoutMs: 1500,
      connectTimeoutMs: 3000,
    });
  });

  it.each([
    [{ fanout: 0 }, '--fanout must be a whole number from 1'],
    [{ fanout: Number.NaN }, '--fanout must be a whole number from 1'],
    [{ timeout: -1 }, '--timeout must be a number of seconds'],
    [{ timeout: Number.NaN }, '--timeout must be a number of seconds'],
    [{ limit: ['a', 'b'] }, '--limit was given 2 times'],
    [{ inventory: '' }, '--inventory needs a value'],
    [{ volume: [''] }, '--volume needs a value'],
  ])('%o is refused', (args, message) => {
    expect(() => parseOptions(args, [])).toThrow(message);
  });
});
