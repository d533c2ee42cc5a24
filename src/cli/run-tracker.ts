import type { Outcome } from '../connectors/connector.js';
import type { FleetEvent } from '../fleet/fleet-event.js';

/** Where a run stands, from its events: for the progress bar, and for who gives up half way. */
export class RunTracker {
  /** since when, by `performance.now()` */
  readonly #running = new Map<string, number>();
  /** a host that is begun again, in the next part of a play, has not ended */
  readonly #ended = new Map<string, Outcome>();
  #total = 0;

  onEvent(event: FleetEvent): void {
    switch (event.type) {
      case 'run-started':
        this.#total = event.hosts.length;
        break;
      case 'play-started':
        this.#total = event.hosts.length;
        this.#ended.clear();
        break;
      case 'host-started':
        this.#running.set(event.host, performance.now());
        this.#ended.delete(event.host);
        break;
      case 'host-ended':
        this.#running.delete(event.host);
        this.#ended.set(event.host, event.outcome);
        break;
      case 'host-not-run':
        this.#running.delete(event.host);
        break;
      default:
        break;
    }
  }

  /** hosts that were begun and have not ended */
  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** of the hosts at work those that have been so for longest, and for how many milliseconds */
  slowest(count: number): readonly { readonly host: string; readonly ms: number }[] {
    const now = performance.now();
    // a map keeps the order in which hosts were begun
    return [...this.#running].slice(0, count).map(([host, since]) => ({ host, ms: now - since }));
  }

  get total(): number {
    return this.#total;
  }

  get ended(): number {
    return this.#ended.size;
  }

  get counts(): ReadonlyMap<Outcome, number> {
    const counts = new Map<Outcome, number>();
    for (const outcome of this.#ended.values()) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    return counts;
  }
}
