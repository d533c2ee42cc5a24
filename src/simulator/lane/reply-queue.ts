import type { ServerChannel } from 'ssh2';
import type { encodeReply } from '../../transport/lane-protocol.js';

type Encoded = ReturnType<typeof encodeReply>;

/**
 * Replies on their way to a channel. Those to requests that are answered in one turn of the event loop leave together, as sshd sends all that it finds in
 * the shell's pipe at once: with a packet for each, a fleet's simulator would be busy with little else.
 */
export class ReplyQueue {
  readonly #channel: ServerChannel;
  readonly #isHeard: () => boolean;
  #waiting: Encoded[] = [];

  constructor(channel: ServerChannel, isHeard: () => boolean) {
    this.#channel = channel;
    this.#isHeard = isHeard;
  }

  add(reply: Encoded): void {
    this.#waiting.push(reply);
    if (this.#waiting.length === 1) setImmediate(() => this.flush());
  }

  /** What nobody hears any more is dropped. */
  flush(): void {
    const replies = this.#waiting;
    this.#waiting = [];
    if (replies.length === 0 || !this.#isHeard()) return;
    const stderr = Buffer.concat(replies.map((reply) => reply.stderr));
    if (stderr.length > 0) this.#channel.stderr.write(stderr);
    this.#channel.write(Buffer.concat(replies.map((reply) => reply.stdout)));
  }
}
