import type { HostNetwork } from '../model/host-network.js';

/** How a connection ends for the controller: it hears of it, or it does not exist any more. */
export type LinkEnd = 'lost' | 'killed';

/**
 * A controller's connection to a simulated host, as the host has it. When it is lost, what runs on the host goes on to its end and keeps its share in
 * the lock, as a process does whose sshd has died; nothing that was sent behind it is begun.
 */
export class Link {
  readonly #network: HostNetwork;
  readonly #onEnd: (how: LinkEnd) => void;
  readonly #gone = new AbortController();
  #isHeard = true;

  /** `onEnd`: what the controller's side does when it notices. */
  constructor(network: HostNetwork, onEnd: (how: LinkEnd) => void) {
    this.#network = network;
    this.#onEnd = onEnd;
    network.links.add(this);
  }

  /** aborts when the host's side of the connection has ended */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** false: what the host answers does not arrive */
  get isHeard(): boolean {
    return this.#isHeard && !this.#gone.signal.aborted;
  }

  /** Both sides notice at once. */
  cut(how: LinkEnd = 'lost'): void {
    if (this.#gone.signal.aborted) return;
    const wasHeard = this.#isHeard;
    this.end();
    if (wasHeard) this.#onEnd(how);
  }

  /** The network swallows everything: the controller gives up after `noticedMs`, the host's sshd only after `endsMs`. */
  silence(noticedMs: number, endsMs: number): void {
    if (!this.isHeard) return;
    this.#isHeard = false;
    const { clock } = this.#network;
    clock.after(noticedMs, () => this.#onEnd('lost'));
    clock.after(endsMs, () => this.end());
  }

  /** The host's side ends, without a word. */
  end(): void {
    this.#isHeard = false;
    this.#network.links.delete(this);
    this.#gone.abort();
  }
}
