import { LANE_LIBRARY } from './lane-library.js';
import { type DecodedRequest, decodeRequest } from './lane-requests.js';

export { decodeReply, encodeReply, type Frame, FrameReader } from './lane-replies.js';
export { type Chain, decodeRequest, type DecodedRequest, encodeRequest, type WireRequest } from './lane-requests.js';

/**
 * What a fresh `/bin/sh` is given: the library, the lane's nonce, and a first frame on both streams that says it is ready; what the
 * login shell or sudo have said before it belongs to nobody.
 */
export function laneStart(nonce: string): string {
  const ready = String.raw`printf '\n%s ready 1 1\n' "$LN"`;
  return `${LANE_LIBRARY}LN=${nonce}\nlh=\n${ready}; ${ready} >&2\n`;
}

export type LaneInput =
  | { readonly type: 'start'; readonly nonce: string }
  | { readonly type: 'request'; readonly request: DecodedRequest }
  | { readonly type: 'other'; readonly line: string };

/** Takes what a controller writes to a lane apart, for servers that emulate one. The library itself gives nothing. */
export class LaneInputReader {
  #text = '';
  #at = 0;
  #lineStart = 0;
  #quoted = false;
  #nonce = '';

  push(text: string): readonly LaneInput[] {
    this.#text += text;
    const inputs: LaneInput[] = [];
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === '\n' && (!this.#quoted || this.#nonce === '')) {
        const line = this.#text.slice(this.#lineStart, this.#at);
        this.#lineStart = this.#at + 1;
        const input = this.#read(line);
        if (input !== null) inputs.push(input);
      } else if (this.#nonce !== '' && char === "'") {
        this.#quoted = !this.#quoted;
      } else if (this.#nonce !== '' && char === '\\' && !this.#quoted) {
        if (this.#at + 1 >= this.#text.length) break;
        this.#at += 1;
      }
    }
    this.#text = this.#text.slice(this.#lineStart);
    this.#at -= this.#lineStart;
    this.#lineStart = 0;
    return inputs;
  }

  #read(line: string): LaneInput | null {
    const nonce = /^LN=([0-9a-f]+)$/.exec(line)?.[1];
    if (this.#nonce === '') {
      if (nonce === undefined) return null;
      this.#nonce = nonce;
      this.#quoted = false;
      return { type: 'start', nonce };
    }
    if (line === 'lh=' || line.startsWith("printf '\\n%s ready")) return null;
    const request = decodeRequest(line);
    return request === null ? { type: 'other', line } : { type: 'request', request };
  }
}
