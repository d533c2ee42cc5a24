// `npm run test:faults`: goes wrong at every request of every verb, and prints how many points were tried and how many held.
//   --full          every kind at every point, as `npm run test:faults` does; without it, what runs at each change
//   --only NAME     one point, or all sweeps whose names begin so; repeats what a failing point printed
//   --jobs N        processes side by side (default: one for each core)
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pointNamed, type Sweep, SWEEPS } from './catalogue.js';
import type { PointResult, SweepResult } from './sweep.js';

interface Line {
  readonly name: string;
  readonly result: SweepResult;
}

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    shard: { type: 'string' },
  },
});

function chosen(): readonly Sweep[] {
  const { only, full } = values;
  if (only !== undefined) return SWEEPS.filter(({ name }) => name.startsWith(only));
  return SWEEPS.filter(({ isQuick }) => full || isQuick);
}

function show({ name, problems }: PointResult): void {
  console.log(`  FAILED ${name}`);
  for (const problem of problems) console.log(`    ${problem}`);
  console.log(`    again: npm run test:faults -- --only ${name}`);
}

async function runOne(name: string): Promise<boolean> {
  const result = await pointNamed(name)();
  if (result.problems.length > 0) show(result);
  console.log(`${name}: ${result.hasStruck ? `struck, ${result.resumes} resumed` : 'the work was over before'}`);
  return result.problems.length === 0;
}

/** A process of its own for each share of the sweeps, which sends its lines as they are ready. */
function runShare(shard: number, jobs: number, onLine: (line: Line) => void): Promise<void> {
  const args = [...process.argv.slice(2), '--shard', `${shard}/${jobs}`];
  const child = fork(fileURLToPath(import.meta.url), args, { execArgv: process.execArgv });
  child.on('message', (line) => onLine(line as Line));
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`share ${shard} ended with ${code}`))));
  });
}

async function serveShare(share: string): Promise<void> {
  const [shard = 0, jobs = 1] = share.split('/').map(Number);
  const own = chosen().filter((_, index) => index % jobs === shard);
  for (const { name, run } of own) {
    const result = await run({ full: values.full || values.only !== undefined });
    process.send?.({ name, result } satisfies Line);
  }
  process.disconnect?.();
}

async function runAll(): Promise<boolean> {
  const jobs = Math.max(1, Number(values.jobs));
  const total = { tried: 0, held: 0, slow: 0 };
  const failures: PointResult[] = [];
  const onLine = ({ name, result: { tried, slow, failures: failed } }: Line): void => {
    total.tried += tried;
    total.held += tried - failed.length;
    total.slow += slow;
    failures.push(...failed);
    console.log(
      `${name.padEnd(52)} ${String(tried).padStart(4)} tried ${String(tried - failed.length).padStart(4)} held`,
    );
    for (const one of failed) show(one);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: jobs }, (_, shard) => runShare(shard, jobs, onLine)));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${total.tried} fault points tried, ${total.held} held, ${total.slow} of them after more than one resume; ${seconds} s`,
  );
  return failures.length === 0 && total.tried > 0;
}

if (values.shard !== undefined) await serveShare(values.shard);
else if (values.only?.includes('@') === true) process.exitCode = (await runOne(values.only)) ? 0 : 1;
else process.exitCode = (await runAll()) ? 0 : 1;
