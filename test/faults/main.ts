// `npm run test:faults`: goes wrong at every request of every verb, and prints how many points were tried and how many held.
//   --full          every kind at every point, as `npm run test:faults` does; without it, what runs at each change
//   --only NAME     one point, or all sweeps whose names begin so; repeats what a failing point printed
//   --seed N        the several faults that a seed stands for; `--runs N`: of so many seeds, from that one on
//   --jobs N        processes side by side (default: one for each core)
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { pointNamed, pointOfSeed, type Sweep, SWEEPS } from './catalogue.js';
import { MIXED } from './mixed.js';
import { failureText, sweepText, Totals } from './report.js';
import { inProcesses, serveSweeps } from './shares.js';
import type { PointResult } from './sweep.js';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string' },
    runs: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    serve: { type: 'boolean', default: false },
  },
});
const isFull = values.full || values.only !== undefined;

function chosen(): readonly Sweep[] {
  const { only, full } = values;
  if (only !== undefined) return SWEEPS.filter(({ name }) => name.startsWith(only));
  return SWEEPS.filter(({ isQuick }) => full || isQuick);
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${option} ${text}: give a whole number from 1`);
  return number;
}

async function runPoints(points: readonly (() => Promise<PointResult>)[]): Promise<boolean> {
  let held = 0;
  for (const point of points) {
    const result = await point();
    const { name, what, hasStruck, resumes, problems } = result;
    if (problems.length === 0) held += 1;
    else console.log(failureText(result));
    const how = hasStruck ? `struck, ${resumes} resumed` : 'the work was over before';
    console.log(`${name}: ${how}${what === undefined ? '' : `; ${what}`}`);
  }
  console.log(`${points.length} tried, ${held} held`);
  return held === points.length;
}

async function runSweeps(): Promise<boolean> {
  const totals = new Totals();
  const began = performance.now();
  const args = process.argv.slice(2);
  await inProcesses(numberOf('--jobs', values.jobs), chosen(), args, ({ name, kind }, result) => {
    totals.add(kind, result);
    console.log(sweepText(name, result));
  });
  console.log(`\n${totals.text((performance.now() - began) / 1000)}`);
  return totals.allHeld;
}

function run(): Promise<boolean> {
  const { seed, only } = values;
  if (seed !== undefined) {
    const from = numberOf('--seed', seed);
    const runs = numberOf('--runs', values.runs);
    return runPoints(Array.from({ length: runs }, (_, index) => () => pointOfSeed(from + index)));
  }
  const isPoint = only !== undefined && (only.includes('@') || only.startsWith(MIXED));
  return isPoint ? runPoints([pointNamed(only)]) : runSweeps();
}

if (values.serve) serveSweeps(SWEEPS, isFull);
else process.exitCode = (await run()) ? 0 : 1;
