import type { ChangeFeed } from '../change-feed.js';

interface Holder {
  readonly owner: string;
  /** the open file: whoever has it holds the lock */
  readonly by: object;
}

/** flocks on files under /run/lock, by name. They go with the open file that holds them. */
export class HostLocks {
  readonly #changes: ChangeFeed;
  readonly #holders = new Map<string, Holder>();

  constructor(changes: ChangeFeed) {
    this.#changes = changes;
  }

  /** Takes the lock if nobody else has it. */
  tryTake(name: string, owner: string, by: object): boolean {
    const holder = this.#holders.get(name);
    if (holder !== undefined && holder.by !== by) return false;
    this.#holders.set(name, { owner, by });
    return true;
  }

  holder(name: string): string {
    return this.#holders.get(name)?.owner ?? '';
  }

  release(by: object): void {
    for (const [name, holder] of this.#holders) if (holder.by === by) this.#holders.delete(name);
    this.#changes.changed();
  }
}
