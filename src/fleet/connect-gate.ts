import { setTimeout as sleep } from 'node:timers/promises';
import pLimit, { type LimitFunction } from 'p-limit';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';

/** A connection that was dropped before a login was tried, and will be tried again. */
export interface Drop {
  /** 1 for the first */
  readonly attempt: number;
  readonly delayMs: number;
  /** connects that this entry may have under way from now on */
  readonly atOnce: number;
}

/** Drops in a row, while nobody else gets in either, until a host counts as unreachable: about 5 s. */
const TRIES_WITHOUT_SUCCESS = 6;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;

export interface GateOptions {
  /** connects under way at once while nothing is dropped */
  readonly most: number;
  /** from 0 up to 1; for tests */
  readonly random?: () => number;
}

/**
 * Connects through one sshd. It drops connections when too many wait for their login (MaxStartups: by default some from 10 on, all from
 * 100 on). Then fewer connects are begun at once, half as many for each round of drops, and one more again for each login that works. Hosts
 * that are connected do not count: they may be as many as the fanout says.
 *
 * Only a drop before any login was tried is tried again. A login that was refused is not: it would lock the account.
 */
export class ConnectGate {
  readonly #most: number;
  readonly #random: () => number;
  readonly #limit: LimitFunction;
  #successes = 0;
  /** counts reductions, so that the drops of one round make one */
  #round = 0;

  constructor({ most, random = Math.random }: GateOptions) {
    this.#most = most;
    this.#random = random;
    this.#limit = pLimit(most);
  }

  /** The first connect that works. Rejects with its error when that is no drop, or with the last drop's when nothing gets through. */
  async connect<T>(open: () => Promise<T>, deadline: Deadline, onDrop: (drop: Drop) => void): Promise<T> {
    let successes = this.#successes;
    for (let attempt = 1, inRow = 1; ; attempt += 1, inRow += 1) {
      try {
        return await this.#limit(() => this.#open(open, deadline));
      } catch (error) {
        if (!isDrop(error)) throw error;
        // an entry that lets others in is busy; one that lets nobody in is closed
        if (this.#successes > successes) inRow = 1;
        successes = this.#successes;
        const delayMs = this.#delayAfter(inRow);
        if (inRow >= TRIES_WITHOUT_SUCCESS || delayMs >= deadline.remainingMs()) throw error;
        onDrop({ attempt, delayMs, atOnce: this.#limit.concurrency });
        await sleep(delayMs, undefined, { signal: deadline.signal }).catch(() => deadline.check());
      }
    }
  }

  async #open<T>(open: () => Promise<T>, deadline: Deadline): Promise<T> {
    if (!deadline.signal.aborted && deadline.remainingMs() > 0) return this.#counted(open);
    // an interrupt ends with its own error; else the wait for a turn was too long
    try {
      deadline.check();
    } catch (error) {
      if (error instanceof LongshoreError && error.code === 'E_INTERRUPTED') throw error;
    }
    throw new LongshoreError('E_UNREACHABLE', 'no turn to connect came in the time for this host');
  }

  async #counted<T>(open: () => Promise<T>): Promise<T> {
    const round = this.#round;
    try {
      const opened = await open();
      this.#successes += 1;
      this.#limit.concurrency = Math.min(this.#most, this.#limit.concurrency + 1);
      return opened;
    } catch (error) {
      if (isDrop(error) && round === this.#round) {
        this.#round += 1;
        this.#limit.concurrency = Math.max(
          1,
          Math.floor(Math.min(this.#limit.concurrency, this.#limit.activeCount) / 2),
        );
      }
      throw error;
    }
  }

  /** Twice as long each time, and anything from half of that to all of it, so that those who were dropped together do not come back together. */
  #delayAfter(inRow: number): number {
    const fullMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (inRow - 1));
    return Math.ceil(fullMs * (0.5 + this.#random() / 2));
  }
}

/** The gates of one run, one for each sshd that its connections go through first. */
export class ConnectGates {
  readonly #gates = new Map<string, ConnectGate>();
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  of(entry: string): ConnectGate {
    const gate = this.#gates.get(entry) ?? new ConnectGate(this.#options);
    this.#gates.set(entry, gate);
    return gate;
  }
}

function isDrop(error: unknown): boolean {
  return error instanceof LongshoreError && error.details.droppedBeforeLogin === true;
}
