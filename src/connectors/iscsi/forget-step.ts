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
 * whether it runs, lest it be waited for in vain: where it had made a map that costs a process, and all its paths as an answer, for nothing. It is told
 * only while no disk has such a name: one that has is somebody else's by now, and would lose its path.
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
  const vacant: LaneRequest = { kind: 'wait', absent: names.map((name) => `/sys/block/${name}`), timeoutMs: 0 };
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
    requests: mode === 'tell' ? [vacant, ...tell, wait] : mayBeOff ? [ask, wait] : [wait],
    main: mode === 'tell' ? 1 : 0,
    maxAttempts: 1,
    judge: (replies) => forgottenVerdict(what, replies),
  };
}

/** A daemon that does not run, or is not installed, tracks nothing; of one that does not answer it is not known. */
function forgottenVerdict(what: string, replies: readonly LaneReply[]): StepVerdict {
  const asked = replies.find(({ kind }) => kind === 'run');
  if (saysNoDaemon(asked) || replies.at(-1)?.ok === true) return { ok: true };
  const answer =
    asked?.kind === 'run' && !asked.ok
      ? `it answered ${JSON.stringify(firstLine(asked.stderr || asked.stdout))}`
      : replies[0]?.kind === 'wait' && !replies[0].ok && replies.length > 1
        ? 'a disk has that name again'
        : 'it did not in time';
  return {
    ok: false,
    weight: 'final',
    error: new LongshoreError('E_DEVICE_NOT_REMOVED', `${what}: ${answer}`, {
      remedy: 'the disks and maps are gone; restart multipathd on the host, then run this again',
    }),
  };
}
