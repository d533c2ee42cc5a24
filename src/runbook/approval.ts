import { LongshoreError } from '../errors/longshore-error.js';
import { canonicalWork, differences } from './canonical.js';
import type { RunbookPlan } from './plan.js';
import type { Recheck } from './steps/step-kind.js';

const NOBODY: ReadonlySet<string> = new Set();

/**
 * What was approved of one step of a plan, as the step's `recheck`. Both count from 0. On hosts that an earlier run has begun with that plan,
 * only identities can be compared.
 */
export function recheckOf(
  plan: RunbookPlan | null,
  playIndex: number,
  stepIndex: number,
  begun: ReadonlySet<string> = NOBODY,
): Recheck {
  if (plan === null) return () => Promise.resolve();
  const play = plan.plays[playIndex];
  const works = play?.steps[stepIndex]?.works ?? [];
  return async (host, subject, look) => {
    const approved = works.find((work) => work.host === host && work.subject === subject);
    if (approved === undefined) {
      const unseen = play?.unseen.find((one) => one.host === host);
      const why =
        unseen === undefined
          ? 'nothing was approved for it'
          : `it could not be looked at when the plan was made: ${unseen.code} ${unseen.message}`;
      throw changed(host, subject, [why]);
    }
    const lines = differences(
      canonicalWork(approved),
      canonicalWork(await look()),
      approved.follows !== null || begun.has(host),
    );
    if (lines.length > 0) throw changed(host, subject, lines);
  };
}

function changed(host: string, subject: string, lines: readonly string[]): LongshoreError {
  const about = subject === '' ? host : subject;
  return new LongshoreError('E_PLAN_CHANGED', `${about} is not as it was approved: ${lines.join('; ')}`, {
    ...(host === '' ? {} : { host }),
    remedy: 'Look at it, plan again with `longshore plan`, and approve that plan.',
  });
}
