import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import type { Counters, Executor, LaneRequest, RepliesTo } from '../transport/executor.js';
import type { SimulatedHost } from './host-model.js';
import { answerSequence, type SimulatedLane } from './lane/answer.js';

/**
 * An executor on a simulated host without a connection between: for tests of connectors that have nothing to do with
 * the transport. Sequences of one turn of the event loop count as one round trip, as they do on the wire.
 */
export class DirectExecutor implements Executor {
  readonly host: string;
  readonly #lane: SimulatedLane;
  readonly #ended = new AbortController();
  #roundTrips = 0;
  #processes = 0;
  #inThisTurn = false;

  constructor(host: SimulatedHost) {
    this.host = host.name;
    this.#lane = { host, signal: this.#ended.signal, lockHolder: this };
  }

  async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
    deadline.check();
    if (this.#ended.signal.aborted) throw new LongshoreError('E_UNREACHABLE', `${this.host}: the executor is closed`);
    this.#count();
    const replies = await answerSequence(this.#lane, requests);
    this.#processes += requests.filter(
      (request, index) => replies[index]?.kind !== 'skipped' && isProcess(request),
    ).length;
    // the reply's kind follows the request's in answer()
    return replies as RepliesTo<R>;
  }

  prepareLanes(): void {
    // there is nothing to open
  }

  counters(): Counters {
    return { roundTrips: this.#roundTrips, remoteProcesses: this.#processes, bytesIn: 0, bytesOut: 0, connectMs: 0 };
  }

  close(): Promise<void> {
    this.#ended.abort();
    this.#lane.host.locks.release(this);
    return Promise.resolve();
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
