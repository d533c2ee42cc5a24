import { LongshoreError } from '../../errors/longshore-error.js';
import { firstLine } from '../../linux/fact.js';
import { saysNoDaemon } from '../../linux/multipathd.js';
import type { LaneReply, LaneRequest } from '../../transport/executor.js';
import type { Step, StepVerdict } from '../engine/step.js';
import { NODE_DATABASE_LANE } from './attach-steps.js';

const MULTIPATHD_FORGETS_MS = 10_000;

/** How to make sure that multipathd has forgotten paths: it mostly has within a moment; else it is told to. */
export type ForgetMode = 'wait' | 'tell';

export const forgetId = (mode: ForgetMode): string => `multipathd forgets (${mode})`;

/**
 * multipathd must have forgotten the paths, or a late event of theirs hits the next device of that name (incident C1). With `mayBeOff` it is first asked
 * whether it runs, lest it be waited for in vain: where it had made a map that costs a process, and all its paths as an answer, for nothing.
 */
export function forgetStep(
  names: readonly string[],
  after: readonly string[],
  mode: ForgetMode,
  mayBeOff: boolean = true,
): Step {
  const argv = ['multipathd', 'show', 'paths', 'raw', 'format', '%d'];
  const ask: LaneRequest = { kind: 'run', argv, boundsItself: true, readOnly: true };
  const tell = names.map((name): LaneRequest => ({
    kind: 'run',
    argv: ['multipathd', 'del', 'path', `/dev/${name}`],
    timeoutMs: 10_000,
    okExits: 'any',
  }));
  const wait: LaneRequest = { kind: 'wait', outputLacks: { argv, words: names }, timeoutMs: MULTIPATHD_FORGETS_MS };
  const id = forgetId(mode);
  const what = `${mode === 'tell' ? 'tell multipathd to forget' : 'wait until multipathd has forgotten'} ${names.join(', ')}`;
  // behind the records, so that the last look can travel along; multipathd needs that moment anyway
  const common = {
    id,
    lane: NODE_DATABASE_LANE,
    what,
    changes: mode === 'tell' ? names.map((name) => `multipathd's path ${name}`) : [],
    after,
  };
  return {
    ...common,
    requests: mode === 'tell' ? [...tell, wait] : mayBeOff ? [ask, wait] : [wait],
    main: 0,
    maxAttempts: 1,
    judge: (replies) => forgottenVerdict(what, replies),
  };
}

/** A daemon that does not run, or is not installed, tracks nothing; of one that does not answer it is not known. */
function forgottenVerdict(what: string, replies: readonly LaneReply[]): StepVerdict {
  const [asked] = replies;
  if (saysNoDaemon(asked) || replies.at(-1)?.ok === true) return { ok: true };
  const answer =
    asked?.kind === 'run' && !asked.ok
      ? `it answered ${JSON.stringify(firstLine(asked.stderr || asked.stdout))}`
      : 'it did not in time';
  return {
    ok: false,
    weight: 'final',
    error: new LongshoreError('E_DEVICE_NOT_REMOVED', `${what}: ${answer}`, {
      remedy: 'the disks and maps are gone; restart multipathd on the host, then run this again',
    }),
  };
}
