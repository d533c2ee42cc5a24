import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { runFleet } from '../fleet/run-fleet.js';
import type { HostTask } from '../fleet/run-host.js';
import { newRunId } from '../fleet/run-id.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { RunHeader, RunJournal } from '../journal/run-journal.js';
import type { CommandContext } from './command.js';
import type { HostConnector } from './connect-host.js';
import { controllerName, thisController } from './controller.js';
import { listenForInterrupts } from './interrupts.js';
import { logEvent } from './log-events.js';
import { startProgress } from './progress.js';
import { Prompts } from './prompts.js';
import { RunTracker } from './run-tracker.js';
import { scrubberOf, startJournal } from './start-journal.js';
import { prepareRecordings } from './traced-connections.js';

export interface VerbRun {
  readonly verb: string;
  readonly hosts: readonly InventoryHost[];
  readonly task: HostTask<InventoryHost>;
  readonly connect: HostConnector;
  /** such a run is journaled, unless it is a replay */
  readonly changesHosts: boolean;
  /** time for a step in flight after an interrupt; the fleet's default when absent */
  readonly interruptGraceMs?: number;
  /** for the journal, beside what follows from the command line */
  readonly journaled?: {
    /** of the verb */
    readonly options?: Readonly<Record<string, unknown>>;
    readonly volumesOf?: (host: InventoryHost) => readonly VolumeSpec[];
    readonly volumeFiles?: readonly string[];
    readonly resumes?: RunHeader['resumes'];
  };
}

/** Runs one verb on the hosts, with journal, progress, log and Ctrl-C. Prints no result. */
export async function performVerb(context: CommandContext, verbRun: VerbRun): Promise<FleetResult> {
  const { options, terminal, logger } = context;
  if (options.record !== undefined) await prepareRecordings(options.record, verbRun.hosts);
  const run = newRunId();
  const controller = thisController();
  const isJournaled = verbRun.changesHosts && options.replay === undefined;
  const { volumeFiles = [], volumesOf = () => [], resumes, options: verbOptions = {} } = verbRun.journaled ?? {};
  const journal = isJournaled
    ? await startJournal(context, {
        ...{ run, verb: verbRun.verb, hosts: verbRun.hosts, controller, volumeFiles },
        ...(resumes === undefined ? {} : { resumes }),
      })
    : undefined;
  const task = journal?.task({
    verb: verbRun.verb,
    options: verbOptions,
    hosts: verbRun.hosts.map((host) => ({ name: host.name, volumes: volumesOf(host) })),
    scrub: scrubberOf(verbRun.hosts, volumesOf),
  });
  const tracker = new RunTracker();
  const progress = startProgress(tracker, terminal, options);
  const interrupts = listenForInterrupts(
    terminal,
    () => tracker.running,
    () => progress.stop(),
  );
  const prompts = new Prompts(terminal, () => progress.stop());
  const connections = verbRun.connect(prompts);
  try {
    const result = await runFleet(verbRun.hosts, verbRun.task, {
      run,
      verb: verbRun.verb,
      connect: connections.connect,
      entryOf: ({ address, port }) => `${address} ${port ?? 22}`,
      fanout: options.fanout,
      hostTimeoutMs: options.timeoutMs,
      changesHosts: verbRun.changesHosts,
      ...(verbRun.interruptGraceMs === undefined ? {} : { interruptGraceMs: verbRun.interruptGraceMs }),
      interrupt: interrupts.signal,
      controller: controllerName(controller),
      ...(task === undefined ? {} : { journal: task }),
      onEvent: (event) => {
        tracker.onEvent(event);
        logEvent(logger, event);
        if (!interrupts.signal.aborted && !prompts.isAsking) progress.update();
      },
    });
    return journal === undefined ? result : await endJournal(journal, result, context);
  } finally {
    progress.stop();
    interrupts.dispose();
    await connections.close();
  }
}

/** A journal that could not be ended is told of with the result: what was done was done, and its intents are on disk. */
async function endJournal(journal: RunJournal, result: FleetResult, { logger }: CommandContext): Promise<FleetResult> {
  try {
    await journal.end({ interrupted: result.interrupted });
    logger.debug({ file: journal.filePath, ...journal.cost }, 'journal');
    return result;
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    return { ...result, journalError: error };
  }
}
