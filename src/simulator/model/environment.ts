import type { SimulatedArray } from '../array-model.js';
import type { ChangeFeed } from '../change-feed.js';
import type { Clock } from '../../time/clock.js';
import type { Delays } from '../delays.js';

/** What every part of one simulated host shares. */
export interface HostEnvironment {
  readonly hostName: string;
  readonly initiatorName: string;
  readonly array: SimulatedArray;
  readonly clock: Clock;
  readonly delays: Delays;
  /** tells of changes on this host; the array has its own feed */
  readonly changes: ChangeFeed;
}
