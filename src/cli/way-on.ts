import { isResumable } from '../journal/left-work.js';
import type { RunRecord } from '../journal/run-record.js';

/** What a person does about a run that did not come to its end: one line, and nothing that would be refused. */
export function wayOn({ start: { run, verb, resumes } }: Pick<RunRecord, 'start'>): string {
  if (resumes !== undefined) {
    return `It resumed another run; to go on: longshore resume ${resumes.run}${resumes.mode === 'undo' ? ' --undo' : ''}`;
  }
  const finish = `longshore resume ${run}`;
  if (verb === 'extend' || verb === 'run') return `To finish it: ${finish}`;
  if (isResumable(verb)) return `To finish it: ${finish}; to undo what it left half done: ${finish} --undo`;
  switch (verb) {
    case 'sweep':
      return 'What it has not removed: longshore sweep, which looks again and asks for an approval of its own.';
    case 'exec':
      return 'Whether its command has run, and how, on hosts that did not end: only a look at them tells.';
    default:
      return `To go on: the same longshore ${verb} again, which looks at the hosts and goes on, or back, from what they show.`;
  }
}
