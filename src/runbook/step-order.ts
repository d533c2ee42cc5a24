import { type DocumentPath, type ProblemList, quoted } from '../inventory/source/problems.js';
import type { PlayStep } from './playbook.js';

/**
 * Refuses an order of steps that cannot be meant: a step that needs a volume in a state in which a step before has not left it, the same
 * change twice in a row, and a question to a person after which nothing follows.
 */
export function checkOrder(steps: readonly PlayStep[], path: DocumentPath, problems: ProblemList): void {
  const states = new Map<string, { readonly state: 'attached' | 'absent'; readonly by: string }>();
  for (const [index, step] of steps.entries()) {
    const { kind, title, position, on } = step;
    const at = [...path, index, kind.name];
    if (kind.name === 'confirm' && index === steps.length - 1) {
      problems.add(position, at, 'asks when all is done; put it before the steps that it is about');
    }
    const { options, volumes } = on('');
    const effect = kind.effect?.(options) ?? {};
    for (const { name } of volumes) {
      const before = states.get(name);
      if (before !== undefined && effect.needs !== undefined && before.state !== effect.needs) {
        const what = `${quoted(title)} needs ${name} ${effect.needs}, but ${quoted(before.by)} before it leaves it ${before.state}`;
        problems.add(position, at, `${what}; change their order, or take one out`);
      }
      if (before !== undefined && kind.changes(options) === 'subject' && before.state === effect.leaves) {
        problems.add(position, at, `${quoted(title)} does nothing after ${quoted(before.by)}; take one out`);
      }
      if (effect.leaves !== undefined) states.set(name, { state: effect.leaves, by: title });
    }
  }
}
