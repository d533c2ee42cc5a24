import type { Amount } from './amount.js';
import { batchesOf } from './batches.js';
import type { FleetResult, HostResult } from './fleet-result.js';
import { type FleetOptions, withFleetRun } from './run-fleet.js';
import type { FleetHost, HostTask } from './run-host.js';
import { type FailureLimits, isFailure, StopRules } from './stop-rules.js';

export interface Rollout {
  /** sizes of the batches; empty: all hosts at once */
  readonly serial: readonly Amount[];
  readonly limits: FailureLimits;
  /** false: whatever hosts end with, the others go on: for work that changes none. Default true */
  readonly watches?: boolean;
}

/** `runFleet` in waves, which ends early by the stop rules: hosts that were begun end, all others are `notRun`. */
export async function runBatches<H extends FleetHost>(
  hosts: readonly H[],
  task: HostTask<H>,
  options: FleetOptions<H> & Rollout,
): Promise<FleetResult> {
  const rules = new StopRules(options.limits, hosts.length);
  return withFleetRun(hosts, options, async (run) => {
    const done = new Map<string, HostResult>();
    const notRun: string[] = [];
    const batches = batchesOf(hosts, options.serial);
    for (const [index, batch] of batches.entries()) {
      if (rules.stop !== null || run.isInterrupted) {
        notRun.push(...batch.map(({ name }) => name));
        continue;
      }
      rules.beginBatch(batch.length);
      if (batches.length > 1) {
        const names = batch.map(({ name }) => name);
        run.emit({ type: 'batch-started', batch: index + 1, batches: batches.length, hosts: names });
      }
      const results = await run.work(batch, task, {
        mayBegin: () => rules.stop === null,
        onResult: (host, result) => {
          if (options.watches !== false) rules.note(host, result);
        },
      });
      for (const [name, result] of results.hosts) done.set(name, result);
      notRun.push(...results.notRun);
      if (batches.length > 1) {
        const failed = [...results.hosts.values()].filter(({ outcome }) => isFailure(outcome)).length;
        run.emit({ type: 'batch-ended', batch: index + 1, ok: results.hosts.size - failed, failed });
      }
    }
    if (rules.stop === null) return { hosts: done, notRun };
    run.emit({ type: 'run-stopped', reason: rules.stop });
    return { hosts: done, notRun, stopped: rules.stop };
  });
}
