import type { Options } from 'yargs';

const HOSTS = 'Hosts:';

export const retryOption = {
  retry: { type: 'string', group: HOSTS, describe: 'only hosts on which this run failed; longshore runs lists runs' },
} as const satisfies Readonly<Record<string, Options>>;

export const batchOptions = {
  serial: {
    type: 'string',
    group: HOSTS,
    describe: 'hosts of each batch, one after the other: 5, 10%, or 1,5%,25%,100%',
  },
  'max-failures': {
    type: 'string',
    group: HOSTS,
    describe: 'failed hosts that are borne in a batch and in all, such as 3 or 5%; one more begins no further host',
  },
} as const satisfies Readonly<Record<string, Options>>;

export const rolloutOptions = { ...batchOptions, ...retryOption } as const satisfies Readonly<Record<string, Options>>;
