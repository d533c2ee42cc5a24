import * as z from 'zod';
import { ERROR_CODES } from '../errors/longshore-error.js';

const outcome = z.enum(['ok', 'changed', 'failed', 'refused', 'unreachable', 'unknown']);
const count = z.number().int().nonnegative();
const milliseconds = z.number().nonnegative();
const names = z.array(z.string());
const host = z.string();
const error = z
  .looseObject({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    step: z.string().optional(),
    remedy: z.string().optional(),
  })
  .describe('match on code; messages may change');

const playStep = {
  host: host.describe("'' for a whole batch"),
  play: count.describe('counts from 1'),
  step: count.describe('counts from 1'),
  kind: z.string(),
  title: z.string(),
};

const event = <T extends z.core.$ZodLooseShape>(type: string, shape: T) =>
  z.looseObject({ at: z.iso.datetime(), run: z.string().describe('id of the run'), type: z.literal(type), ...shape });

/** One line of `--events`. Stable: kinds and fields may be added, none is removed or changes its meaning. */
export const eventSchema = z
  .union([
    event('run-started', { verb: z.string(), hosts: names }),
    event('host-started', { host }),
    event('host-dropped', { host, attempt: count, delayMs: milliseconds, atOnce: count }),
    event('host-connected', { host, connectMs: milliseconds }),
    event('change-leaves', { host, what: z.string() }),
    event('step-started', { host, volume: z.string(), step: z.string(), what: z.string() }),
    event('step-ended', { host, volume: z.string(), step: z.string(), ok: z.boolean() }),
    event('host-ended', { host, outcome, durationMs: milliseconds, error: error.optional() }),
    event('host-not-run', { host }),
    event('batch-started', { batch: count, batches: count, hosts: names }),
    event('batch-ended', { batch: count, ok: count, failed: count }),
    event('play-started', { play: count, plays: count, name: z.string(), hosts: names }),
    event('play-ended', { play: count, ok: count, failed: count }),
    event('play-step-started', playStep),
    event('play-step-ended', {
      ...playStep,
      subject: z.string().describe("name of the volume; '' for the host itself"),
      outcome,
      message: z.string(),
      durationMs: milliseconds,
      error: error.optional(),
    }),
    event('run-stopped', { reason: z.unknown().describe('the rule that stopped it') }),
    event('run-interrupted', {}),
    event('run-ended', { durationMs: milliseconds }),
  ])
  .meta({ title: 'Longshore event', description: 'One line of --events: something that happened while a run went on' });

export type EventDocument = z.output<typeof eventSchema>;
