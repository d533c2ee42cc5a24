import * as z from 'zod';
import { CROSS_RULES, type CrossRule } from '../sweep/cross-host.js';
import { OBJECT_CLASSES, OBJECT_KINDS } from '../sweep/sweep-object.js';
import { resultSchema } from './result-schema.js';

export const objectFields = {
  kind: z.enum(OBJECT_KINDS),
  key: z.string().describe('its identity; what --only takes'),
  title: z.string().describe('for people; may change'),
  reasons: z.array(z.string()).describe('what was read, and what follows from it; may change'),
};

const object = z.looseObject({
  ...objectFields,
  class: z
    .enum(OBJECT_CLASSES)
    .describe(
      'owned: declared for this host; foreign: in use, or of others; candidate: nobody has it, with evidence; unknown: it cannot be told, and is never removed',
    ),
});

const host = resultSchema.shape.hosts.valueType.omit({ volumes: true }).extend({
  outcome: z
    .string()
    .describe('ok: it could be looked at, which is not to say that nothing was found; else as in result'),
  objects: z.array(object).describe('from the top of the stack down'),
  blocked: z
    .array(z.looseObject({ pid: z.number().int(), name: z.string() }))
    .nullable()
    .describe('processes in uninterruptible sleep at that moment; null when it is not known'),
  unknowns: z.array(z.looseObject({ subject: z.string(), reason: z.string() })).describe('what could not be read'),
});

const crossFinding = z.looseObject({
  rule: z.enum(Object.keys(CROSS_RULES) as [CrossRule, ...CrossRule[]]),
  hosts: z.array(z.string()),
  subject: z.string().describe('the WWID, name or identity in question'),
  what: z.string(),
  reason: z.string(),
});

/** The document that `audit --json` prints. Stable: fields may be added, none is removed or changes its meaning. */
export const auditSchema = z
  .looseObject({
    run: z.string(),
    verb: z.literal('audit'),
    interrupted: z.boolean().optional(),
    notRun: z.array(z.string()).describe('hosts on which nothing was begun, because of an interrupt'),
    outage: z.string().nullable().describe('so much is broken at once that a sweep would only report; else null'),
    hosts: z.record(z.string(), host),
    crossHost: z.array(crossFinding).describe('what only shows when hosts are looked at together'),
    totals: resultSchema.shape.totals,
  })
  .meta({ title: 'Longshore audit', description: 'What each host has of storage, whose it is, and what nobody owns' });

export type AuditDocument = z.output<typeof auditSchema>;
