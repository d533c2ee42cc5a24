import { z } from 'zod';
import { outcomeOfError } from '../../connectors/outcome.js';
import { booleanSchema, refusing } from '../../inventory/hosts/field-schemas.js';
import { requireSecrets } from '../../inventory/hosts/secrets.js';
import type { EvacuationReport } from '../../moves/evacuate/evacuate.js';
import { evacuateHost } from '../../moves/evacuate/evacuate-host.js';
import { hostNamed, hostOption, moveServices, namesOption } from './move-step.js';
import { textOption } from './option-schemas.js';
import { defineStep, type FleetStepContext, type PlannedWork, type WorkResult } from './step-kind.js';
import { plannedCheck } from './verify.js';

const FILE = refusing('a file with evidence; write its path');

const options = z
  .strictObject({
    from: hostOption.meta({ description: 'The host that does not answer' }),
    to: namesOption.meta({ description: 'The host that is to have its volumes, or a list of hosts' }),
    volume: namesOption
      .optional()
      .meta({ description: 'Only these; default: all that inventory and ledger have there' }),
    evidence: z
      .string(FILE)
      .min(1, FILE)
      .optional()
      .meta({ description: 'File with fencing evidence; default: the check of longshore_fencing' }),
    accept_attestation: booleanSchema
      .optional()
      .meta({ description: 'The word of two people in that file counts, for the one volume that it names' }),
    unrecorded: textOption('a reason; write why a volume is taken of which nothing is on record')
      .optional()
      .meta({ description: 'Take the one volume although nothing is on record of it, and why' }),
  })
  .superRefine(({ unrecorded, volume }, context) => {
    if (unrecorded === undefined || volume?.length === 1) return;
    context.addIssue({
      code: 'custom',
      path: ['unrecorded'],
      message: 'is for one volume only; name it with "volume: NAME"',
    });
  });
type Options = z.output<typeof options>;

export const evacuate = defineStep({
  name: 'evacuate',
  summary:
    'Give the volumes of a dead host to others, on evidence that it is fenced, asked for again before each attach',
  scope: 'fleet',
  options,
  volumes: 'never',
  changes: () => 'subject',
  bearsDirty: () => true,
  moves: ({ from, to, volume }: Options) => ({ from, to, volumes: volume ?? 'all' }),
  async plan(wanted: Options, context): Promise<readonly PlannedWork[]> {
    return plannedEvacuation(await work(wanted, context, true));
  },
  async run(wanted: Options, context): Promise<readonly WorkResult[]> {
    requireSecrets(wanted.to.map((name) => hostNamed(context, name)));
    const planned = plannedEvacuation(await work(wanted, context, true));
    for (const one of planned) await context.recheck('', one.subject, () => Promise.resolve(one));
    return worksOf(await work(wanted, context, false));
  },
});

async function work(wanted: Options, context: FleetStepContext, planOnly: boolean): Promise<EvacuationReport> {
  const { from, to, volume, evidence, accept_attestation: acceptAttestation, unrecorded } = wanted;
  const request = {
    from: hostNamed(context, from),
    to: to.map((name) => hostNamed(context, name)),
    all: [...context.inventory.hosts.values()],
    volumes: volume ?? [],
    acceptAttestation: acceptAttestation === true,
    ...(evidence === undefined ? {} : { evidenceFile: evidence }),
    ...(unrecorded === undefined ? {} : { unrecorded }),
  };
  return (await evacuateHost(request, moveServices(context, planOnly))).report;
}

function plannedEvacuation({ from, ends, stopped, settled, error }: EvacuationReport): readonly PlannedWork[] {
  const base = { host: '', observed: [] };
  return [
    ...(error !== undefined
      ? [{ ...base, subject: '', outcome: outcomeOfError(error), why: error.message, identity: [], steps: [], error }]
      : []),
    ...ends.map(({ volume, wwid, to, result }) => ({
      ...base,
      subject: volume,
      outcome: result.outcome,
      why: `from ${from} to ${to}, when the evidence still holds right before it`,
      identity: [wwid],
      steps: result.steps.map((step) => ({ ...step, id: `${to}: ${step.id}`, what: `${to}: ${step.what}` })),
    })),
    ...[...settled].map(([subject, host]) => plannedCheck('', subject, settledText(from, host))),
    ...[...stopped].map(([volume, why]) => ({
      ...base,
      subject: volume,
      outcome: outcomeOfError(why),
      why: why.message,
      identity: [],
      steps: [],
      error: why,
    })),
  ];
}

function settledText(from: string, host: string | null): string {
  return `was taken from ${from} before, and is at ${host ?? 'no host'} on record`;
}

function worksOf({ from, evidence, ends, stopped, settled, error }: EvacuationReport): readonly WorkResult[] {
  const on = evidence === undefined ? '' : ` on ${evidence.method} of ${evidence.at}`;
  return [
    ...(error !== undefined
      ? [{ host: '', subject: '', outcome: outcomeOfError(error), message: error.message, warnings: [], error }]
      : []),
    ...ends.map(({ volume, to, result }): WorkResult => ({
      host: to,
      subject: volume,
      outcome: result.outcome,
      message: result.error?.message ?? `has it from ${from}${on}`,
      warnings: result.warnings,
      volume: result,
    })),
    ...[...settled].map(([subject, host]): WorkResult => {
      return { host: '', subject, outcome: 'ok', message: settledText(from, host), warnings: [] };
    }),
    ...[...stopped].map(([subject, why]): WorkResult => ({
      host: '',
      subject,
      outcome: outcomeOfError(why),
      message: why.message,
      warnings: [],
      error: why,
    })),
  ];
}
