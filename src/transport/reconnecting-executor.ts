import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import { withinDeadline } from './deadline-end.js';
import {
  type Counters,
  type Executor,
  isLoss,
  type LaneReply,
  type LaneRequest,
  type LockRequest,
  type RepliesTo,
} from './executor.js';
import { onlyLooks } from './read-only-executor.js';

export interface ReconnectOptions {
  /** Opens a further connection to the same host; rejects as `connectSsh` does. */
  readonly connect: (deadline: Deadline) => Promise<Executor>;
  /** pauses before the second and each further try of one reconnect, ms. Default 1, 2, 4 and 8 s: a host that is back within 15 s is found */
  readonly pausesMs?: readonly number[];
}

const DEFAULT_PAUSES_MS = [1000, 2000, 4000, 8000] as const;

/** One connection of several, one after the other. */
interface Connection {
  readonly executor: Executor;
  /** sequences that have not answered yet */
  load: number;
  /** a sequence on it was rejected as lost: nothing further is asked of it */
  isLost: boolean;
  /** has the lock that was asked for */
  isLocked: boolean;
}

/**
 * An executor that outlives its connection. It repeats nothing: a sequence that was under way when the connection was lost rejects, as ever. The next sequence
 * connects again.
 *
 * The lock is gone with the connection, so no change runs on the new one before it is held again; `E_LOCKED` when another
 * controller has come in between. What the lost connection left running on the host still has its share in the lock, so holding it again
 * proves that nothing of it runs any more: what is then seen stays as it is.
 *
 * A connection also counts as lost when one reply did not come in time: a command that hangs would otherwise be worked beside.
 *
 * Only `E_UNREACHABLE` is tried again, a few times. Any other error, such as a login that is refused, is final: all further sequences reject with it.
 */
export class ReconnectingExecutor implements Executor {
  readonly host: string;
  readonly reconnects = true;
  readonly #options: ReconnectOptions;
  #connection: Connection;
  #next: Promise<Connection> | null = null;
  #lock: LockRequest | null = null;
  #past: Counters = { roundTrips: 0, remoteProcesses: 0, bytesIn: 0, bytesOut: 0, connectMs: 0 };
  #closing: Promise<void> | null = null;
  readonly #closed = new AbortController();

  constructor(first: Executor, options: ReconnectOptions) {
    this.host = first.host;
    this.#options = options;
    this.#connection = connectionOf(first);
  }

  async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
    // without an await where there is a connection, so that sequences of one turn still leave in one write
    const connection = this.#connection.isLost ? await this.#reconnected(deadline) : this.#connection;
    if (!connection.isLocked && this.#lock !== null && needsLock(requests)) {
      await this.#lockAgain(connection, this.#lock, deadline);
    }
    const replies = await this.#ask(connection, deadline, requests);
    requests.forEach((request, index) => {
      if (request.kind !== 'lock' || replies[index]?.ok !== true) return;
      this.#lock = request;
      connection.isLocked = true;
    });
    return replies;
  }

  prepareLanes(count: number): void {
    if (!this.#connection.isLost) this.#connection.executor.prepareLanes(count);
  }

  counters(): Counters {
    return this.#connection.isLost ? this.#past : sum(this.#past, this.#connection.executor.counters());
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#closed.abort();
    await this.#next?.catch(() => undefined);
    await this.#connection.executor.close();
  }

  async #ask<const R extends readonly LaneRequest[]>(
    connection: Connection,
    deadline: Deadline,
    requests: R,
  ): Promise<RepliesTo<R>> {
    connection.load += 1;
    try {
      return await connection.executor.sequence(deadline, requests);
    } catch (error) {
      if (isLoss(error) && !connection.isLost && !this.#closed.signal.aborted) {
        connection.isLost = true;
        this.#past = sum(this.#past, connection.executor.counters());
      }
      throw error;
    } finally {
      connection.load -= 1;
      // not before: closing it would make the outcome of what is still under way unknown
      if (connection.isLost && connection.load === 0) void connection.executor.close().catch(() => undefined);
    }
  }

  #reconnected(deadline: Deadline): Promise<Connection> {
    this.#next ??= this.#connectAgain(deadline).then((connection) => {
      this.#connection = connection;
      this.#next = null;
      return connection;
    });
    return withinDeadline(this.#next, deadline);
  }

  async #connectAgain(deadline: Deadline): Promise<Connection> {
    const pauses = [...(this.#options.pausesMs ?? DEFAULT_PAUSES_MS)];
    for (;;) {
      deadline.check();
      if (this.#closed.signal.aborted) throw new LongshoreError('E_UNREACHABLE', 'the connection is closed');
      try {
        return connectionOf(await this.#options.connect(deadline));
      } catch (error) {
        const ms = pauses.shift();
        if (ms === undefined || !(error instanceof LongshoreError) || error.code !== 'E_UNREACHABLE') throw error;
        await deadline.pause(ms, this.#closed.signal);
      }
    }
  }

  async #lockAgain(connection: Connection, lock: LockRequest, deadline: Deadline): Promise<void> {
    const [reply] = (await this.#ask(connection, deadline, [lock])) as readonly LaneReply[];
    if (reply?.kind === 'lock' && reply.ok) {
      connection.isLocked = true;
      return;
    }
    const holder = reply?.kind === 'lock' ? reply.holder : '';
    throw new LongshoreError('E_LOCKED', `the lock was lost with the connection, and is held now by: ${holder}`, {
      host: this.host,
      remedy: 'wait until that has ended, then run this again',
    });
  }
}

/** Whether a sequence changes the host and does not itself ask for the lock first. */
function needsLock(requests: readonly LaneRequest[]): boolean {
  return requests[0]?.kind !== 'lock' && !requests.every(onlyLooks);
}

function connectionOf(executor: Executor): Connection {
  return { executor, load: 0, isLost: false, isLocked: false };
}

function sum(a: Counters, b: Counters): Counters {
  return {
    roundTrips: a.roundTrips + b.roundTrips,
    remoteProcesses: a.remoteProcesses + b.remoteProcesses,
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
    connectMs: a.connectMs + b.connectMs,
  };
}
