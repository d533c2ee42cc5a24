import type { Options } from 'yargs';

const SWEEP = 'Sweep:';

export const auditOptions = {
  'outage-share': {
    type: 'number',
    default: 30,
    group: SWEEP,
    describe: 'percent of broken sessions, disks and maps from which on it is an outage and nothing is swept',
  },
} as const satisfies Readonly<Record<string, Options>>;

export const sweepOptions = {
  approve: {
    type: 'string',
    group: SWEEP,
    describe: 'remove what the plan of this hash names, if it is still the same',
  },
  only: { type: 'string', array: true, group: SWEEP, describe: 'remove this object and no other; as audit names it' },
  plan: { type: 'boolean', group: SWEEP, describe: 'print what would be removed, change nothing; the default' },
  grace: {
    type: 'number',
    default: 600,
    group: SWEEP,
    describe: 'seconds between the first look that saw an object so, and its removal',
  },
  'max-per-host': { type: 'number', default: 10, group: SWEEP, describe: 'objects removed on one host' },
  'max-per-run': { type: 'number', default: 50, group: SWEEP, describe: 'objects removed in all' },
  ...auditOptions,
} as const satisfies Readonly<Record<string, Options>>;

/** The options of audit and sweep, parsed and checked. */
export interface SweepCliOptions {
  /** percent */
  readonly outageShare: number;
  readonly only: readonly string[];
  readonly graceMs: number;
  readonly maxPerHost: number;
  readonly maxPerRun: number;
}
