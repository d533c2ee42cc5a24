import type { LaneReply, LaneRequest } from '../../transport/executor.js';

/**
 * One change to a host, as data. Its requests run in one sequence: the checks that guard the change first, then the
 * change, then the bounded wait that proves it. Plans are made of these; nothing in a step has run yet.
 */
export interface Step {
  /** unique in its plan and the same in every plan for the same work, such as `login 10.1.0.1:3260` */
  readonly id: string;
  /** one line for a person */
  readonly what: string;
  /** objects that it may change: `session of iqn... via 10.1.0.1:3260`, `map 3600...`, `device 0:0:0:1` */
  readonly changes: readonly string[];
  /** ids of steps of the same plan that must have succeeded before; ids that are not in the plan count as done */
  readonly after: readonly string[];
  /**
   * Steps of one lane run in plan order and travel together where their `after` allows it; different lanes run side by
   * side. By default a step has a lane of its own.
   */
  readonly lane?: string;
  readonly requests: readonly LaneRequest[];
  /** index in `requests` of the change itself, for showing the command */
  readonly main: number;
  /**
   * When this step ends, all others of its wave have ended too: the next observation can travel behind it, without a round trip of its own.
   * A step that is alone in its wave needs no such promise.
   */
  readonly endsLast?: boolean;
  /** It brings written data to the array: how that went, the kernel tells once. */
  readonly flushes?: boolean;
  /** times it may be tried in all, with growing pauses between. Default 3 */
  readonly maxAttempts?: number;
  /** Says what the replies mean (pure). Default: ok when every reply is ok, and worth another try when not. */
  readonly judge?: (replies: readonly LaneReply[]) => StepVerdict;
}

export type StepVerdict =
  | { readonly ok: true; readonly warnings?: readonly string[] }
  | {
      readonly ok: false;
      /** the error to report should the goal not be reached */
      readonly error: Error;
      /**
       * retry: another try may help; final: not this step, but the goal may be reached without it;
       * fatal: stop now (a rejected secret, another identity, a failed flush)
       */
      readonly weight: 'retry' | 'final' | 'fatal';
      /** what was learnt by failing, for the next plan, such as `no answer from 0:0:0:1` */
      readonly notes?: readonly string[];
    };

/** A step as results and plans show it. */
export interface StepReport {
  readonly id: string;
  readonly what: string;
  readonly changes: readonly string[];
  /** the command that changes the host, quoted for reading */
  readonly command?: string;
  /** in a plan: what must hold at that moment, else the host does not do it */
  readonly guards?: readonly string[];
  /** absent in a plan */
  readonly ok?: boolean;
}
