import { isDeepStrictEqual } from 'node:util';
import { LongshoreError } from '../../errors/longshore-error.js';
import type { Secret } from '../../secrets/secret.js';
import type { Deadline } from '../../time/deadline.js';
import type { Counters, Executor, LaneRequest, RepliesTo } from '../executor.js';
import { lineDiff } from './line-diff.js';
import { ReplayError } from './replay-error.js';
import { SecretScrubber } from '../../secrets/secret-scrubber.js';
import {
  type ClosedLine,
  type ConnectionLine,
  isSequence,
  replyOf,
  type SequenceLine,
  type Trace,
  type TraceError,
  type TraceRequest,
} from './trace-format.js';
import { requestLine } from './trace-lines.js';
import { requestText } from './trace-text.js';

export interface ReplayOptions {
  /** secrets that stood in the recorded requests outside of `Secret`s */
  readonly secrets?: Iterable<Secret>;
}

/**
 * Answers from a recording, without any host. Strict: the same sequences in the same order, or `E_REPLAY` with what differs, for this one
 * and every one after it. Time limits and the owner of the lock are not compared: they are another's in each run.
 */
export class HostReplay {
  readonly host: string;
  readonly #scrubber: SecretScrubber;
  readonly #connections: readonly ConnectionLine[];
  readonly #closed: readonly ClosedLine[];
  readonly #left: SequenceLine[];
  #failure: ReplayError | null = null;
  #connected = 0;

  constructor(trace: Trace, { secrets = [] }: ReplayOptions = {}) {
    this.host = trace.host;
    this.#scrubber = new SecretScrubber(secrets);
    this.#left = trace.lines.filter(isSequence);
    this.#closed = trace.lines.filter((line) => 'closed' in line);
    this.#connections = trace.lines.filter((line) => !isSequence(line)).filter((line) => 'connection' in line);
  }

  /** The next recorded connection; rejects as it did, and with `E_REPLAY` when there was no further one. */
  connect(): Promise<Executor> {
    const line = this.#connections[this.#connected];
    if (line === undefined) {
      return Promise.reject(
        this.#diverged(`connects ${this.#connected + 1} times; the recording has no such connection`),
      );
    }
    this.#connected += 1;
    if (line.error !== undefined) return Promise.reject(errorOf(line.error, this.host));
    const { connection } = line;
    const closed = this.#closed.find((other) => other.closed === connection);
    const executor = new ReplayExecutor(this.host, line.ms, closed?.counters, {
      take: (requests) => this.#take(connection, requests),
    });
    return Promise.resolve(executor);
  }

  /** Throws `E_REPLAY` when the run went another way, or ended before the recording: some of it was not asked for. */
  finish(): void {
    if (this.#failure !== null) throw this.#failure;
    const [next] = this.#left;
    if (next === undefined) return;
    throw this.#diverged(
      `ended before the recording: ${this.#left.length} of its sequences were not asked for, the first is number ${next.sequence}`,
      next.requests.flatMap(requestText).map((line) => `- ${line}`),
    );
  }

  #take(connection: number, requests: readonly LaneRequest[]): SequenceLine {
    if (this.#failure !== null) throw this.#failure;
    const asked = requests.map((request) => requestLine(request, this.#scrubber));
    const [next] = this.#left;
    if (next === undefined || next.connection !== connection) {
      throw this.#diverged(
        'asks for more than was recorded',
        asked.flatMap(requestText).map((line) => `+ ${line}`),
      );
    }
    if (!isDeepStrictEqual(next.requests.map(comparable), asked.map(comparable))) {
      throw this.#diverged(
        `does not ask for recorded sequence ${next.sequence}`,
        lineDiff(next.requests.flatMap(requestText), asked.flatMap(requestText)),
      );
    }
    this.#left.shift();
    return next;
  }

  #diverged(what: string, diff: readonly string[] = []): ReplayError {
    this.#failure = new ReplayError(this.host, what, diff);
    return this.#failure;
  }
}

/** `HostReplay` for a recording of one connection: an executor, and what remains of the recording. */
export async function replayExecutor(
  trace: Trace,
  options?: ReplayOptions,
): Promise<{ readonly executor: Executor; readonly finish: () => void }> {
  const replay = new HostReplay(trace, options);
  return { executor: await replay.connect(), finish: () => replay.finish() };
}

interface RecordedSequences {
  readonly take: (requests: readonly LaneRequest[]) => SequenceLine;
}

class ReplayExecutor implements Executor {
  readonly host: string;
  readonly #counters: Omit<Counters, 'roundTrips'>;
  readonly #from: RecordedSequences;
  #roundTrips = 0;
  #lastTurn = 0;
  #closed = false;

  constructor(host: string, connectMs: number, counters: Counters | undefined, from: RecordedSequences) {
    this.host = host;
    this.#counters = { remoteProcesses: 0, bytesIn: 0, bytesOut: 0, ...counters, connectMs };
    this.#from = from;
  }

  async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
    deadline.check();
    if (this.#closed) throw new LongshoreError('E_UNREACHABLE', `${this.host}: the connection is closed`);
    if (requests.length === 0) return [] as unknown as RepliesTo<R>;
    const recorded = this.#from.take(requests);
    if (recorded.turn !== this.#lastTurn) this.#roundTrips += 1;
    this.#lastTurn = recorded.turn;
    // as on the wire: what is asked for in this turn is answered in a later one
    await new Promise((resolve) => setImmediate(resolve));
    if (recorded.error !== undefined) throw errorOf(recorded.error, this.host);
    // requests and replies were recorded together
    return (recorded.replies ?? []).map(replyOf) as unknown as RepliesTo<R>;
  }

  prepareLanes(): void {
    // nothing is opened
  }

  counters(): Counters {
    return { ...this.#counters, roundTrips: this.#roundTrips };
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}

/** Without what is another's in each run; but a wait that only looks (0) is another thing than one that waits. */
function comparable({ owner: _owner, timeoutMs, waitMs: _waitMs, ...rest }: TraceRequest): object {
  return { ...rest, looks: timeoutMs === 0 };
}

function errorOf({ code, message, remedy }: TraceError, host: string): LongshoreError {
  return new LongshoreError(code, message, { host, ...(remedy === undefined ? {} : { remedy }) });
}
