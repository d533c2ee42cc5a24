import { z } from 'zod';
import { quoted } from '../source/problems.js';

/** What was written, short and safe to print; never used for secrets. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a mapping';
}

/** One message for whatever a schema refuses: `"abc" is not a port: write ...`. */
export function refusing(remedy: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: (issue) => `${shown(issue.input)} is not ${remedy}` };
}

const WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  y: true,
  t: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  n: false,
  f: false,
  '0': false,
};

const BOOLEAN = refusing('true or false; write true or false');

/** Ansible's booleans: YAML 1.1 words too, which a YAML 1.2 parser leaves as text. */
export const booleanSchema = z
  .union([z.boolean(BOOLEAN), z.literal([0, 1], BOOLEAN), z.string(BOOLEAN)], BOOLEAN)
  .transform((value, context): boolean => {
    const found = WORDS[String(value).toLowerCase()];
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: BOOLEAN.error({ input: value }) });
    return z.NEVER;
  });

/** A whole number of `min` to `max`, also when it is written as text. */
export function integerSchema(what: string, min: number, max: number): z.ZodType<number, number | string> {
  const refused = refusing(what);
  return z
    .union(
      [z.int(refused).min(min, refused).max(max, refused), z.string(refused).regex(/^\d{1,16}$/, refused)],
      refused,
    )
    .transform((value, context): number => {
      const number = Number(value);
      if (number >= min && number <= max) return number;
      context.addIssue({ code: 'custom', message: refused.error({ input: value }) });
      return z.NEVER;
    });
}

export const portSchema = integerSchema('a port; write a number from 1 to 65535', 1, 65535);

// No part of a secret is ever shown, not even its type's value.
const SECRET = { error: () => 'is not a secret; write text, {env: NAME} or {file: PATH}' };
const ENV_NAME = { error: () => 'is not the name of an environment variable; write letters, digits and "_"' };
const FILE_PATH = { error: () => 'is not a path; write the path of a file that holds the secret' };

/** Text, or where to find it. */
export const secretSchema = z
  .union(
    [
      z.string(SECRET),
      z.strictObject({ env: z.string(ENV_NAME).regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, ENV_NAME) }, SECRET),
      z.strictObject({ file: z.string(FILE_PATH).min(1, FILE_PATH).max(4096, FILE_PATH) }, SECRET),
    ],
    SECRET,
  )
  .meta({ id: 'secret', description: 'A secret: text, {env: NAME} or {file: PATH}' });

export type SecretValue = z.output<typeof secretSchema>;
