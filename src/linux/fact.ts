import type { Executor, LaneReply, LaneRequest, ReadReply, RunReply } from '../transport/executor.js';
import type { Deadline } from '../time/deadline.js';
import type { Unknown } from './storage-state.js';

/**
 * Something to learn from a host: what to ask, and a pure, total reading of the answers. `parse` gets one reply for each request, in
 * order; any of them may be `skipped` or not ok.
 */
export interface Fact<T> {
  readonly requests: readonly LaneRequest[];
  parse(replies: readonly LaneReply[]): T;
}

/** What was learnt, and what could not be: a parser drops nothing in silence. */
export interface Learnt<T> {
  readonly value: T;
  readonly unknowns: readonly Unknown[];
}

type ValuesOf<F extends readonly Fact<unknown>[]> = {
  -readonly [K in keyof F]: F[K] extends Fact<infer T> ? T : never;
};

/** Several facts as one, so that they travel together; the result is a tuple in the same order. */
export function combineFacts<const F extends readonly Fact<unknown>[]>(...facts: F): Fact<ValuesOf<F>> {
  return {
    requests: facts.flatMap((fact) => fact.requests),
    parse(replies) {
      let next = 0;
      const values = facts.map((fact) => {
        const own = replies.slice(next, next + fact.requests.length);
        next += fact.requests.length;
        return fact.parse(own);
      });
      return values as ValuesOf<F>;
    },
  };
}

/** Learns a fact in one round trip, as one sequence. */
export async function observe<T>(executor: Executor, deadline: Deadline, fact: Fact<T>): Promise<T> {
  const replies: readonly LaneReply[] = await executor.sequence(deadline, fact.requests);
  return fact.parse(replies);
}

const NOTHING_READ: ReadReply = { kind: 'read', ok: true, files: new Map(), unreadable: [] };

/** The reply to a read, or an empty one with the reason why there is none. */
export function readReply(reply: LaneReply | undefined, subject: string): Learnt<ReadReply> {
  if (reply?.kind === 'read') return { value: reply, unknowns: [] };
  return { value: NOTHING_READ, unknowns: [{ subject, reason: 'was not read' }] };
}

/** The paths of a listing, or none with the reason why. */
export function listedPaths(reply: LaneReply | undefined, subject: string): Learnt<readonly string[]> {
  if (reply?.kind === 'list') return { value: reply.paths, unknowns: [] };
  return { value: [], unknowns: [{ subject, reason: 'was not listed' }] };
}

/**
 * The output of a command that ended by itself with one of `exits`; else null with the reason. Cut output is not an answer: what
 * is missing might be the very mount that matters.
 */
export function runOutput(
  reply: LaneReply | undefined,
  subject: string,
  exits: readonly number[] = [0],
): Learnt<RunReply | null> {
  const unknown = (reason: string): Learnt<null> => ({ value: null, unknowns: [{ subject, reason }] });
  if (reply?.kind !== 'run') return unknown('was not run');
  if (reply.timedOut) return unknown('did not answer in time');
  if (reply.exit === null) return unknown('could not be started');
  if (reply.exit === 127) return unknown('is not installed');
  if (!exits.includes(reply.exit)) return unknown(`exit ${reply.exit}: ${firstLine(reply.stderr || reply.stdout)}`);
  if (reply.truncated) return unknown('its output is too long and was cut');
  return { value: reply, unknowns: [] };
}

/** For reasons and messages: what an untrusted text begins with. */
export function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}
