import { LANE_LIBRARY } from './lane-library.js';
import { type DecodedRequest, decodeRequest } from './lane-requests.js';

export { encodeReply } from './lane-replies.js';
export type { DecodedRequest } from './lane-requests.js';

/** id of the frame, on both streams, that says a lane is ready; request ids are numbers from 1 */
export const READY_FRAME = 'ready';

/** What a fresh `/bin/sh` is given: the library, the lane's nonce, and the order to say that it is ready. */
export function laneStart(nonce: string): string {
  return `${LANE_LIBRARY}LN=${nonce}\nl_hello\n`;
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
        const input = this.#read(this.#text.slice(this.#lineStart, this.#at));
        this.#lineStart = this.#at + 1;
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
    if (this.#nonce === '') {
      const nonce = /^LN=([0-9a-f]+)$/.exec(line)?.[1];
      if (nonce === undefined) return null;
      this.#nonce = nonce;
      return { type: 'start', nonce };
    }
    if (line === 'l_hello') return null;
    const request = decodeRequest(line);
    return request === null ? { type: 'other', line } : { type: 'request', request };
  }
}
