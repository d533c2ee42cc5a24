import { z } from 'zod';
import { booleanSchema } from '../../inventory/hosts/field-schemas.js';
import { requireSecrets } from '../../inventory/hosts/secrets.js';
import type { MoveReport } from '../../moves/migrate/migrate.js';
import { migrateVolumes } from '../../moves/migrate/migrate-volumes.js';
import { outcomeOfMove } from '../../moves/migrate/move-findings.js';
import { hostNamed, hostOption, moveServices, namesOption } from './move-step.js';
import { argvOption } from './option-schemas.js';
import { defineStep, type FleetStepContext, type PlannedWork, type WorkResult } from './step-kind.js';

const options = z
  .strictObject({
    volume: namesOption.meta({ description: 'Name of a volume that the source declares, or a list of names' }),
    from: hostOption.meta({ description: 'The host that has it' }),
    to: hostOption.meta({ description: 'The host that is to have it' }),
    array_command: argvOption.optional().meta({ description: 'Run on this machine when neither host has it' }),
    array_undo: argvOption.optional().meta({ description: 'Run on this machine when the move turns back' }),
    confirm: booleanSchema.optional().meta({ description: 'Ask a person when neither host has it' }),
  })
  .superRefine(({ array_command: command, array_undo: undo }, context) => {
    if (undo === undefined || command !== undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['array_undo'],
      message: 'undoes nothing; add "array_command:" or leave it out',
    });
  });
type Options = z.output<typeof options>;

export const migrate = defineStep({
  name: 'migrate',
  summary: 'Move volumes from one host to another: gone and proven at the source before the destination connects',
  scope: 'fleet',
  options,
  volumes: 'never',
  changes: () => 'subject',
  bearsDirty: () => true,
  moves: ({ from, to, volume }: Options) => ({ from, to: [to], volumes: volume }),
  async plan(wanted: Options, context): Promise<readonly PlannedWork[]> {
    return (await move(wanted, context, true)).map(plannedMove);
  },
  async run(wanted: Options, context): Promise<readonly WorkResult[]> {
    requireSecrets([hostNamed(context, wanted.from), hostNamed(context, wanted.to)]);
    const results: WorkResult[] = [];
    for (const name of wanted.volume) {
      const one = { ...wanted, volume: [name] };
      await context.recheck('', name, async () => plannedMove((await move(one, context, true))[0] as MoveReport));
      const reports = await move(one, context, false);
      results.push(...reports.flatMap(worksOf));
      if (reports.some(({ error }) => error !== undefined)) break;
    }
    return results;
  },
});

async function move(wanted: Options, context: FleetStepContext, planOnly: boolean): Promise<readonly MoveReport[]> {
  const { volume, array_command: command, array_undo: undo, confirm } = wanted;
  const array = {
    ...(command === undefined ? {} : { command }),
    ...(undo === undefined ? {} : { undo }),
    confirm: confirm === true,
  };
  const request = {
    from: hostNamed(context, wanted.from),
    to: hostNamed(context, wanted.to),
    all: [...context.inventory.hosts.values()],
    volumes: volume,
    array,
  };
  return (await migrateVolumes(request, moveServices(context, planOnly))).reports;
}

function plannedMove(report: MoveReport): PlannedWork {
  const { volume, wwid, from, to, story, error, results } = report;
  return {
    host: '',
    subject: volume,
    outcome: outcomeOfMove(report),
    why: error?.message ?? story[0] ?? `is at ${to} already`,
    identity: [wwid],
    observed: story.slice(1),
    steps: [
      ...(results.from?.steps ?? []).map((step) => ({
        ...step,
        id: `${from}: ${step.id}`,
        what: `${from}: ${step.what}`,
      })),
      ...(results.to?.steps ?? []).map((step) => ({ ...step, id: `${to}: ${step.id}`, what: `${to}: ${step.what}` })),
    ],
    ...(error === undefined ? {} : { error }),
  };
}

/** One line about the move, and what each host has of the volume now. */
function worksOf(report: MoveReport): readonly WorkResult[] {
  const { volume, from, to, ending, error, results, story } = report;
  const outcome = outcomeOfMove(report);
  const message = error?.message ?? (ending === 'moved' ? story.join('; ') : `is at ${to} already`);
  const failed = error === undefined ? {} : { error };
  const atSource = results.from?.warnings ?? [];
  return [
    {
      host: '',
      subject: volume,
      outcome,
      message,
      warnings: atSource.map((warning) => `${from}: ${warning}`),
      ...failed,
    },
    ...(results.to === undefined || error !== undefined
      ? []
      : [
          {
            host: to,
            subject: volume,
            outcome,
            message: `has it from ${from}`,
            warnings: results.to.warnings,
            volume: results.to,
          },
        ]),
  ];
}
