import type { Fault, FaultEffect } from './fault.js';

/** What is to go wrong on one host. Requests are counted in the order in which the host begins them, over all its connections. */
export class FaultSchedule {
  #pending: readonly Fault[] = [];
  readonly #struck: Fault[] = [];
  readonly #killers = new Set<() => void>();
  #requests = 0;

  /** Counts from 1 again; what was to come before does not come any more. */
  set(faults: readonly Fault[]): void {
    this.#pending = [...faults];
    this.#struck.length = 0;
    this.#requests = 0;
  }

  /** Nothing further goes wrong. What has gone wrong stays as it is, and the count goes on. */
  clear(): void {
    this.#pending = [];
  }

  /** requests since the schedule was set */
  get requests(): number {
    return this.#requests;
  }

  /** faults that have happened, in order */
  get struck(): readonly Fault[] {
    return this.#struck;
  }

  /** Whoever can kill the controller, or must know that it was killed. Called as its connection to this host is about to end. */
  onControllerKilled(listener: () => void): void {
    this.#killers.add(listener);
  }

  killController(): void {
    for (const kill of this.#killers) kill();
  }

  /** Counts a request that begins, and gives what goes wrong with it. */
  begin(): readonly FaultEffect[] {
    this.#requests += 1;
    const now = this.#pending.filter(({ at }) => at === this.#requests);
    if (now.length === 0) return [];
    this.#pending = this.#pending.filter((fault) => !now.includes(fault));
    this.#struck.push(...now);
    return now.map(({ effect }) => effect);
  }
}
