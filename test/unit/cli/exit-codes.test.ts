import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT, exitCodeOfError, exitCodeOfRun } from '../../../src/cli/exit-codes.js';
import type { Outcome } from '../../../src/connectors/connector.js';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { fleetResult } from '../report/results.js';

function codeOf(...outcomes: Outcome[]): number {
  return exitCodeOfRun(fleetResult('attach', Object.fromEntries(outcomes.map((outcome, i) => [`h${i}`, { outcome }]))));
}

describe('the exit code of a run', () => {
  it('is 0 when all went well, also when nothing had to change', () => {
    expect(codeOf('ok', 'changed', 'ok')).toBe(0);
  });

  it.each([
    ['unreachable', 4],
    ['failed', 2],
    ['refused', 5],
    ['unknown', 6],
  ] as const)('is its own for one host that is %s', (outcome, code) => {
    expect(codeOf('ok', outcome, 'changed')).toBe(code);
  });

  it('follows the precedence unknown, refused, failed, unreachable', () => {
    expect(codeOf('unreachable', 'failed')).toBe(EXIT.failed);
    expect(codeOf('failed', 'unreachable', 'refused')).toBe(EXIT.refused);
    expect(codeOf('refused', 'unknown', 'failed')).toBe(EXIT.unknown);
  });

  it('is 130 when it was interrupted, whatever else happened', () => {
    expect(exitCodeOfRun(fleetResult('attach', { a: { outcome: 'unknown' } }, { interrupted: true }))).toBe(130);
  });
});

describe('the exit code of an error', () => {
  it('is 3 for input, 1 for what nobody expected', () => {
    expect(exitCodeOfError(new LongshoreError('E_INVENTORY', 'x'))).toBe(3);
    expect(exitCodeOfError(new LongshoreError('E_SECRET', 'x'))).toBe(3);
    expect(exitCodeOfError(new LongshoreError('E_INTERRUPTED', 'x'))).toBe(130);
    expect(exitCodeOfError(new TypeError('x'))).toBe(1);
  });
});

it('docs/cli.md lists exactly these codes', () => {
  const text = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^\| (\d+) +\|/gm)].map((match) => Number(match[1]));
  expect(documented).toEqual(Object.values(EXIT));
});
