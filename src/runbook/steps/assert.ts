import { z } from 'zod';
import { connectorProperties } from '../../connectors/connector-properties.js';
import { connectorFor } from '../../connectors/registry.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { booleanSchema, integerSchema } from '../../inventory/hosts/field-schemas.js';
import { readOnlyExecutor } from '../../transport/read-only-executor.js';
import { minPathsOption, textOption } from './option-schemas.js';
import { defineStep, type HostStepContext, type PlannedWork, type WorkResult } from './step-kind.js';
import { volumeOption } from './volume-option.js';
import { connectorContext, livePaths } from './volume-step.js';

const factValue = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: () => 'is not a value to compare with; write text, a number, true, false, or null for "is not there"',
});
const status = z
  .strictObject({
    attached: booleanSchema.optional().meta({ description: 'Whether a device of the volume is on the host' }),
    size_bytes: integerSchema('a size; write bytes as a whole number', 1, Number.MAX_SAFE_INTEGER).optional(),
    min_paths: minPathsOption.optional().meta({ description: 'Live paths, as `longshore status` counts them' }),
  })
  .meta({ description: 'What `longshore status` must show of the volume' });

const options = z
  .strictObject({
    facts: z
      .record(z.string(), factValue, { error: () => 'must be a mapping from fact to value, such as "multipath: true"' })
      .optional()
      .meta({ description: 'Facts by name, as `longshore facts --json` shows them, and what each must be' }),
    volume: volumeOption,
    status: status.optional(),
    message: textOption('a message; write in one line what is to be done about it')
      .optional()
      .meta({ description: 'Told when it does not hold' }),
  })
  .superRefine(({ facts, volume, status: wanted }, context) => {
    const add = (message: string) => context.addIssue({ code: 'custom', path: [], message });
    if (facts === undefined && wanted === undefined)
      add('asserts nothing; write "facts:", or "volume:" with "status:"');
    if ((volume === undefined) !== (wanted === undefined))
      add('"volume:" and "status:" go together: which, and what of it');
  });
type Options = z.output<typeof options>;

export const assert = defineStep({
  name: 'assert',
  summary: 'Check facts of the host or the status of volumes, and stop the host with a message when one does not hold',
  scope: 'host',
  options,
  volumes: 'named',
  changes: () => 'nothing',
  bearsDirty: () => true,
  async plan(wanted: Options, context): Promise<readonly PlannedWork[]> {
    return (await check(wanted, context)).map(({ host, subject, outcome, message, error }) => ({
      host,
      subject,
      outcome,
      why: message,
      identity: [],
      observed: [],
      steps: [],
      ...(error === undefined ? {} : { error }),
    }));
  },
  run: check,
});

async function check(wanted: Options, context: HostStepContext): Promise<readonly WorkResult[]> {
  const results: WorkResult[] = [];
  if (wanted.facts !== undefined) results.push(resultOf(wanted, context, '', await wrongFacts(wanted.facts, context)));
  if (wanted.status === undefined) return results;
  for (const volume of context.volumes) {
    const lookOnly = { ...connectorContext(context), executor: readOnlyExecutor(context.executor) };
    const found = (await connectorFor(volume.driverVolumeType, lookOnly).status([volume])).get(volume.name);
    const { attached, size_bytes: size, min_paths: minPaths } = wanted.status;
    const isAttached = found?.deviceInfo !== undefined;
    const live = livePaths(found?.paths ?? []);
    const wrong = [
      ...(attached === undefined || attached === isAttached ? [] : [`it is ${isAttached ? '' : 'not '}attached`]),
      ...(size === undefined || size === found?.sizeBytes
        ? []
        : [`its size is ${found?.sizeBytes ?? 'unknown'}, not ${size}`]),
      ...(minPaths === undefined || live >= minPaths ? [] : [`it has ${live} live paths of at least ${minPaths}`]),
    ];
    results.push(resultOf(wanted, context, volume.name, wrong));
  }
  return results;
}

async function wrongFacts(facts: NonNullable<Options['facts']>, context: HostStepContext): Promise<readonly string[]> {
  const found = await connectorProperties(connectorContext(context));
  return Object.entries(facts).flatMap(([name, value]) => {
    const actual = found[name] ?? null;
    // a fact is what Cinder gets: a number in a playbook may be text there
    if (actual === value || (actual !== null && value !== null && shown(actual) === shown(value))) return [];
    return [`${name} is ${shown(actual)}, not ${shown(value)}`];
  });
}

function shown(value: unknown): string {
  if (value === null) return 'not there';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function resultOf(
  { message }: Options,
  { host }: HostStepContext,
  subject: string,
  wrong: readonly string[],
): WorkResult {
  const base = { host: host.name, subject, warnings: [] };
  if (wrong.length === 0) return { ...base, outcome: 'ok', message: 'holds' };
  const text = `${subject === '' ? '' : `${subject}: `}${wrong.join('; ')}`;
  const error = new LongshoreError('E_NOT_VERIFIED', message === undefined ? text : `${message} (${text})`, {
    host: host.name,
  });
  return { ...base, outcome: 'failed', message: error.message, error };
}
