import { z } from 'zod';
import { integerSchema, refusing } from '../../inventory/hosts/field-schemas.js';
import { hasControl } from '../../inventory/hosts/host-names.js';

/** One line of text, not empty. */
export function textOption(what: string): z.ZodType<string> {
  const refused = refusing(what);
  return z
    .string(refused)
    .min(1, refused)
    .max(1000, refused)
    .refine((text) => !hasControl(text), refused);
}

const STATE = refusing('a state of a volume; write attached or absent');
export const volumeStateOption = z.enum(['attached', 'absent'], STATE);

export const minPathsOption = integerSchema('a number of paths; write a whole number from 1 on', 1, 128);

/** Seconds, up to a day. */
export const timeoutOption = integerSchema('a time; write seconds as a whole number from 1 to 86400', 1, 86_400);

const ARGV = refusing(
  'a command; write it word by word as a list, such as [systemctl, stop, app], or [sh, -c, "LINE"] for a shell line',
);
export const argvOption = z
  .array(
    // a bare true is a word here
    z.union([z.string(ARGV).max(100_000, ARGV), z.boolean()], ARGV).transform((word) => String(word)),
    ARGV,
  )
  .min(1, ARGV)
  .refine(([program]) => program !== undefined && program !== '', ARGV)
  .meta({ id: 'argv', description: 'A command and its arguments, word by word; no shell reads it' });
