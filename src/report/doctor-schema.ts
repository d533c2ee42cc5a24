import * as z from 'zod';
import { SEVERITIES } from '../doctor/rule.js';
import { resultSchema } from './result-schema.js';

const severity = z.enum(SEVERITIES);

const finding = z.looseObject({
  rule: z.string().describe('stable id; match on it. `rules` says what it is about'),
  severity,
  what: z.string().describe('the evidence; may change'),
});

const rule = z.looseObject({
  severity,
  reads: z.string().describe('what is read on the host'),
  when: z.string().describe('when it is a finding'),
  reason: z.string(),
  instead: z.string().describe('what to write or do instead'),
  source: z.string().describe('where this is known from'),
});

const milliseconds = z.number().int();

const host = resultSchema.shape.hosts.valueType
  .pick({
    outcome: true,
    roundTrips: true,
    remoteProcesses: true,
    bytesIn: true,
    bytesOut: true,
    durationMs: true,
    error: true,
  })
  .extend({
    outcome: z.string().describe('ok: it could be looked at, which is not to say that it is well; else as in result'),
    worst: severity.nullable().describe('the gravest finding; null when there is none'),
    clock: z
      .looseObject({ offsetMs: milliseconds, errorMs: milliseconds })
      .nullable()
      .describe("the host's clock less the controller's, plus or minus the error; null when it could not be read"),
    findings: z.array(finding).describe('the gravest first'),
  });

/** The document that `doctor --json` prints. Stable: fields may be added, none is removed or changes its meaning. */
export const doctorSchema = z
  .looseObject({
    run: z.string(),
    verb: z.literal('doctor'),
    interrupted: z.boolean().optional(),
    notRun: z.array(z.string()).describe('hosts on which nothing was begun, because of an interrupt'),
    hosts: z.record(z.string(), host),
    rules: z.record(z.string(), rule).describe('the rules behind the findings, by id'),
    totals: resultSchema.shape.totals,
  })
  .meta({ title: 'Longshore doctor', description: 'What is amiss on each host, and beside the other hosts' });

export type DoctorDocument = z.output<typeof doctorSchema>;
