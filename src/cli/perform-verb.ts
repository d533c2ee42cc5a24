import type { FleetResult } from '../fleet/fleet-result.js';
import { runFleet } from '../fleet/run-fleet.js';
import type { HostTask } from '../fleet/run-host.js';
import { newRunId } from '../fleet/run-id.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { CommandContext } from './command.js';
import type { HostConnector } from './connect-host.js';
import { listenForInterrupts } from './interrupts.js';
import { logEvent } from './log-events.js';
import { startProgress } from './progress.js';
import { Prompts } from './prompts.js';
import { RunTracker } from './run-tracker.js';
import { prepareRecordings } from './traced-connections.js';

export interface VerbRun {
  readonly verb: string;
  readonly hosts: readonly InventoryHost[];
  readonly task: HostTask<InventoryHost>;
  readonly connect: HostConnector;
  readonly changesHosts: boolean;
  /** time for a step in flight after an interrupt; the fleet's default when absent */
  readonly interruptGraceMs?: number;
}

/** Runs one verb on the hosts, with progress, log and Ctrl-C. Prints no result. */
export async function performVerb({ options, terminal, logger }: CommandContext, run: VerbRun): Promise<FleetResult> {
  if (options.record !== undefined) await prepareRecordings(options.record, run.hosts);
  const tracker = new RunTracker();
  const progress = startProgress(tracker, terminal, options);
  const interrupts = listenForInterrupts(
    terminal,
    () => tracker.running,
    () => progress.stop(),
  );
  const prompts = new Prompts(terminal, () => progress.stop());
  const connections = run.connect(prompts);
  try {
    return await runFleet(run.hosts, run.task, {
      run: newRunId(),
      verb: run.verb,
      connect: connections.connect,
      entryOf: ({ address, port }) => `${address} ${port ?? 22}`,
      fanout: options.fanout,
      hostTimeoutMs: options.timeoutMs,
      changesHosts: run.changesHosts,
      ...(run.interruptGraceMs === undefined ? {} : { interruptGraceMs: run.interruptGraceMs }),
      interrupt: interrupts.signal,
      onEvent: (event) => {
        tracker.onEvent(event);
        logEvent(logger, event);
        if (!interrupts.signal.aborted && !prompts.isAsking) progress.update();
      },
    });
  } finally {
    progress.stop();
    interrupts.dispose();
    await connections.close();
  }
}
