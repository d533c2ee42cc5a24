import type { Secret } from '../../secrets/secret.js';
import type { Deadline } from '../../time/deadline.js';
import type { Executor, LaneReply, LaneRequest, RepliesTo } from '../executor.js';
import { SecretScrubber } from '../../secrets/secret-scrubber.js';
import type { SequenceLine, TraceLine, TraceRequest } from './trace-format.js';
import { errorLine, headerText, lineText, replyLine, requestLine } from './trace-lines.js';

/** Where a recording goes, line by line. `write` must not throw: a full disk is no reason to stop half way through an attach. */
export interface RecordingSink {
  /** whole lines, with their line ends; written when it returns, so that a crash loses no answer that was seen */
  write(text: string): void;
  /** Nothing is going to be written for a while: thousands of hosts may wait for the run to end. */
  release?(): void;
}

export interface RecordingOptions {
  /** secrets that are known ahead; those in requests are learnt as they pass */
  readonly secrets?: Iterable<Secret>;
}

/** What passes between the controller and one host, over all connections to it. */
export class HostRecording {
  readonly #sink: RecordingSink;
  readonly #scrubber: SecretScrubber;
  #connections = 0;
  #sequences = 0;

  constructor(host: string, sink: RecordingSink, { secrets = [] }: RecordingOptions = {}) {
    this.#sink = sink;
    this.#scrubber = new SecretScrubber(secrets);
    sink.write(headerText(host));
  }

  /** Connects, and records that, or why it could not be. */
  async connect(open: () => Promise<Executor>): Promise<Executor> {
    const began = performance.now();
    try {
      return this.wrap(await open());
    } catch (thrown) {
      const error = errorLine(thrown, this.#scrubber);
      this.#write({ connection: (this.#connections += 1), ms: since(began), error });
      this.#sink.release?.();
      throw thrown;
    }
  }

  /** An executor that does what `executor` does and records it as a new connection. */
  wrap(executor: Executor): Executor {
    const connection = (this.#connections += 1);
    this.#write({ connection, ms: rounded(executor.counters().connectMs) });
    return new RecordingExecutor(executor, {
      connection,
      nextSequence: () => (this.#sequences += 1),
      scrubber: this.#scrubber,
      write: (line) => this.#write(line),
      release: () => this.#sink.release?.(),
    });
  }

  #write(line: TraceLine): void {
    this.#sink.write(lineText(line));
  }
}

/**
 * Wraps an executor so that everything that passes is written to `sink`: one line for each sequence, when it is answered. Nothing else
 * changes for whoever uses it.
 */
export function recordingExecutor(executor: Executor, sink: RecordingSink, options?: RecordingOptions): Executor {
  return new HostRecording(executor.host, sink, options).wrap(executor);
}

interface RecordingConnection {
  readonly connection: number;
  readonly nextSequence: () => number;
  readonly scrubber: SecretScrubber;
  readonly write: (line: TraceLine) => void;
  readonly release: () => void;
}

interface Issued {
  readonly sequence: number;
  readonly turn: number;
  readonly began: number;
  readonly requests: TraceRequest[];
}

class RecordingExecutor implements Executor {
  readonly host: string;
  readonly #inner: Executor;
  readonly #to: RecordingConnection;
  readonly #waiting = new Set<Issued>();
  #turn = 0;
  #inTurn = false;
  #closing: Promise<void> | null = null;

  constructor(inner: Executor, to: RecordingConnection) {
    this.host = inner.host;
    this.#inner = inner;
    this.#to = to;
  }

  async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
    if (requests.length === 0) return this.#inner.sequence(deadline, requests);
    const issued: Issued = {
      sequence: this.#to.nextSequence(),
      turn: this.#turnNow(),
      began: performance.now(),
      requests: requests.map((request) => requestLine(request, this.#to.scrubber)),
    };
    this.#waiting.add(issued);
    try {
      const replies = await this.#inner.sequence(deadline, requests);
      this.#answered(issued, replies);
      return replies;
    } catch (thrown) {
      this.#failed(issued, thrown);
      throw thrown;
    }
  }

  prepareLanes(count: number): void {
    this.#inner.prepareLanes(count);
  }

  counters(): ReturnType<Executor['counters']> {
    return this.#inner.counters();
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const counters = this.#inner.counters();
    try {
      await this.#inner.close();
      // what the closing rejects has been recorded by then
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      for (const issued of this.#waiting) {
        this.#line(issued, {
          error: { code: 'E_OUTCOME_UNKNOWN', message: 'the connection was closed before this was answered' },
        });
      }
      this.#to.write({
        closed: this.#to.connection,
        counters: { ...counters, connectMs: rounded(counters.connectMs) },
      });
      this.#to.release();
    }
  }

  #answered(issued: Issued, replies: readonly LaneReply[]): void {
    this.#line(issued, { replies: replies.map((reply) => replyLine(reply, this.#to.scrubber)) });
  }

  #failed(issued: Issued, thrown: unknown): void {
    this.#line(issued, { error: errorLine(thrown, this.#to.scrubber) });
  }

  #line(issued: Issued, end: Pick<SequenceLine, 'replies' | 'error'>): void {
    // an answer that comes after the end has been told already
    if (!this.#waiting.delete(issued)) return;
    const { sequence, turn, began, requests } = issued;
    this.#to.write({ sequence, connection: this.#to.connection, turn, ms: since(began), requests, ...end });
  }

  /** Sequences of one turn of the event loop leave together. */
  #turnNow(): number {
    if (!this.#inTurn) {
      this.#inTurn = true;
      this.#turn += 1;
      setImmediate(() => {
        this.#inTurn = false;
      });
    }
    return this.#turn;
  }
}

function since(began: number): number {
  return rounded(performance.now() - began);
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
