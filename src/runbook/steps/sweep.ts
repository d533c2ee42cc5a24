import { z } from 'zod';
import { reportStep } from '../../connectors/engine/show-command.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { batchesOf } from '../../fleet/batches.js';
import { asLongshoreError } from '../../fleet/outcome.js';
import { isFailure } from '../../fleet/stop-rules.js';
import type { HostSweep, RemovalResult } from '../../sweep/apply-sweep.js';
import type { FleetAudit } from '../../sweep/audit-fleet.js';
import { removalStep } from '../../sweep/removal-steps.js';
import type { SweepFiles } from '../../sweep/state-files.js';
import { planSweep, type PlannedObject, SWEEP_DEFAULTS, type SweepPlan } from '../../sweep/sweep-plan.js';
import { REMOVAL_OUTCOMES, sweepTask } from '../../sweep/sweep-task.js';
import { SWEEP_WAVES } from '../../sweep/waves.js';
import { integerSchema } from '../../inventory/hosts/field-schemas.js';
import { lookAtBatch } from './look-at-batch.js';
import { timeoutOption } from './option-schemas.js';
import { defineStep, type FleetStepContext, type PlannedWork, type WorkResult } from './step-kind.js';
import { plannedCheck } from './verify.js';

const LIMIT = 'a number of objects; write a whole number from 1 on';
const options = z.strictObject({
  grace: timeoutOption
    .optional()
    .meta({ description: 'Seconds between the first look that saw an object so, and its removal; default 600' }),
  max_per_host: integerSchema(LIMIT, 1, 100_000)
    .optional()
    .meta({ description: 'Objects removed on one host; default 10' }),
  max_per_run: integerSchema(LIMIT, 1, 100_000)
    .optional()
    .meta({ description: 'Objects removed in one batch; default 50' }),
});
type Options = z.output<typeof options>;

export const sweep = defineStep({
  name: 'sweep',
  summary: 'Remove what nobody owns any more: only what was seen twice, and what an approved plan names',
  scope: 'fleet',
  options,
  volumes: 'never',
  changes: () => 'subject',
  async plan(wanted: Options, context): Promise<readonly PlannedWork[]> {
    const { plan } = await planned(wanted, context);
    if (plan.outage !== null) throw outage(plan.outage);
    const ready = plan.objects.filter(({ state }) => state === 'ready');
    const later = plan.objects.length - ready.length;
    const wait = later === 0 ? [] : [plannedCheck('', '', 'objects that were not seen for long enough are left alone')];
    return [...ready.map(plannedRemoval), ...wait];
  },
  async run(wanted: Options, context): Promise<readonly WorkResult[]> {
    const found = await planned(wanted, context);
    const { plan } = found;
    if (plan.outage !== null) throw outage(plan.outage);
    const results: WorkResult[] = [];
    const approved: PlannedObject[] = [];
    for (const object of plan.objects.filter(({ state }) => state === 'ready')) {
      const refusal = await refusalOf(object, context);
      if (refusal === null) approved.push(object);
      else results.push(refusal);
    }
    return [...results, ...(await remove(found, approved, context))];
  },
});

async function planned(
  { grace = SWEEP_DEFAULTS.graceSeconds, max_per_host: perHost, max_per_run: perRun }: Options,
  context: FleetStepContext,
): Promise<{ readonly audit: FleetAudit; readonly files: SweepFiles; readonly plan: SweepPlan }> {
  const { audit, files, earlier, now } = await lookAtBatch(context);
  const plan = planSweep(audit, earlier, await files.quarantine(), {
    now,
    graceMs: grace * 1000,
    perHost: perHost ?? SWEEP_DEFAULTS.perHost,
    perRun: perRun ?? SWEEP_DEFAULTS.perRun,
    only: null,
  });
  return { audit, files, plan };
}

/** What an approval covers: the object, and the state in which it was seen. */
function plannedRemoval({ host, key, title, removal, reasons, digest }: PlannedObject): PlannedWork {
  const { what, changes, command = '' } = reportStep(removalStep(key, title, removal, false));
  return {
    host,
    subject: key,
    outcome: 'changed',
    why: reasons.join('; '),
    identity: [digest],
    observed: [],
    steps: [{ id: key, what, changes, command }],
  };
}

/** null: it is approved. Nothing is removed that no plan has named: --yes alone approves nothing here (rule S28). */
async function refusalOf(object: PlannedObject, { recheck }: FleetStepContext): Promise<WorkResult | null> {
  const { host, key } = object;
  let isInPlan = false;
  try {
    await recheck(host, key, () => {
      isInPlan = true;
      return Promise.resolve(plannedRemoval(object));
    });
  } catch (thrown) {
    const error = asLongshoreError(thrown, host);
    // what has become ready since the plan was made was not asked for
    if (!isInPlan) return { host, subject: key, outcome: 'ok', message: `left alone: ${error.message}`, warnings: [] };
    return { host, subject: key, outcome: 'refused', message: error.message, warnings: [], error };
  }
  if (isInPlan) return null;
  const error = new LongshoreError('E_PLAN_CHANGED', `${key} was not approved: a sweep needs an approved plan`, {
    host,
    remedy: 'plan with `longshore plan`, and run with --approve HASH',
  });
  return { host, subject: key, outcome: 'refused', message: error.message, warnings: [], error };
}

/** In waves, as the command does it; what could not be removed goes into the quarantine. */
async function remove(
  { audit, files }: Awaited<ReturnType<typeof planned>>,
  approved: readonly PlannedObject[],
  context: FleetStepContext,
): Promise<readonly WorkResult[]> {
  const swept = new Map<string, HostSweep>();
  const task = sweepTask<FleetStepContext['hosts'][number]>({
    audit,
    approved,
    onSwept: (host, result) => swept.set(host, result),
  });
  const touched = context.hosts.filter(({ name }) => approved.some(({ host }) => host === name));
  let last: string | undefined;
  const left: string[] = [];
  for (const wave of batchesOf(touched, SWEEP_WAVES)) {
    if (last !== undefined) {
      left.push(...wave.map(({ name }) => name));
      continue;
    }
    const done = await context.onHosts(wave, task);
    [last] = [...done].flatMap(([host, { outcome }]) => (isFailure(outcome) ? [host] : []));
  }
  const results = [...swept.values()].flatMap((sweep) => sweep.results);
  await files.noteResults(results);
  const message = `not begun: the sweep ended at ${last ?? 'another host'}`;
  return [
    ...results.map(workResult),
    ...approved
      .filter(({ host }) => left.includes(host))
      .map(({ host, key }) => ({ host, subject: key, outcome: 'refused' as const, message, warnings: [] })),
  ];
}

function workResult({ object, state, error }: RemovalResult): WorkResult {
  const outcome = REMOVAL_OUTCOMES[state];
  const { host, key } = object;
  const known = error === undefined ? {} : { error: asLongshoreError(error, host) };
  return { host, subject: key, outcome, message: error?.message ?? state, warnings: [], ...known };
}

function outage(what: string): LongshoreError {
  return new LongshoreError('E_PLAN_CHANGED', `this looks like an outage, in which nothing is swept: ${what}`);
}
