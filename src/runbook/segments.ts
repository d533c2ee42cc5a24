import type { PlayStep } from './playbook.js';

/** Steps that are done on each host in a row, and between them, each by itself, steps that are about the batch. */
export function segmentsOf(steps: readonly PlayStep[]): readonly (readonly PlayStep[])[] {
  const segments: PlayStep[][] = [];
  for (const step of steps) {
    const last = segments.at(-1);
    if (step.kind.scope === 'host' && last?.[0]?.kind.scope === 'host') last.push(step);
    else segments.push([step]);
  }
  return segments;
}
