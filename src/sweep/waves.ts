import type { Amount } from '../fleet/amount.js';

const percent = (value: number): Amount => ({ kind: 'percent', value });

/** One host first, then more at a time; the first host that is not as it was approved, or not done, is in the last wave (rule S36). */
export const SWEEP_WAVES: readonly Amount[] = [{ kind: 'count', value: 1 }, percent(5), percent(25), percent(100)];
