import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Secret } from '../secrets/secret.js';
import type { LaneReply } from './executor.js';
import { decodeReply, type Frame, FrameReader, laneStart } from './lane-protocol.js';
import { encodeRequest, type WireRequest } from './lane-requests.js';

/** A shell's three streams, however it was started. */
export interface LaneStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** ends the shell and everything between; safe to call twice */
  end(): void;
  /** calls back once, when the shell or the way to it is gone */
  onGone(listener: () => void): void;
}

export interface LaneTraffic {
  bytesIn: number;
  bytesOut: number;
  processes: number;
}

interface Waiting {
  readonly id: number;
  readonly request: WireRequest;
  readonly resolve: (reply: LaneReply) => void;
  readonly reject: (error: Error) => void;
  frame: Frame | null;
  stderr: Frame | null;
}

/** A question that a password answers. */
export interface PasswordPrompt {
  readonly prompt: string;
  readonly password: Secret | undefined;
}

/** What a shell that may have been asked for nothing says when it runs. */
export const SHELL_RUNS = 'longshore-shell-runs';

/** One shell on the host that answers requests in order. */
export class Lane {
  readonly #streams: LaneStreams;
  readonly #traffic: LaneTraffic;
  readonly #waiting: Waiting[] = [];
  readonly #gone: (noise: string) => Error;
  #ready = false;
  #isReady: Promise<void>;
  #onReady: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #lost = false;
  #nextId = 1;
  #noise = '';
  /** sequences that have not answered yet */
  load = 0;
  /** holds the host's lock, or a share in it */
  joined = false;

  /**
   * `gone` makes the error for a lane that ended before it was ready, from what it said. `asked`: a password to give when a
   * prompt shows up on stderr before the lane is ready; the shell is spoken to only after that.
   */
  constructor(streams: LaneStreams, traffic: LaneTraffic, gone: (noise: string) => Error, asked?: PasswordPrompt) {
    this.#streams = streams;
    this.#traffic = traffic;
    this.#gone = gone;
    const nonce = randomBytes(16).toString('hex');
    const out = new FrameReader(nonce);
    const err = new FrameReader(nonce);
    streams.stdout.on('data', (chunk: Buffer) => {
      traffic.bytesIn += chunk.length;
      if (!this.#ready) this.#hear(chunk);
      for (const frame of out.push(chunk)) this.#onStdout(frame);
    });
    streams.stderr.on('data', (chunk: Buffer) => {
      traffic.bytesIn += chunk.length;
      if (!this.#ready) this.#hear(chunk);
      for (const frame of err.push(chunk)) this.#onStderr(frame);
    });
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream.on('error', () => this.#onGone());
    streams.onGone(() => this.#onGone());
    this.#isReady = new Promise((resolve, reject) => {
      this.#onReady = { resolve, reject };
    });
    this.#isReady.catch(() => undefined);
    if (asked === undefined) this.#write(laneStart(nonce));
    else this.#answer(asked, nonce);
  }

  /** Resolves when the shell has answered for the first time; rejects when it ended before. */
  ready(): Promise<void> {
    return this.#isReady;
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Sends requests as one chain, in one write. Each reply settles by itself; a lost lane rejects those that are open. */
  send(requests: readonly WireRequest[]): Promise<LaneReply>[] {
    const replies: Promise<LaneReply>[] = [];
    let text = '';
    requests.forEach((request, index) => {
      const id = this.#nextId;
      this.#nextId += 1;
      text += encodeRequest(id, index === 0 ? 'first' : 'then', request);
      replies.push(
        new Promise((resolve, reject) => {
          this.#waiting.push({ id, request, resolve, reject, frame: null, stderr: null });
        }),
      );
    });
    if (this.#lost) this.#rejectAll();
    else this.#write(text);
    return replies;
  }

  end(): void {
    this.#streams.end();
    this.#onGone();
  }

  #write(text: string): void {
    if (this.#lost) return;
    this.#traffic.bytesOut += Buffer.byteLength(text);
    this.#streams.stdin.write(text);
  }

  /**
   * sudo with -S reads a line from stdin only after it has asked; where it does not ask (a fresh timestamp, NOPASSWD) the line
   * would be the shell's first command. So the shell says first that it runs, on stdout, or sudo asks, on stderr.
   */
  #answer({ prompt, password }: PasswordPrompt, nonce: string): void {
    let given = false;
    let started = false;
    const start = (): void => {
      if (!started) this.#write(laneStart(nonce));
      started = true;
    };
    this.#streams.stderr.on('data', () => {
      if (this.#ready || started) return;
      const count = this.#noise.split(prompt).length - 1;
      if (count === 1 && !given) {
        given = true;
        this.#streams.stdin.write(`${password?.reveal() ?? ''}\n`);
        start();
      } else if (count > 1) this.end();
    });
    this.#streams.stdout.on('data', () => {
      if (this.#noise.includes(SHELL_RUNS)) start();
    });
  }

  #hear(chunk: Buffer): void {
    if (this.#noise.length < 4096) this.#noise += chunk.toString('utf8');
  }

  #onStdout(frame: Frame): void {
    if (!this.#ready) {
      this.#ready = true;
      this.#onReady?.resolve();
      this.#noise = '';
      return;
    }
    const waiting = this.#waiting.find((one) => one.id === frame.id);
    if (waiting === undefined) return;
    waiting.frame = frame;
    this.#traffic.processes += frame.processes;
    this.#settle();
  }

  #onStderr(frame: Frame): void {
    const waiting = this.#waiting.find((one) => one.id === frame.id);
    if (waiting !== undefined) waiting.stderr = frame;
    this.#settle();
  }

  #settle(): void {
    for (let first = this.#waiting[0]; first?.frame != null; first = this.#waiting[0]) {
      const { kind } = first.request;
      const needsStderr = (kind === 'run' || kind === 'write') && !first.frame.skipped;
      if (needsStderr && first.stderr === null) return;
      this.#waiting.shift();
      first.resolve(decodeReply(first.request, first.frame, first.stderr));
    }
  }

  #onGone(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#onReady?.reject(this.#gone(this.#noise));
    this.#rejectAll();
  }

  #rejectAll(): void {
    const error = this.#ready
      ? new LongshoreError('E_OUTCOME_UNKNOWN', 'the connection was lost while the host was at work')
      : this.#gone(this.#noise);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}
