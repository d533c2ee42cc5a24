import type { z } from 'zod';
import type { Amount } from '../fleet/amount.js';
import { type FailureLimits, NO_LIMITS } from '../fleet/stop-rules.js';
import type { maxFailuresSchema, readHeadSchema } from './play-schema.js';
import type { Play } from './playbook.js';

type Head = z.output<typeof readHeadSchema>;

const NONE: Amount = { kind: 'count', value: 0 };

/** A play's head as the rest of Longshore wants it. */
export function headOf(
  checked: Omit<Head, 'name' | 'hosts'> & { readonly name: string; readonly hosts: string },
): Omit<Play, 'hosts' | 'steps'> {
  const { name, hosts: pattern, serial = [], max_failures: failures, fanout } = checked;
  return {
    name,
    pattern,
    serial,
    limits: limitsOf(failures, serial.length > 0),
    ...(fanout === undefined ? {} : { fanout }),
  };
}

/**
 * One amount counts in each batch and in all. Without any, a rolling run bears no failed host, which is why one rolls, and one that takes
 * all hosts at once bears any number.
 */
export function limitsOf(failures: z.output<typeof maxFailuresSchema> | undefined, isRolling: boolean): FailureLimits {
  if (failures === undefined) return isRolling ? { perBatch: NONE, total: NONE } : NO_LIMITS;
  if ('kind' in failures) return { perBatch: failures, total: failures };
  return { perBatch: failures.per_batch ?? null, total: failures.total ?? null };
}
