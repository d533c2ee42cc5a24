import { z } from 'zod';
import { integerSchema, refusing } from './field-schemas.js';

const METHOD = refusing('a fencing method; write bmc-power-off, array-access-removed or instance-terminated');
const WORDS = refusing('a list of words; write the command as [program, argument, ...]');
const wordSchema = z
  .union([z.string(WORDS).min(1, WORDS).max(4096, WORDS), z.number(WORDS)], WORDS)
  .transform((word) => String(word));
const listSchema = z.array(wordSchema, WORDS).min(1, WORDS).max(64, WORDS);
const secondsSchema = (max: number) => integerSchema(`a time; write seconds, at most ${max}`, 0, max);

/** How to find out whether a host is fenced: a command on the controller that prints JSON, and what it has to say. */
export const fencingSchema = z
  .strictObject(
    {
      method: z.enum(['bmc-power-off', 'array-access-removed', 'instance-terminated'], METHOD),
      check: listSchema.meta({ description: 'Command on this machine; {host} and {address} stand for the host' }),
      expect: listSchema.optional().meta({ description: 'States that count as fenced; default off, or terminated' }),
      pause_s: secondsSchema(300)
        .optional()
        .meta({ description: 'Between two readings of the power state; default 5' }),
      timeout_s: secondsSchema(300)
        .optional()
        .meta({ description: 'What one run of the command may take; default 30' }),
      valid_s: secondsSchema(600).optional().meta({ description: 'How long an answer may be acted on; default 60' }),
    },
    refusing('a fencing check; write a mapping with method and check'),
  )
  .transform(({ method, check, expect, pause_s: pauseS, timeout_s: timeoutS, valid_s: validS }) => ({
    method,
    check,
    expect: expect ?? [method === 'bmc-power-off' ? 'off' : 'terminated'],
    pauseMs: (pauseS ?? 5) * 1000,
    timeoutMs: (timeoutS ?? 30) * 1000,
    validMs: (validS ?? 60) * 1000,
  }))
  .meta({ id: 'fencing', description: 'How to find out whether the host is fenced; see docs/evacuate.md' });
