/** Whole numbers from 0, below a bound, the same for the same seed (mulberry32). */
export type Below = (bound: number) => number;

export function randomBelow(seed: number): Below {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Takes one of some, which must not be none. */
export function oneOf<T>(below: Below, some: readonly T[]): T {
  const one = some[below(some.length)];
  if (one === undefined) throw new Error('there is nothing to choose from');
  return one;
}
