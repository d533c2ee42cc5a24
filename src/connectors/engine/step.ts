import type { LaneReply, LaneRequest } from '../../transport/executor.js';

/**
 * One change to a host, as data. Its requests run in one sequence: the checks that guard the change first, then the change, then
 * the bounded wait or read that proves it. Plans are made of these; nothing in a step has run yet.
 */
export interface Step {
  /** unique in its plan and the same in every plan for the same work, such as `login 10.1.0.1:3260` */
  readonly id: string;
  /** one line for a person */
  readonly what: string;
  /** objects that it may change: `session iqn... via 10.1.0.1:3260`, `map 3600...`, `device 3600... 0:0:0:1` */
  readonly changes: readonly string[];
  /** ids of steps of the same plan that must have succeeded before */
  readonly after: readonly string[];
  /** steps with the same name run in series, in plan order (the node database); without one a step is on its own */
  readonly serial?: string;
  readonly requests: readonly LaneRequest[];
  /**
   * Reads the replies (pure). Default: ok when every reply is ok. A step that failed is not an end: the engine observes and plans again.
   */
  readonly judge?: (replies: readonly LaneReply[]) => StepVerdict;
}

export type StepVerdict =
  | { readonly ok: true; readonly warnings?: readonly string[] }
  | {
      readonly ok: false;
      /** the error to report should the goal not be reached */
      readonly error: Error;
      /** fatal: no other attempt can help (a rejected secret, an identity mismatch, a failed flush) */
      readonly fatal: boolean;
    };

/** A step as results and plans show it. */
export interface StepReport {
  readonly id: string;
  readonly what: string;
  readonly changes: readonly string[];
  /** the command that changes the host, quoted for reading */
  readonly command?: string;
  /** absent in a plan */
  readonly ok?: boolean;
}
