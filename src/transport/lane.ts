import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { LongshoreError } from '../errors/longshore-error.js';
import type { LaneReply } from './executor.js';
import { type Frame, FrameReader } from './frame-reader.js';
import { laneStart, READY_FRAME } from './lane-protocol.js';
import { decodeReply, speaksOnStderr } from './lane-replies.js';
import { encodeRequest, limitOf, REPLY_GRACE_MS, type WireRequest } from './lane-requests.js';

/** A shell's three streams, however it was started. */
export interface LaneStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** ends the shell's input and stops listening to it; safe to call twice */
  end(): void;
  /** calls back when the shell `ended` by itself, or the way to it was `cut` */
  onGone(listener: (how: 'ended' | 'cut') => void): void;
}

export interface LaneTraffic {
  bytesIn: number;
  bytesOut: number;
  processes: number;
}

/** Where a lane's shell comes from. */
export interface LaneOptions {
  readonly host: string;
  /** the error for a shell that ended before it was ready, from what it said until then */
  readonly endedEarly: (noise: string) => LongshoreError;
  /**
   * What happens before the shell reads its input: called with everything heard so far, until it gives `ready`. `end` gives up.
   * Default: the shell is spoken to at once.
   */
  readonly opening?: (noise: string, write: (text: string) => void) => 'wait' | 'ready' | 'end';
}

interface Chain {
  readonly replies: LaneReply[];
  readonly length: number;
  readonly resolve: (replies: readonly LaneReply[]) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting {
  readonly id: string;
  readonly request: WireRequest;
  readonly chain: Chain;
  stdout: Frame | null;
  stderr: Frame | null;
}

/** What a shell and a login say before the first frame is kept up to here, for error messages and for sudo's prompt. */
const NOISE_LIMIT = 16_384;
/** A shell that says nothing for so long will not. */
const READY_LIMIT_MS = 30_000;

/** One shell on the host that answers requests in order. */
export class Lane {
  readonly #streams: LaneStreams;
  readonly #traffic: LaneTraffic;
  readonly #options: LaneOptions;
  readonly #start: string;
  readonly #ready: Promise<void>;
  #settleReady: { resolve: () => void; reject: (error: Error) => void } | null = null;
  #state: 'opening' | 'starting' | 'ready' | 'lost' = 'opening';
  #waiting: Waiting[] = [];
  #outbox = '';
  #nextId = 1;
  #noise = '';
  #timer: NodeJS.Timeout | undefined;
  /** why it was lost before it was ready */
  #neverReady: LongshoreError | null = null;
  /** has a share in the host's lock */
  joined = false;

