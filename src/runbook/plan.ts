import { z } from 'zod';
import { ERROR_CODES } from '../errors/longshore-error.js';

const outcome = z.enum(['ok', 'changed', 'failed', 'refused', 'unreachable', 'unknown']);
const texts = z.array(z.string());

const work = z.strictObject({
  host: z.string(),
  subject: z.string(),
  outcome,
  why: z.string(),
  identity: texts,
  observed: texts,
  steps: z.array(
    z.strictObject({
      id: z.string(),
      what: z.string(),
      changes: texts,
      command: z.string().optional(),
      guards: texts.optional(),
    }),
  ),
  error: z.strictObject({ code: z.enum(ERROR_CODES), message: z.string() }).nullable(),
  follows: z
    .string()
    .nullable()
    .describe('title of an earlier step that is to change this first: what will be done is only known then'),
});

/** A plan as it is kept in a file and printed by `--json`: what each step would do to each subject on each host. */
export const planSchema = z
  .strictObject({
    hash: z.string().describe('what `longshore run --approve` takes'),
    playbook: z.string(),
    digest: z.string().describe('changes with playbook, inventory and variables'),
    plays: z.array(
      z.strictObject({
        name: z.string(),
        batches: z.array(z.number().int()),
        steps: z.array(z.strictObject({ kind: z.string(), title: z.string(), works: z.array(work) })),
        unseen: z
          .array(z.strictObject({ host: z.string(), outcome, code: z.enum(ERROR_CODES), message: z.string() }))
          .describe('hosts that could not be looked at'),
      }),
    ),
  })
  .meta({ title: 'Longshore plan', description: 'What a playbook would do, as `longshore plan --json` prints it' });

export type RunbookPlan = z.output<typeof planSchema>;
export type PlannedPlay = RunbookPlan['plays'][number];
export type PlannedStep = PlannedPlay['steps'][number];
export type StoredWork = PlannedStep['works'][number];
