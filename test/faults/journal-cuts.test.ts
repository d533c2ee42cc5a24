import { describe, expect, it } from 'vitest';
import { type CutResult, type CutRun, cutRun, linesOf } from './journal-cuts.js';
import { oneOf, randomBelow } from './random.js';

const VERBS = ['attach', 'detach'] as const;
const MODES = ['finish', 'undo'] as const;
const DEATHS = ['at-once', 'at-next', 'torn'] as const;
const BESIDE = ['nothing', 'records', 'sessions'] as const;

async function results(runs: readonly CutRun[]): Promise<readonly CutResult[]> {
  const all: CutResult[] = [];
  for (const run of runs) all.push(await cutRun(run));
  return all;
}

function failed(all: readonly CutResult[]): readonly (readonly string[])[] {
  return all.filter(({ problems }) => problems.length > 0).map(({ name, problems }) => [name, ...problems]);
}

describe('a run whose journal ends at any line, the last one whole or torn, is finished or undone by a resume', () => {
  it.each(VERBS.flatMap((verb) => MODES.map((mode) => ({ verb, mode }))))('$verb, $mode', async ({ verb, mode }) => {
    const lines = await linesOf(verb, 'nothing');
    expect(lines).toBeGreaterThan(15);
    const runs = Array.from({ length: lines }, (_, at) => at).flatMap((at) =>
      DEATHS.map((death): CutRun => ({ verb, beside: 'nothing', mode, cuts: [{ lines: at, death }] })),
    );
    const all = await results(runs);
    expect(failed(all)).toEqual([]);
    expect(all.filter(({ died }) => died !== 1)).toEqual([]);
  });
});

it('a detach that dies at any line while the array fails its writes: what is lost is told', async () => {
  const lines = await linesOf('detach', 'nothing');
  const runs = Array.from({ length: lines }, (_, at): CutRun => {
    const cuts = [{ lines: at, death: 'at-next' }] as const;
    return { verb: 'detach', beside: 'nothing', mode: 'finish', cuts, failsWrites: true, multipath: false };
  });
  expect(failed(await results(runs))).toEqual([]);
});

it('a run whose resume dies as well, beside records and sessions of others, is resumed once more', async () => {
  const below = randomBelow(1);
  const runs = Array.from({ length: 60 }, (): CutRun => {
    const cut = () => ({ lines: 1 + below(22), death: oneOf(below, DEATHS) });
    return { verb: oneOf(below, VERBS), beside: oneOf(below, BESIDE), mode: oneOf(below, MODES), cuts: [cut(), cut()] };
  });
  const all = await results(runs);
  expect(failed(all)).toEqual([]);
  expect(all.filter(({ died }) => died === 2).length).toBeGreaterThan(20);
});
