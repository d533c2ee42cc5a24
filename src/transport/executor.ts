import { LongshoreError } from '../errors/longshore-error.js';
import type { Secret } from '../secrets/secret.js';
import type { Deadline } from '../time/deadline.js';

/**
 * The one door to a host. Connectors know nothing else of it: not whether it is reached by ssh2, is this machine, or is
 * simulated.
 *
 * Requests are data. A *sequence* of them runs in order on one lane and stops at the first one that is not `ok`, without
 * asking the controller in between: so a check on the host can guard the change that follows it. All sequences that are
 * issued in the same turn of the event loop leave in one write.
 */
export interface Executor {
  /** the inventory's name of the host */
  readonly host: string;

  /**
   * true: what is asked for after the connection was lost goes over a new one, with the lock that was held. Then what became of a change that was under
   * way can be looked at. Otherwise a lost connection stays lost.
   */
  readonly reconnects?: boolean;

  /**
   * Runs requests in order on one lane, in one round trip. A request after one that was not `ok` is not run and answers
   * `skipped`. Other sequences run beside this one, on other lanes, as far as there are any (8).
   *
   * Rejects with `E_UNREACHABLE` when nothing can have run, with `E_OUTCOME_UNKNOWN` when the connection was lost
   * or a reply did not come in time while a request may have run.
   */
  sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>>;

  /** Opens lanes ahead of need, without waiting; `count` in all. */
  prepareLanes(count: number): void;

  counters(): Counters;

  /** Ends all lanes and the connection, and so gives back the host lock. Safe to call twice. */
  close(): Promise<void>;
}

/** A rejection after which the connection is not to be trusted with anything more. */
export function isLoss(error: unknown): error is LongshoreError {
  return error instanceof LongshoreError && (error.code === 'E_OUTCOME_UNKNOWN' || error.code === 'E_UNREACHABLE');
}

export type LaneRequest =
  RunRequest | ReadRequest | ListRequest | FindRequest | WriteRequest | WaitRequest | LockRequest;

/** Runs a command: an argv, never a shell line. `LC_ALL=C`; stdin is /dev/null unless `input` is given. */
export interface RunRequest {
  readonly kind: 'run';
  readonly argv: readonly string[];
  /** glob patterns, expanded on the host; their matches are appended to argv (none: nothing is appended); those that go on from a find come first */
  readonly globs?: readonly string[];
  /** files, by patterns, whose contents are appended to argv, each as one word: names that are found and used in one sequence */
  readonly contentsOf?: readonly string[];
  readonly input?: string | Secret;
  /**
   * `{}` in argv stands for the base name of the first path that matches one of these patterns: a kernel name that is found and used in
   * one sequence. Without a match nothing is run, and the reply has no exit code.
   */
  readonly nameFrom?: readonly string[];
  /** enforced on the host (`library-watch.ts` says how), and a little later in the controller. Default 60,000 */
  readonly timeoutMs?: number;
  /**
   * It cannot hang for long by itself: it reads what the kernel holds in memory, or has a time limit of its own (multipathd's client
   * 4 s, iscsiadm 30 s for its database). Then no `timeout` process is started around it, which costs as much as the command does;
   * the deadline of the sequence bounds it all the same.
   */
  readonly boundsItself?: boolean;
  /** exit codes that count as ok; 'any' also takes a command that ran into its time limit. Default [0] */
  readonly okExits?: readonly number[] | 'any';
  /** ok only when stdout, without trailing newlines, is exactly this: a proof read right before a change */
  readonly expectStdout?: string;
  /** run it only when one of these patterns matches; else the reply is exit 0 with no output, and no process was started */
  readonly when?: readonly string[];
  /** true for a command that cannot change the host; a read-only executor runs no other. Default false */
  readonly readOnly?: boolean;
}

/**
 * Reads whole small text files (sysfs, procfs, /etc) with the shell's own builtins: no process starts on the host.
 * Always ok: a pattern without a match is simply absent from the reply.
 */
export interface ReadRequest {
  readonly kind: 'read';
  /** absolute glob patterns (`*`, `?`, `[...]`) */
  readonly patterns: readonly string[];
}

/** Names of everything that matches, without reading it; no process starts unless `resolve`. Always ok. */
export interface ListRequest {
  readonly kind: 'list';
  readonly patterns: readonly string[];
  /** of each pattern, below each path that it is expanded for, only so many; to know of some where there may be thousands */
  readonly atMost?: number;
  /** also give each match's canonical path (one `readlink -f` for all) */
  readonly resolve?: boolean;
}

/**
 * Finds files and directories for the requests behind it in the same sequence, so that they read only what matters: a pattern of `read`, `list`,
 * `run` or `find` may hold `{NAME}` once, and is then expanded for each found path: at the pattern's beginning it stands for the path, elsewhere for the
 * path's last name. Of paths with one last name only the first is taken. Always ok. No process starts while there is little to
 * look through; else one grep reads what `holding` is about.
 */
