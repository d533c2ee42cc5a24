import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import { onDeadlineEnd } from '../transport/deadline-end.js';
import { asLook, clip } from '../transport/dispatch-chain.js';
import type { Counters, Executor, LaneReply, LaneRequest, RepliesTo } from '../transport/executor.js';
import { limitOf, REPLY_GRACE_MS } from '../transport/lane-requests.js';
import type { SimulatedHost } from './host-model.js';
import { answerSequence } from './lane/answer.js';
import { Link, type LinkEnd } from './lane/link.js';

/** A new connection to a simulated host, without a network between. Rejects with `E_UNREACHABLE` while the host takes none. */
export function connectDirectly(host: SimulatedHost): Promise<DirectExecutor> {
  if (host.network.isReachable) return Promise.resolve(new DirectExecutor(host));
  return Promise.reject(new LongshoreError('E_UNREACHABLE', `${host.name} takes no connection`, { host: host.name }));
}

/**
 * An executor on a simulated host without a connection between: for tests of connectors that have nothing to do with
 * the transport. Sequences of one turn of the event loop count as one round trip, as they do on the wire, and what goes wrong on the way
 * ends them with the errors that the transport gives.
 */
export class DirectExecutor implements Executor {
  readonly host: string;
  readonly #simulated: SimulatedHost;
  readonly #link: Link;
  /** sequences that have not ended for the controller */
  readonly #waiting = new Set<(how: LinkEnd) => void>();
  /** sequences that the host still works on */
  #working = 0;
  #roundTrips = 0;
  #processes = 0;
  #inThisTurn = false;

  constructor(host: SimulatedHost) {
    this.host = host.name;
    this.#simulated = host;
    this.#link = new Link(host.network, (how) => {
      for (const tell of [...this.#waiting]) tell(how);
    });
    this.#link.gone.addEventListener('abort', () => this.#releaseLock());
  }

  async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
    deadline.check();
    if (!this.#link.isHeard) throw this.#error('E_UNREACHABLE', 'the connection was lost');
    this.#count();
    const leftMs = Math.max(1, Math.ceil(deadline.remainingMs()));
    try {
      const replies = await this.#answered(
        deadline,
        requests.map((request) => clip(request, leftMs)),
      );
      this.#processes += requests.filter(
        (request, index) => replies[index]?.kind !== 'skipped' && isProcess(request),
      ).length;
      // the reply's kind follows the request's in answer()
      return replies as unknown as RepliesTo<R>;
    } catch (error) {
      throw asLook(error, requests);
    }
  }

  prepareLanes(): void {
    // there is nothing to open
  }

  counters(): Counters {
    return { roundTrips: this.#roundTrips, remoteProcesses: this.#processes, bytesIn: 0, bytesOut: 0, connectMs: 0 };
  }

  close(): Promise<void> {
    // what the network swallows does not reach the host
    if (this.#link.isHeard) this.#link.cut();
    return Promise.resolve();
  }

  /** The replies, unless the connection, the time or the patience ends first. Never settles for a controller that was killed. */
  #answered(deadline: Deadline, requests: readonly LaneRequest[]): Promise<readonly LaneReply[]> {
    const { clock } = this.#simulated.environment;
    const gone = new AbortController();
    const onGone = (): void => gone.abort();
    this.#link.gone.addEventListener('abort', onGone);
    return new Promise((resolve, reject) => {
      let stopWatch: () => void = () => undefined;
      let stopDeadline: () => void = () => undefined;
      let stopGrace: () => void = () => undefined;
      const end = (): void => {
        stopWatch();
        stopDeadline();
        stopGrace();
        this.#waiting.delete(tell);
      };
      const abandon = (why: string): void => {
        end();
        gone.abort();
        reject(this.#error('E_OUTCOME_UNKNOWN', `${why}; the command may still be running`));
      };
      const tell = (how: LinkEnd): void => {
        end();
        if (how === 'lost')
          reject(this.#error('E_OUTCOME_UNKNOWN', 'the connection was lost while the host was at work'));
      };
      const tooLate = (): void => abandon('the host did not answer in time');
      stopDeadline = onDeadlineEnd(deadline, ({ code }) => {
        if (code === 'E_INTERRUPTED') abandon('interrupted');
        else stopGrace = clock.after(REPLY_GRACE_MS, tooLate);
      });
      const watch = (request: LaneRequest): void => {
        stopWatch();
        const limitMs = limitOf(request);
        if (limitMs !== null) stopWatch = clock.after(limitMs + REPLY_GRACE_MS, tooLate);
      };
      this.#waiting.add(tell);
      this.#working += 1;
      const lane = { host: this.#simulated, link: this.#link, gone: gone.signal, lockHolder: this, found: new Map() };
      void answerSequence(lane, requests, watch)
        .then((replies) => {
          if (!this.#waiting.has(tell) || !this.#link.isHeard) return;
          end();
          resolve(replies);
        }, reject)
        .finally(() => {
          this.#link.gone.removeEventListener('abort', onGone);
          this.#working -= 1;
          this.#releaseLock();
        });
    });
  }

  /** The lock is on open files of the connection's shells and of what they run: it goes with the last of them. */
  #releaseLock(): void {
    if (this.#link.gone.aborted && this.#working === 0) this.#simulated.locks.release(this);
  }

  #error(code: 'E_OUTCOME_UNKNOWN' | 'E_UNREACHABLE', message: string): LongshoreError {
    return new LongshoreError(code, message, { host: this.host });
  }

  #count(): void {
    if (this.#inThisTurn) return;
    this.#inThisTurn = true;
    this.#roundTrips += 1;
    setImmediate(() => {
      this.#inThisTurn = false;
    });
  }
}

/** What starts a process on a real host; everything else a shell does by itself. */
function isProcess(request: LaneRequest): boolean {
  switch (request.kind) {
    case 'run':
      return true;
    case 'list':
      return request.resolve === true;
    case 'wait':
      return request.outputLacks !== undefined;
    default:
      return false;
  }
}
