import type { Step } from './step.js';

/** Steps that travel in one sequence, in this order. */
export type Chain = readonly Step[];

/**
 * The next chains that can leave together: from each lane the longest run of steps whose predecessors are done or run
 * before them in the same chain. Empty when nothing is left, or when what is left waits for something that failed.
 */
export function nextWave(steps: readonly Step[], done: ReadonlySet<string>): readonly Chain[] {
  const known = new Set(steps.map((step) => step.id));
  const lanes = new Map<string, Step[]>();
  for (const step of steps) {
    if (done.has(step.id)) continue;
    const lane = step.lane ?? `step ${step.id}`;
    const queue = lanes.get(lane);
    if (queue === undefined) lanes.set(lane, [step]);
    else queue.push(step);
  }
  const wave: Chain[] = [];
  for (const queue of lanes.values()) {
    const chain: Step[] = [];
    const before = new Set(done);
    for (const step of queue) {
      if (!step.after.every((id) => before.has(id) || !known.has(id))) break;
      chain.push(step);
      before.add(step.id);
    }
    if (chain.length > 0) wave.push(chain);
  }
  return wave;
}

/**
 * The chain behind which the next observation can travel: the only one, or the one that ends after all others. null while steps remain
 * that are not in this wave.
 */
export function lastChain(wave: readonly Chain[], steps: readonly Step[], done: ReadonlySet<string>): Chain | null {
  const now = new Set(wave.flat().map((step) => step.id));
  if (!steps.every((step) => done.has(step.id) || now.has(step.id))) return null;
  if (wave.length === 1) return wave[0] ?? null;
  return wave.find((chain) => chain.at(-1)?.endsLast === true) ?? null;
}
