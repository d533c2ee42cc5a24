import type { ChangeFeed } from '../change-feed.js';

interface HostLock {
  readonly owner: string;
  /** open files that hold it: the lane that took it, and those that joined */
  readonly by: Set<object>;
}

/** flocks on files, by name. They go when the last open file that holds them is closed. */
export class HostLocks {
  readonly #changes: ChangeFeed;
  readonly #locks = new Map<string, HostLock>();

  constructor(changes: ChangeFeed) {
    this.#changes = changes;
  }

  /** Takes the lock if nobody else has it. */
  tryTake(name: string, owner: string, by: object): boolean {
    const lock = this.#locks.get(name);
    if (lock !== undefined) return lock.by.has(by);
    this.#locks.set(name, { owner, by: new Set([by]) });
    return true;
  }

  /** Takes a share in a lock that another lane of the same controller holds. */
  join(name: string, by: object): void {
    this.#locks.get(name)?.by.add(by);
  }

  holder(name: string): string {
    return this.#locks.get(name)?.owner ?? '';
  }

  /** Names of locks that somebody holds. */
  get held(): readonly string[] {
    return [...this.#locks.keys()];
  }

  /** They are in memory. */
  powerOff(): void {
    this.#locks.clear();
  }

  release(by: object): void {
    for (const [name, lock] of this.#locks) {
      lock.by.delete(by);
      if (lock.by.size === 0) this.#locks.delete(name);
    }
    this.#changes.changed();
  }
}
