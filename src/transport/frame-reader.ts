/** Bytes of one stream of one reply that are kept; the rest is read and dropped. */
export const OUTPUT_LIMIT_BYTES: number = 8 * 1024 * 1024;

/** Longer than any frame's line; what looks like one and is longer is not from the library. */
const LINE_LIMIT_BYTES = 200;

/** What ends a reply on one of a lane's two streams. */
export interface Frame {
  /** a request's number, or `ready` */
  readonly id: string;
  /** the words behind it */
  readonly words: readonly string[];
  readonly payload: Buffer;
  readonly truncated: boolean;
}

/**
 * Cuts a lane's stream into frames: lines that begin with the lane's nonce, which nobody else on the host knows. The bytes between a `begin` and
 * the frame of the same request are that one's payload; all others (a login shell's greeting, a late word of an earlier command's child)
 * belong to nobody and are dropped. Keeps at most `limit` bytes of a payload.
 */
export class FrameReader {
  readonly #marker: Buffer;
  readonly #limit: number;
  #open: string | null = null;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #truncated = false;
  #tail: Buffer = Buffer.alloc(0);

  constructor(nonce: string, limit: number = OUTPUT_LIMIT_BYTES) {
    this.#marker = Buffer.from(`\n${nonce} `);
    this.#limit = limit;
  }

  push(chunk: Buffer): readonly Frame[] {
    let rest = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const at = rest.indexOf(this.#marker);
      const lineAt = at + this.#marker.length;
      const end = at === -1 ? -1 : rest.indexOf(0x0a, lineAt);
      if (at !== -1 && (end !== -1 || rest.length - lineAt > LINE_LIMIT_BYTES)) {
        this.#keep(rest.subarray(0, at));
        const frame = end === -1 ? null : this.#frame(rest.subarray(lineAt, end).toString('latin1'));
        if (frame !== null) frames.push(frame);
        rest = rest.subarray(end === -1 ? lineAt : end + 1);
        continue;
      }
      // a marker, or its line, may be cut in two: its beginning waits for the next chunk
      const safe = at === -1 ? Math.max(0, rest.length - this.#marker.length + 1) : at;
      this.#keep(rest.subarray(0, safe));
      this.#tail = rest.subarray(safe);
      return frames;
    }
  }

  #keep(bytes: Buffer): void {
    if (this.#open === null || bytes.length === 0) return;
    const room = this.#limit - this.#keptBytes;
    if (bytes.length > room) this.#truncated = true;
    if (room <= 0) return;
    // copied, so that a small rest does not hold on to a large chunk
    this.#kept.push(Buffer.from(bytes.subarray(0, room)));
    this.#keptBytes += Math.min(room, bytes.length);
  }

  #frame(line: string): Frame | null {
    const [first = '', ...words] = line.split(' ').filter(Boolean);
    const payload = Buffer.concat(this.#kept);
    const truncated = this.#truncated;
    const isOwn = this.#open === first;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#truncated = false;
    this.#open = first === 'begin' ? (words[0] ?? null) : null;
    if (first === 'begin') return null;
    return { id: first, words, payload: isOwn ? payload : Buffer.alloc(0), truncated: isOwn && truncated };
  }
}
