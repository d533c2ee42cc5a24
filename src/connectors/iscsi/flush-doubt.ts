import { UNHEARD_FLUSH, type History } from '../engine/history.js';
import type { Step } from '../engine/step.js';
import type { DetachScope } from './detach-scope.js';

/** What a run says that cannot know whether an earlier flush has lost data. */
export const FLUSH_IN_DOUBT =
  'whether all data that was written to it is on the array is not known: of an earlier flush nothing was heard, and Linux tells of a write that failed only once; look for I/O errors of it in the kernel log of the host';

/**
 * A flush that goes well behind one of which nobody heard how it ended proves less: that one may have been told of data that was lost, and the kernel does not
 * tell it again (decision 0007). So it says so.
 */
export function inDoubt(step: Step, { flushInDoubt }: DetachScope, { notes }: History): Step {
  const { judge } = step;
  const isInDoubt = flushInDoubt === true || notes.has(UNHEARD_FLUSH);
  if (!isInDoubt || step.flushes !== true || judge === undefined) return step;
  return {
    ...step,
    judge(replies) {
      const verdict = judge(replies);
      return verdict.ok ? { ...verdict, warnings: [...(verdict.warnings ?? []), FLUSH_IN_DOUBT] } : verdict;
    },
  };
}
