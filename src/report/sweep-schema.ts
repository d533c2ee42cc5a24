import * as z from 'zod';
import { objectFields } from './audit-schema.js';
import { errorSchema, resultSchema } from './result-schema.js';

const object = z.looseObject({
  host: z.string(),
  ...objectFields,
  state: z
    .enum([
      'ready',
      'waiting',
      'over-limit',
      'quarantined',
      'removed',
      'gone',
      'changed',
      'failed',
      'unknown',
      'not-run',
    ])
    .describe(
      'ready: would be removed when approved; waiting: not seen for the grace period yet; over-limit: a later sweep takes it; quarantined: could not be removed before; removed: proven gone; gone: was gone already; changed: not as it was approved, left alone; failed: still there; unknown: look again; not-run: nothing was tried',
    ),
  firstSeen: z.iso.datetime().describe('the first of the looks in a row that saw it so'),
  readyAt: z.iso.datetime().describe('from when on it may be removed'),
  what: z.string().describe('the change, in words'),
  command: z.string().describe('the change, quoted for reading'),
  why: z.string().optional().describe('of a quarantined one: why it could not be removed'),
  error: errorSchema.optional(),
});

/** The document that `sweep --json` prints. Stable: fields may be added, none is removed or changes its meaning. */
export const sweepSchema = z
  .looseObject({
    run: z.string(),
    verb: z.literal('sweep'),
    plan: z.boolean().describe('true: nothing was approved, and nothing was changed'),
    interrupted: z.boolean().optional(),
    notRun: z.array(z.string()).describe('hosts on which nothing was begun'),
    outage: z.string().nullable().describe('why nothing may be removed at all; else null'),
    hash: z
      .string()
      .nullable()
      .describe('what --approve takes: it names the ready objects and their evidence; null when there are none'),
    missing: z.array(z.string()).describe('approved, but not there any more as it was approved: HOST KEY'),
    hosts: z.record(z.string(), resultSchema.shape.hosts.valueType.omit({ volumes: true })),
    objects: z.array(object).describe('in the order of removal'),
    totals: resultSchema.shape.totals,
  })
  .meta({ title: 'Longshore sweep', description: 'What a sweep would remove, or has removed' });

export type SweepDocument = z.output<typeof sweepSchema>;