  constructor(streams: LaneStreams, traffic: LaneTraffic, options: LaneOptions) {
    this.#streams = streams;
    this.#traffic = traffic;
    this.#options = options;
    this.#ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // a lane that nobody waits for may fail in silence: whoever sends to it is told
    this.#ready.catch(() => undefined);
    const nonce = randomBytes(16).toString('hex');
    this.#start = laneStart(nonce);
    this.#listen(streams.stdout, new FrameReader(nonce), 'stdout');
    this.#listen(streams.stderr, new FrameReader(nonce), 'stderr');
    // a stream that fails is followed by the end of the shell or of the connection, which says more
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream.on('error', () => undefined);
    streams.onGone((how) => this.#lose(how));
    this.#timer = setTimeout(() => this.abandon(`no shell answered in ${READY_LIMIT_MS / 1000} s`), READY_LIMIT_MS);
    this.#open();
  }

  /** Resolves when the shell has answered for the first time; rejects when it ended before. */
  ready(): Promise<void> {
    return this.#ready;
  }

  get lost(): boolean {
    return this.#state === 'lost';
  }

  /**
   * Sends requests as one chain; all chains of one turn go out in one write. Rejects with `E_OUTCOME_UNKNOWN` when the lane is lost before
   * the last reply. Throws, and sends nothing, when a request cannot be encoded.
   */
  send(requests: readonly WireRequest[], budgetMs: number): Promise<readonly LaneReply[]> {
    const texts = requests.map((request, index) =>
      encodeRequest(this.#nextId + index, index === 0 ? 'first' : 'then', request, budgetMs),
    );
    if (this.#state === 'lost') return Promise.reject(this.#neverReady ?? this.#goneError());
    return new Promise((resolve, reject) => {
      const chain: Chain = { replies: [], length: requests.length, resolve, reject };
      const isFirst = this.#waiting.length === 0;
      for (const request of requests) {
        this.#waiting.push({ id: String(this.#nextId), request, chain, stdout: null, stderr: null });
        this.#nextId += 1;
      }
      if (isFirst && this.#state === 'ready') this.#watchFirst();
      if (this.#outbox === '' && this.#state !== 'opening') queueMicrotask(() => this.#flush());
      this.#outbox += texts.join('');
    });
  }

  /** Gives up on the lane: nothing further that was sent is started, what is running goes on, and its outcome is unknown. */
  abandon(why: string): void {
    if (this.#state === 'lost') return;
    this.#streams.end();
    this.#reject(
      this.#state === 'ready' || this.#waiting.length > 0
        ? this.#error('E_OUTCOME_UNKNOWN', `${why}; the command may still be running`)
        : this.#error('E_LANE', why),
    );
  }

  /** Ends the shell as soon as it has done what it was sent. */
  end(): void {
    this.#streams.end();
    this.#lose('cut');
  }

  #listen(stream: Readable, frames: FrameReader, name: 'stdout' | 'stderr'): void {
    stream.on('data', (chunk: Buffer) => {
      if (this.#state === 'lost') return;
      this.#traffic.bytesIn += chunk.length;
      if (this.#state !== 'ready') this.#hear(chunk);
      for (const frame of frames.push(chunk)) this.#onFrame(frame, name);
      this.#settle();
    });
  }

  #hear(chunk: Buffer): void {
    if (this.#noise.length < NOISE_LIMIT) this.#noise += chunk.toString('utf8');
    if (this.#state === 'opening') this.#open();
  }

  #open(): void {
    const step = this.#options.opening?.(this.#noise, (text) => this.#streams.stdin.write(text)) ?? 'ready';
    if (step === 'end') {
      this.#streams.end();
      this.#lose('ended');
    } else if (step === 'ready') {
      this.#state = 'starting';
      this.#outbox = this.#start + this.#outbox;
      // requests of the same turn go along with the library
      queueMicrotask(() => this.#flush());
    }
  }

  #flush(): void {
    if (this.#state === 'lost' || this.#outbox === '') return;
    this.#traffic.bytesOut += Buffer.byteLength(this.#outbox);
    this.#streams.stdin.write(this.#outbox);
    this.#outbox = '';
  }

  #onFrame(frame: Frame, stream: 'stdout' | 'stderr'): void {
    if (frame.id === READY_FRAME) {
      if (stream === 'stderr' || this.#state !== 'starting') return;
      this.#state = 'ready';
      this.#noise = '';
      this.#traffic.processes += Number(frame.words[1]) || 0;
      this.#settleReady?.resolve();
      this.#watchFirst();
      return;
    }
    const waiting = this.#waiting.find((one) => one.id === frame.id);
    if (waiting !== undefined) waiting[stream] = frame;
  }

  #settle(): void {
    let settled = false;
    for (let first = this.#waiting[0]; first?.stdout != null; first = this.#waiting[0]) {
      const isSkipped = first.stdout.words[0] === 'skip';
      if (!isSkipped && speaksOnStderr(first.request) && first.stderr === null) break;
      this.#waiting.shift();
      settled = true;
      try {
        const { reply, processes } = decodeReply(first.request, first.stdout, first.stderr);
        this.#traffic.processes += processes;
        first.chain.replies.push(reply);
        if (first.chain.replies.length === first.chain.length) first.chain.resolve(first.chain.replies);
      } catch (error) {
        first.chain.reject(error as Error);
      }
    }
    if (settled) this.#watchFirst();
  }

  /** The host bounds what it runs; should that fail, the first request in line is given up here a little later. */
  #watchFirst(): void {
    clearTimeout(this.#timer);
    const [first] = this.#waiting;
    const limitMs = first === undefined ? null : limitOf(first.request);
    if (limitMs === null) return;
    const afterMs = Math.min(limitMs + REPLY_GRACE_MS, 0x7fffffff);
    this.#timer = setTimeout(() => this.abandon('the host did not answer in time'), afterMs);
  }

  #lose(how: 'ended' | 'cut'): void {
    if (this.#state === 'lost') return;
    if (this.#state !== 'ready' && how === 'ended') this.#reject(this.#options.endedEarly(this.#noise));
    else this.#reject(this.#goneError());
  }

  #goneError(): LongshoreError {
    return this.#waiting.length > 0
      ? this.#error('E_OUTCOME_UNKNOWN', 'the connection was lost while the host was at work')
      : this.#error('E_UNREACHABLE', 'the connection was lost');
  }

  #reject(error: LongshoreError): void {
    if (this.#state !== 'ready') this.#neverReady = error;
    this.#state = 'lost';
    clearTimeout(this.#timer);
    this.#settleReady?.reject(error);
    this.#outbox = '';
    const chains = new Set(this.#waiting.map((waiting) => waiting.chain));
    this.#waiting = [];
    for (const chain of chains) chain.reject(error);
  }

  #error(code: 'E_OUTCOME_UNKNOWN' | 'E_UNREACHABLE' | 'E_LANE', message: string): LongshoreError {
    return new LongshoreError(code, message, { host: this.#options.host });
  }
}
