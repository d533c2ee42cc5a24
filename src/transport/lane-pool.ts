import type { Lane } from './lane.js';

/** sshd gives 10 sessions per connection (MaxSessions); the margin is for shells that hang and still count there. */
const MAX_LANES = 8;

/** A lane that is there, or on its way. */
export class LaneSlot {
  readonly lane: Promise<Lane>;
  /** null until it is open */
  opened: Lane | null = null;
  /** it could not be opened; nothing was ever sent to it */
  isRefused = false;
  /** sequences that have not answered yet */
  load = 0;

  constructor(lane: Promise<Lane>) {
    this.lane = lane;
  }

  get isLost(): boolean {
    return this.isRefused || this.opened?.lost === true;
  }
}

/** The lanes of one connection. */
export class LanePool {
  readonly #open: () => Promise<Lane>;
  #slots: LaneSlot[] = [];
  #max = MAX_LANES;
  #ended = false;

  constructor(open: () => Promise<Lane>) {
    this.#open = open;
  }

  /** An idle lane, else a new one, else the one with the least to do. */
  choose(): LaneSlot {
    const least = this.fallback();
    if (least?.load === 0) return least;
    return least === null || this.#slots.length < this.#max ? this.#openSlot() : least;
  }

  /** The lane with the least to do, open ones before those on their way; null when there is none. */
  fallback(): LaneSlot | null {
    this.#slots = this.#slots.filter((slot) => !slot.isLost);
    const cost = (slot: LaneSlot): number => slot.load + (slot.opened === null ? 0.5 : 0);
    let least: LaneSlot | null = null;
    for (const slot of this.#slots) if (least === null || cost(slot) < cost(least)) least = slot;
    return least;
  }

  find(test: (lane: Lane) => boolean): LaneSlot | null {
    return this.#slots.find((slot) => !slot.isLost && slot.opened !== null && test(slot.opened)) ?? null;
  }

  /** Opens lanes until there are `count`, as far as the host gives them. */
  prepare(count: number): void {
    this.fallback();
    while (this.#slots.length < Math.min(count, this.#max)) this.#openSlot();
  }

  end(): void {
    this.#ended = true;
    for (const { opened } of this.#slots) opened?.end();
    this.#slots = [];
  }

  #openSlot(): LaneSlot {
    const slot = new LaneSlot(this.#open());
    this.#slots.push(slot);
    slot.lane.then(
      (lane) => {
        slot.opened = lane;
        if (this.#ended) lane.end();
      },
      () => {
        slot.isRefused = true;
        this.#slots = this.#slots.filter((one) => one !== slot);
        // the host gives no more (MaxSessions): go on with those there are
        if (this.#slots.length > 0) this.#max = Math.min(this.#max, this.#slots.length);
      },
    );
    return slot;
  }
}
