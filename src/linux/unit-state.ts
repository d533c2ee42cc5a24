import type { LaneReply, RunRequest } from '../transport/executor.js';
import { runOutput } from './fact.js';

/** What the array says of a logical unit when it is asked for readiness. `exit` is how sg_turs puts it, for asking again. */
export type UnitState =
  | { readonly kind: 'ready' }
  /** ILLEGAL REQUEST, LOGICAL UNIT NOT SUPPORTED (25h/00h): the target answered, and has nothing at this LUN for this host */
  | { readonly kind: 'not-supported'; readonly exit: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * TEST UNIT READY (sg3_utils). Of all that a dead path may say, only "logical unit not supported" is said by the array itself: a time
 * limit, no sense data, or any other sense leave open whether the volume is still there. `{}` takes the name from `nameFrom`.
 */
export function unitStateRequest(): RunRequest {
  return {
    kind: 'run',
    argv: ['sg_turs', '-v', '/dev/{}'],
    timeoutMs: 10_000,
    okExits: 'any',
    readOnly: true,
  };
}

/** Pure and total. */
export function parseUnitState(reply: LaneReply | undefined): UnitState {
  if (reply?.kind === 'run' && reply.exit === 0 && !reply.timedOut) return { kind: 'ready' };
  // any exit but those of the shell: sg3_utils has its own for each kind of sense
  const exits = reply?.kind === 'run' && reply.exit !== null && reply.exit < 124 ? [reply.exit] : [];
  const { value, unknowns } = runOutput(reply, 'sg_turs', exits);
  if (value === null || value.exit === null) {
    return { kind: 'unknown', reason: `sg_turs ${unknowns[0]?.reason ?? 'gave no answer'}` };
  }
  const said = `${value.stdout}\n${value.stderr}`;
  if (/illegal request/i.test(said) && /logical unit not supported/i.test(said)) {
    return { kind: 'not-supported', exit: value.exit };
  }
  const sense = /sense key: ?([^\n;]+)/i.exec(said)?.[1]?.trim();
  return { kind: 'unknown', reason: `sg_turs exit ${value.exit}${sense === undefined ? '' : `, sense ${sense}`}` };
}
