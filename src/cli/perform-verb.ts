import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { FleetEvent } from '../fleet/fleet-event.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { runBatches } from '../fleet/run-batches.js';
import type { FleetOptions } from '../fleet/run-fleet.js';
import type { HostTask } from '../fleet/run-host.js';
import { newRunId } from '../fleet/run-id.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { Override } from '../journal/override.js';
import type { RunHeader, RunJournal } from '../journal/run-journal.js';
import { dirtyRefusal } from '../moves/dirty/refuse-dirty.js';
import type { CommandContext } from './command.js';
import type { HostConnector } from './connect-host.js';
import { controllerName, thisController } from './controller.js';
import { openEventFile } from './event-file.js';
import { listenForInterrupts } from './interrupts.js';
import { logEvent } from './log-events.js';
import { moveTools } from './move-tools.js';
import { startProgress } from './progress.js';
import { Prompts } from './prompts.js';
import { rolloutOf } from './rollout.js';
import { RunTracker } from './run-tracker.js';
import { showError } from './show-error.js';
import { scrubberOf, startJournal } from './start-journal.js';
import { prepareRecordings } from './traced-connections.js';

/** A run on hosts, whatever it does there. */
export interface FleetWork {
  readonly verb: string;
  readonly hosts: readonly InventoryHost[];
  readonly connect: HostConnector;
  /** such a run is journaled, unless it is a replay */
  readonly changesHosts: boolean;
  /** it attaches, or may change anything: a host that is dirty after an evacuation is refused (rule S23) */
  readonly refusesDirty?: boolean;
  /** it is not the command's first run: its events follow those of the one before */
  readonly goesOn?: true;
  /** time for a step in flight after an interrupt; the fleet's default when absent */
  readonly interruptGraceMs?: number;
  readonly onEvent?: (event: FleetEvent) => void;
  /** for the journal, beside what follows from the command line */
  readonly journaled?: {
    /** of the verb */
    readonly options?: Readonly<Record<string, unknown>>;
    readonly overrides?: readonly Override[];
    readonly volumesOf?: (host: InventoryHost) => readonly VolumeSpec[];
    readonly volumeFiles?: readonly string[];
    readonly resumes?: RunHeader['resumes'];
    /** for a resume, beside how hosts are reached */
    readonly more?: Readonly<Record<string, unknown>>;
  };
}

export interface VerbRun extends FleetWork {
  readonly task: HostTask<InventoryHost>;
}

/** What work on hosts is given beside the fleet's options. */
export interface WorkContext {
  readonly prompts: Prompts;
  /** absent where nothing is changed, or replayed */
  readonly journal?: RunJournal;
}

/** Runs one verb on the hosts, with journal, progress, log and Ctrl-C. Prints no result. */
export async function performVerb(context: CommandContext, verbRun: VerbRun): Promise<FleetResult> {
  const { verb, hosts, changesHosts, journaled = {} } = verbRun;
  const { volumesOf = () => [], options: verbOptions = {}, overrides = [] } = journaled;
  const rollout = rolloutOf(context.options, changesHosts);
  return performRun(context, verbRun, (options, { journal }) => {
    const task = journal?.task({
      verb,
      options: verbOptions,
      overrides,
      hosts: hosts.map((host) => ({ name: host.name, volumes: volumesOf(host) })),
      scrub: scrubberOf(hosts, volumesOf),
    });
    const all = { ...options, ...rollout, ...(task === undefined ? {} : { journal: task }) };
    return runBatches(hosts, verbRun.task, all);
  });
}

/** Does work on the hosts, with journal, progress, log and Ctrl-C. Prints no result. */
export async function performRun<R extends FleetResult>(
  context: CommandContext,
  fleetWork: FleetWork,
  work: (options: FleetOptions<InventoryHost>, context: WorkContext) => Promise<R>,
): Promise<R> {
  const { options, terminal, logger } = context;
  const { verb, hosts, changesHosts, interruptGraceMs } = fleetWork;
  if (options.record !== undefined) await prepareRecordings(options.record, hosts);
  const run = newRunId();
  const events =
    options.events === undefined
      ? undefined
      : openEventFile(options.events, run, fleetWork.goesOn === true, (error) => showError(error, terminal));
  const mayBeDirty = fleetWork.refusesDirty === true && options.replay === undefined;
  const refusal = mayBeDirty ? dirtyRefusal(await moveTools(context, run).ledger.entries()) : undefined;
  const controller = thisController();
  const { volumeFiles = [], resumes, more } = fleetWork.journaled ?? {};
  const journal =
    changesHosts && options.replay === undefined
      ? await startJournal(context, {
          ...{ run, verb, hosts, controller, volumeFiles },
          ...(resumes === undefined ? {} : { resumes }),
          ...(more === undefined ? {} : { more }),
        })
      : undefined;
  const tracker = new RunTracker();
  const progress = startProgress(tracker, terminal, options);
  const interrupts = listenForInterrupts(
    terminal,
    () => tracker.running,
    () => progress.stop(),
  );
  const prompts = new Prompts(terminal, () => progress.stop());
  const connections = fleetWork.connect(prompts);
  try {
    const fleetOptions: FleetOptions<InventoryHost> = {
      run,
      verb,
      connect: connections.connect,
      entryOf: ({ address, port }) => `${address} ${port ?? 22}`,
      fanout: options.fanout,
      hostTimeoutMs: options.timeoutMs,
      changesHosts,
      ...(interruptGraceMs === undefined ? {} : { interruptGraceMs }),
      interrupt: interrupts.signal,
      controller: controllerName(controller),
      ...(refusal === undefined ? {} : { refusal }),
      onEvent: (event) => {
        tracker.onEvent(event);
        fleetWork.onEvent?.(event);
        logEvent(logger, event);
        events?.write(event);
        if (!interrupts.signal.aborted && !prompts.isAsking) progress.update();
      },
    };
    const result = await work(fleetOptions, { prompts, ...(journal === undefined ? {} : { journal }) });
    return journal === undefined ? result : await endJournal(journal, result, context);
  } catch (error) {
    // refused as a whole: a run that has ended is told from one whose process died
    await journal?.end({ interrupted: interrupts.signal.aborted }).catch(() => undefined);
    throw error;
  } finally {
    progress.stop();
    interrupts.dispose();
    events?.close();
    await connections.close();
  }
}

/** A journal that could not be ended is told of with the result: what was done was done, and its intents are on disk. */
async function endJournal<R extends FleetResult>(
  journal: RunJournal,
  result: R,
  { logger }: CommandContext,
): Promise<R> {
  try {
    await journal.end({ interrupted: result.interrupted });
    logger.debug({ file: journal.filePath, ...journal.cost }, 'journal');
    return result;
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    return { ...result, journalError: error };
  }
}