export interface FindRequest {
  readonly kind: 'find';
  /** lower case letters */
  readonly name: string;
  readonly patterns: readonly string[];
  /** only where this file holds one of the values, as a whole and in upper or lower case */
  readonly holding?: {
    /** below the found path */
    readonly file: string;
    readonly values: readonly string[];
    /** files by whose content the values go on */
    readonly valuesOf?: readonly string[];
    /** also where it cannot be read: then it is not known that it is another */
    readonly orUnreadable?: boolean;
  };
}

/**
 * Writes to an existing file with the lane's own shell, as one write(2): a sysfs attribute, or lines behind a file's end. No process
 * starts. Nothing on the host bounds it: a write that blocks in the kernel could not be ended there anyway, so the deadline of the
 * whole sequence has to do.
 */
export interface WriteRequest {
  readonly kind: 'write';
  /** a path, or patterns which together must match exactly one file */
  readonly filePath: string | readonly string[];
  readonly content: string | Secret;
  readonly append?: boolean;
}

/**
 * Waits on the host until all conditions hold; ok when they do. `timeoutMs: 0` looks once: a guard.
 */
export interface WaitRequest {
  readonly kind: 'wait';
  /** each pattern must match at least one path */
  readonly present?: readonly string[];
  /** no pattern may match any path; a directory that cannot be read counts as a match */
  readonly absent?: readonly string[];
  /** each file's content, without trailing newlines, must be one of `values` */
  readonly contents?: readonly { readonly filePath: string; readonly values: readonly string[] }[];
  /** each file must hold a whole number that is no smaller */
  readonly minimums?: readonly { readonly filePath: string; readonly atLeast: number }[];
  /**
   * the command must exit 0 and none of its output's whitespace-separated words may be one of `words`. Like `boundsItself` of a run: it has a time
   * limit of its own
   */
  readonly outputLacks?: { readonly argv: readonly string[]; readonly words: readonly string[] };
  readonly timeoutMs: number;
}

/**
 * Takes the host's lock of that name for this executor, for all its lanes, until `close`: an flock on an open file, inherited by
 * commands, so that a controller which dies leaves it exactly as long as its last command runs. ok when it is held.
 */
export interface LockRequest {
  readonly kind: 'lock';
  readonly name: string;
  /** written into the lock file for whoever finds it held: run id, controller, user */
  readonly owner: string;
  readonly waitMs: number;
}

export type LaneReply =
  RunReply | ReadReply | ListReply | FindReply | WriteReply | WaitReply | LockReply | SkippedReply;

export interface RunReply {
  readonly kind: 'run';
  readonly ok: boolean;
  /** exit code as the shell shows it (128 + n for a signal); null when the command could not be started in time */
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** the time limit on the host ended it (or its kill did) */
  readonly timedOut: boolean;
  /** output went over the limit and was cut; `stdout` and `stderr` hold the beginning */
  readonly truncated: boolean;
}

export interface ReadReply {
  readonly kind: 'read';
  readonly ok: true;
  /** content by path, trailing newlines removed */
  readonly files: ReadonlyMap<string, string>;
  /** paths that matched but could not be read */
  readonly unreadable: readonly string[];
}

export interface ListReply {
  readonly kind: 'list';
  readonly ok: true;
  readonly paths: readonly string[];
  /** canonical path by path; filled when `resolve` was asked for */
  readonly resolved: ReadonlyMap<string, string>;
}

export interface FindReply {
  readonly kind: 'find';
  readonly ok: true;
  readonly paths: readonly string[];
}

export interface WriteReply {
  readonly kind: 'write';
  readonly ok: boolean;
  /** what the shell said when the write failed, else '' */
  readonly error: string;
}

export interface WaitReply {
  readonly kind: 'wait';
  readonly ok: boolean;
  /** paths that match the `present` patterns at the last look */
  readonly matches: readonly string[];
  /** paths that still match the `absent` patterns at the last look */
  readonly remaining: readonly string[];
}

export interface LockReply {
  readonly kind: 'lock';
  readonly ok: boolean;
  /** what the lock file says of its owner when it could not be had, else '' */
  readonly holder: string;
}

/** Not run, because a request before it in the sequence was not ok. */
export interface SkippedReply {
  readonly kind: 'skipped';
  readonly ok: false;
}

type ReplyByKind = {
  run: RunReply;
  read: ReadReply;
  list: ListReply;
  find: FindReply;
  write: WriteReply;
  wait: WaitReply;
  lock: LockReply;
};

/** The reply's type follows from the request's; any of them may be `skipped`. */
export type ReplyTo<R extends LaneRequest> = ReplyByKind[R['kind']] | SkippedReply;
export type RepliesTo<R extends readonly LaneRequest[]> = { -readonly [K in keyof R]: ReplyTo<R[K]> };

/** What one host has cost so far. */
export interface Counters {
  /** writes of requests to the host; the connection's set-up is not in it */
  readonly roundTrips: number;
  /** processes started on the host, lanes included */
  readonly remoteProcesses: number;
  /** bytes received and sent by the controller, inside the encryption */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** from the start of connecting until the executor was ready */
  readonly connectMs: number;
}
