import * as z from 'zod';

/** Where a person has set a safeguard aside for one volume, and why (rule S39). */
export const overrideSchema = z.looseObject({
  what: z
    .string()
    .describe('force: unwritten data is given up; unrecorded: a volume is taken of which nothing is on record'),
  volume: z.string(),
  reason: z.string().describe('in the words of who gave it'),
});

export type Override = z.output<typeof overrideSchema>;

/** As runs and reports show it, for people. */
export function overrideText({ what, volume, reason }: Override): string {
  return `${what} ${volume}: ${reason}`;
}
