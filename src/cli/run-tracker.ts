import type { Outcome } from '../connectors/connector.js';
import type { FleetEvent } from '../fleet/fleet-event.js';

/** Where a run stands, from its events: for the progress bar, and for who gives up half way. */
export class RunTracker {
  /** since when, by `performance.now()` */
  readonly #running = new Map<string, number>();
  readonly #counts = new Map<Outcome, number>();
  #total = 0;
  #ended = 0;

  onEvent(event: FleetEvent): void {
    switch (event.type) {
      case 'run-started':
        this.#total = event.hosts.length;
        break;
      case 'host-started':
        this.#running.set(event.host, performance.now());
        break;
      case 'host-ended':
        this.#running.delete(event.host);
        this.#ended += 1;
        this.#counts.set(event.outcome, (this.#counts.get(event.outcome) ?? 0) + 1);
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
    return this.#ended;
  }

  get counts(): ReadonlyMap<Outcome, number> {
    return this.#counts;
  }
}
