import type { Amount } from '../fleet/amount.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { runBatches } from '../fleet/run-batches.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { HostSweep } from '../sweep/apply-sweep.js';
import type { FleetAudit } from '../sweep/audit-fleet.js';
import type { SweepFiles } from '../sweep/state-files.js';
import { type PlannedObject, quarantineKey } from '../sweep/sweep-plan.js';
import { sweepTask } from '../sweep/sweep-task.js';
import type { CommandContext } from './command.js';
import { hostConnector } from './connect-host.js';
import { performRun } from './perform-verb.js';
import { scrubberOf } from './start-journal.js';

const percent = (value: number): Amount => ({ kind: 'percent', value });
const NONE: Amount = { kind: 'count', value: 0 };

/** One host first, then more at a time; the first host that is not as it was approved, or not done, is the last (rule S36). */
const WAVES = {
  serial: [{ kind: 'count', value: 1 }, percent(5), percent(25), percent(100)] satisfies readonly Amount[],
  limits: { perBatch: NONE, total: NONE },
};

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
  const work = { verb: 'sweep', hosts: touched, connect: hostConnector(context), changesHosts: true };
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
  await remember(files, swept);
  return { result, swept };
}

/** Failed: into the quarantine, so that no later sweep tries again and again. Gone: out of it. */
async function remember(files: SweepFiles, swept: ReadonlyMap<string, HostSweep>): Promise<void> {
  const quarantine = new Map(await files.quarantine());
  const before = JSON.stringify([...quarantine]);
  for (const { object, state, error } of [...swept.values()].flatMap(({ results }) => results)) {
    const key = quarantineKey(object.host, object.key);
    if (state === 'failed') quarantine.set(key, error?.message ?? 'it is still there');
    if (state === 'removed' || state === 'gone') quarantine.delete(key);
  }
  if (JSON.stringify([...quarantine]) !== before) await files.keepQuarantine(quarantine);
}
