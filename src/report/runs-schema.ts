import * as z from 'zod';
import { overrideSchema } from '../journal/override.js';

const count = z.number().int().nonnegative();

const run = z.looseObject({
  run: z.string(),
  started: z.string().describe('UTC'),
  ended: z.string().nullable().describe('null: it still goes on, or its controller died'),
  verb: z.string(),
  state: z.enum(['running', 'finished', 'interrupted', 'died', 'not ended']),
  hosts: z.record(z.string(), count).describe('number of hosts by how they came out; unfinished: nobody knows'),
  controller: z.looseObject({ machine: z.string(), user: z.string(), pid: z.number().int() }),
  resumes: z.looseObject({ run: z.string(), mode: z.enum(['finish', 'undo']) }).optional(),
  resumedBy: z.array(z.string()),
});

const change = z.looseObject({
  op: z.number().int(),
  step: z.string(),
  what: z.string(),
  command: z.string().optional(),
  result: z
    .enum(['ok', 'failed', 'unknown', 'not-run'])
    .nullable()
    .describe('null: the controller died before it could say'),
});

const volume = z.looseObject({
  state: z.string().describe('outcome; unfinished: the controller died at work; not run: it was not begun'),
  before: z.enum(['attached', 'not attached']).nullable().describe('null: the host was not looked at'),
  changes: z.array(change),
  left: z.array(z.string()).describe('objects that may be left on the host'),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});

const task = z.looseObject({
  verb: z.string(),
  name: z.string().optional(),
  overrides: z.array(overrideSchema).optional().describe('safeguards that a person has set aside; absent: none'),
  hosts: z.record(
    z.string(),
    z.looseObject({
      state: z.string(),
      volumes: z.record(z.string(), volume),
      changes: z.array(change).describe('those that belong to no volume'),
      error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
    }),
  ),
});

const attachment = z.looseObject({
  host: z.string(),
  volume: z.string(),
  wwid: z.string().nullable(),
  state: z.enum(['attached', 'uncertain']),
  since: z.string(),
  run: z.string().describe('the run that attached it, or found it attached'),
  before: z.enum(['attached', 'not attached']).describe('what that run found'),
  lastRun: z.string(),
  why: z.string().nullable(),
  device: z.string().nullable(),
  paths: count,
});

/** What `longshore runs --json` prints: one of the three. Stable: fields may be added, none is removed or changes its meaning. */
export const runsSchema = z
  .looseObject({
    runs: z.array(run).optional().describe('longshore runs: the latest last'),
    run: run
      .extend({ file: z.string(), tasks: z.array(task) })
      .optional()
      .describe('longshore runs RUN'),
    attached: z.array(attachment).optional().describe('longshore runs --attached'),
  })
  .meta({ title: 'Longshore runs', description: 'What the journals tell' });

export type RunsDocument = z.output<typeof runsSchema>;
export type ListedRun = z.output<typeof run>;
