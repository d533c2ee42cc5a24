import type { Amount } from '../fleet/amount.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { runBatches } from '../fleet/run-batches.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { HostSweep } from '../sweep/apply-sweep.js';
import type { FleetAudit } from '../sweep/audit-fleet.js';
import type { SweepFiles } from '../sweep/state-files.js';
import type { PlannedObject } from '../sweep/sweep-plan.js';
import { sweepTask } from '../sweep/sweep-task.js';
import { SWEEP_WAVES } from '../sweep/waves.js';
import type { CommandContext } from './command.js';
import { hostConnector } from './connect-host.js';
import { performRun } from './perform-verb.js';
import { scrubberOf } from './start-journal.js';

const NONE: Amount = { kind: 'count', value: 0 };
const WAVES = { serial: SWEEP_WAVES, limits: { perBatch: NONE, total: NONE } };

/** Removes the chosen objects, and remembers those that could not be removed. */
export async function removeApproved(
  context: CommandContext,
  hosts: readonly InventoryHost[],
  {
    audit,
    chosen,
    files,
  }: { readonly audit: FleetAudit; readonly chosen: readonly PlannedObject[]; readonly files: SweepFiles },
): Promise<{ readonly result: FleetResult; readonly swept: ReadonlyMap<string, HostSweep> }> {
  const { approve, only } = context.options;
  const swept = new Map<string, HostSweep>();
  const touched = hosts.filter(({ name }) => chosen.some(({ host }) => host === name));
  const task = sweepTask({ audit, approved: chosen, onSwept: (host, sweep) => swept.set(host, sweep) });
  const connect = hostConnector(context);
  const work = { verb: 'sweep', hosts: touched, connect, changesHosts: true, goesOn: true } as const;
  const result = await performRun(context, work, (options, { journal }) => {
    const header = { verb: 'sweep', options: approve === undefined ? { only } : { approve } };
    const journaled = journal?.task({
      ...header,
      hosts: touched.map(({ name }) => ({ name, volumes: [] })),
      scrub: scrubberOf(touched, () => []),
    });
    return runBatches(touched, task, {
      ...options,
      ...WAVES,
      ...(journaled === undefined ? {} : { journal: journaled }),
    });
  });
  await files.noteResults([...swept.values()].flatMap(({ results }) => results));
  return { result, swept };
}
