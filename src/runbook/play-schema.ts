import { z } from 'zod';
import { type Amount, parseAmount } from '../fleet/amount.js';
import { integerSchema, refusing, shown } from '../inventory/hosts/field-schemas.js';
import { textOption } from './steps/option-schemas.js';
import { STEP_KINDS } from './steps/registry.js';
import type { StepKind } from './steps/step-kind.js';

/*
 * The shape of playbooks. Reading takes plays apart by hand, so that variables can be filled in and every slip has its place; it checks
 * each part with the schemas here. `playbookFileSchema` puts the same parts together for editors.
 */

const SERIAL =
  'a size of a batch; write a number of hosts such as 5, a share such as 10%, or a list such as [1, 5%, 25%, 100%]';
const FAILURES =
  'a number of failed hosts; write one such as 3, a share such as 5%, or {per_batch: 10%, total: 3} for a limit of each kind';

function amountSchema(what: string, least: number): z.ZodType<Amount, string | number> {
  return z.union([z.string(), z.number()], refusing(what)).transform((value, context): Amount => {
    const amount = parseAmount(value);
    if (amount !== null && (amount.value > 0 || least === 0)) return amount;
    context.addIssue({ code: 'custom', message: `${shown(value)} is not ${what}` });
    return z.NEVER;
  });
}

const batchSize = amountSchema(SERIAL, 1);
const failureCount = amountSchema(FAILURES, 0);

const serialSchema = z
  .union([z.array(batchSize, refusing(SERIAL)).min(1, refusing(SERIAL)), batchSize], refusing(SERIAL))
  .meta({ description: 'Hosts of each batch, one after the other: 5, 10%, or [1, 5%, 25%, 100%] with a canary first' });

export const maxFailuresSchema = z
  .union(
    [
      failureCount,
      z.strictObject({ per_batch: failureCount.optional(), total: failureCount.optional() }, refusing(FAILURES)),
    ],
    refusing(FAILURES),
  )
  .meta({ description: 'Failed hosts that are borne, in each batch and in all; one more ends the run' });

const VARS = refusing('a mapping of variables; write "name: value" lines');

/** All of a play but its steps and variables, which are looked at by themselves. */
const playHeadSchema = z.strictObject({
  name: textOption('a name; write one line of text'),
  hosts: textOption('a host pattern; write a group, a host or a pattern such as web*:!web07 as text'),
  serial: serialSchema.optional(),
  max_failures: maxFailuresSchema.optional(),
  fanout: integerSchema('a number of hosts; write a whole number from 1 to 10000', 1, 10_000)
    .optional()
    .meta({ description: 'Hosts worked on at once; by default as --fanout says' }),
});

/** The head as it is read: missing keys are told by the reader, and a single size was made a list. */
export const readHeadSchema = playHeadSchema
  .extend({ serial: z.array(batchSize, refusing(SERIAL)).min(1, refusing(SERIAL)).optional() })
  .partial({ name: true, hosts: true });

export const PLAY_KEYS = [...Object.keys(playHeadSchema.shape), 'vars', 'steps'];

const stepName = textOption('a name; write one line of text').optional().meta({ description: 'What people read' });

/** Text with a variable in it: what it comes to is checked when it is filled in. */
const reference = z
  .string()
  .regex(/\$\{[A-Za-z_][A-Za-z0-9_]*\}/)
  .meta({ id: 'reference', description: 'Text with a variable in it: ${name}' });

/** A mapping whose values may be references. */
function withReferences(shape: Readonly<Record<string, z.ZodType>>): z.ZodType {
  const entries = Object.entries(shape).map(([key, schema]): [string, z.ZodType] => {
    const description = schema.meta()?.description;
    const either = z.union([schema, reference]).meta(description === undefined ? {} : { description });
    return [key, schema.safeParse(undefined).success ? either.optional() : either];
  });
  return z.strictObject(Object.fromEntries(entries));
}

function stepSchema(kind: StepKind): z.ZodType {
  const { options, shorthand } = kind;
  const shape: Readonly<Record<string, z.ZodType>> = options instanceof z.ZodObject ? options.shape : {};
  const short = shorthand === undefined ? undefined : shape[shorthand];
  const forms = [
    withReferences(shape),
    ...(short === undefined ? [] : [short, reference]),
    ...(options.safeParse({}).success ? [z.null()] : []),
  ];
  return z.strictObject({ name: stepName, [kind.name]: z.union(forms).meta({ description: kind.summary }) });
}

const { serial, max_failures: maxFailures, fanout, ...names } = playHeadSchema.shape;

export const playbookFileSchema = z
  .array(
    z.strictObject({
      ...names,
      serial: z.union([serial, reference]),
      max_failures: z.union([maxFailures, reference]),
      fanout: z.union([fanout, reference]),
      vars: z.record(z.string(), z.unknown(), VARS).nullish().meta({ description: 'Variables of the play: ${name}' }),
      steps: z.array(z.union([...STEP_KINDS.values()].map(stepSchema))).min(1),
    }),
  )
  .min(1)
  .meta({ title: 'Longshore playbook', description: 'A list of plays; docs/playbooks.md describes them' });
