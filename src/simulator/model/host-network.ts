import type { Clock } from '../../time/clock.js';
import type { Link } from '../lane/link.js';

/** Who is connected to a host, and whether anybody can connect now. */
export class HostNetwork {
  readonly clock: Clock;
  /** connections that are open */
  readonly links = new Set<Link>();
  #closedUntil = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get isReachable(): boolean {
    return this.clock.now() >= this.#closedUntil;
  }

  /** No new connection for a time. */
  close(forMs: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, this.clock.now() + forMs);
  }

  cutAll(): void {
    for (const link of [...this.links]) link.cut();
  }
}
