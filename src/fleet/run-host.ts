import { outcomeOfError } from '../connectors/outcome.js';
import { LongshoreError } from '../errors/longshore-error.js';
import { deadlineIn, type Deadline } from '../time/deadline.js';
import type { HostJournal, TaskJournal } from '../journal/task-journal.js';
import type { Counters, Executor } from '../transport/executor.js';
import { ReconnectingExecutor } from '../transport/reconnecting-executor.js';
import type { FleetEvent } from './fleet-event.js';
import type { HostFindings, HostResult } from './fleet-result.js';
import { hostDeadline, type Interrupt } from './host-deadline.js';
import { journaledExecutor } from './journaled-executor.js';
import { asLongshoreError } from './outcome.js';

/** All that a fleet needs to know of a host; the rest is for `connect` and the task. */
export interface FleetHost {
  readonly name: string;
}

/** What a task is given for one host. */
export interface HostContext {
  readonly executor: Executor;
  readonly deadline: Deadline;
  readonly runId: string;
  readonly emit: (event: FleetEvent) => void;
  /** what the executor writes to by itself; connectors tell it more */
  readonly journal?: HostJournal;
  readonly controller?: string;
}

/** The work on one host. It may throw: the host then ends with that error. */
export type HostTask<H extends FleetHost> = (host: H, context: HostContext) => Promise<HostFindings>;

export interface HostOptions<H extends FleetHost> {
  readonly run: string;
  /** opens the one connection to the host; rejects with `E_UNREACHABLE`, `E_HOST_KEY`, `E_AUTH`, ... */
  readonly connect: (host: H, deadline: Deadline) => Promise<Executor>;
  readonly timeoutMs: number;
  readonly interrupt: Interrupt;
  /** false: whatever is in flight can be dropped at once, and leaves nothing unknown */
  readonly changesHosts: boolean;
  readonly emit: (event: FleetEvent) => void;
  readonly journal?: TaskJournal;
  readonly controller?: string;
  /** why nothing may be done on a host, or null; asked before it is connected */
  readonly refusal?: (host: H) => LongshoreError | null;
}

/**
 * How long work may take to end after its deadline: a lane waits 8 s for the reply to a command that the host ends then. After an
 * interrupt's grace nobody waits for that.
 */
const ABANDON_MS = 10_000;
const INTERRUPTED_ABANDON_MS = 1_000;
const CONNECT_ABANDON_MS = 1_000;
/** How long closing a connection may take; the process end closes what is left. */
const CLOSE_MS = 2_000;

/**
 * Connects, works, disconnects. Never rejects. Gives null when an interrupt came while connecting: then nothing was asked of the host.
 */
export async function runHost<H extends FleetHost>(
  host: H,
  task: HostTask<H>,
  options: HostOptions<H>,
): Promise<HostResult | null> {
  const began = performance.now();
  const { emit, controller } = options;
  const journal = options.journal?.host(host.name);
  emit({ type: 'host-started', host: host.name });
  let executor: Executor | undefined;
  let findings: HostFindings;
  try {
    const refusal = options.refusal?.(host) ?? null;
    if (refusal !== null) throw refusal;
    journal?.requireWritable();
    journal?.started();
    const reconnecting = new ReconnectingExecutor(await connectHost(host, options), {
      connect: (deadline) => options.connect(host, deadline),
    });
    executor =
      journal === undefined
        ? reconnecting
        : journaledExecutor(reconnecting, journal, (what) => emit({ type: 'change-leaves', host: host.name, what }));
    emit({ type: 'host-connected', host: host.name, connectMs: executor.counters().connectMs });
    const leftMs = Math.max(0, options.timeoutMs - (performance.now() - began));
    const deadline = hostDeadline(leftMs, options.interrupt);
    const work = task(host, {
      executor,
      deadline,
      runId: options.run,
      emit,
      ...(journal === undefined ? {} : { journal }),
      ...(controller === undefined ? {} : { controller }),
    });
    const isInterrupted = () => options.interrupt.stop.aborted;
    const graceMs = () => (!isInterrupted() ? ABANDON_MS : options.changesHosts ? INTERRUPTED_ABANDON_MS : 0);
    findings = await untilAbandoned(work, deadline, graceMs, () =>
      workAbandoned(options.changesHosts, isInterrupted()),
    );
  } catch (thrown) {
    if (executor === undefined && options.interrupt.stop.aborted) return null;
    const error = asLongshoreError(thrown, host.name);
    findings = { outcome: outcomeOfError(error), error };
  }
  const counters = executor?.counters() ?? NO_COUNTERS;
  if (executor !== undefined) await closeWithin(executor, CLOSE_MS);
  const { roundTrips, remoteProcesses, bytesIn, bytesOut } = counters;
  return { ...findings, roundTrips, remoteProcesses, bytesIn, bytesOut, durationMs: performance.now() - began };
}

const NO_COUNTERS: Counters = { roundTrips: 0, remoteProcesses: 0, bytesIn: 0, bytesOut: 0, connectMs: 0 };

async function connectHost<H extends FleetHost>(host: H, options: HostOptions<H>): Promise<Executor> {
  // nothing has been asked of the host yet, so an interrupt may end this at once
  const deadline = deadlineIn(options.timeoutMs, options.interrupt.stop);
  const connecting = options.connect(host, deadline);
  try {
    return await untilAbandoned(
      connecting,
      deadline,
      () => CONNECT_ABANDON_MS,
      () => {
        const seconds = options.timeoutMs / 1000;
        return new LongshoreError('E_UNREACHABLE', `no connection within the time for this host (${seconds} s)`);
      },
    );
  } catch (error) {
    connecting.then(
      (late) => closeWithin(late, CLOSE_MS),
      () => undefined,
    );
    throw error;
  }
}

/** The work's end or, `graceMs` after the deadline's, an error: a promise that hangs must not hold up the run. */
async function untilAbandoned<T>(
  work: Promise<T>,
  deadline: Deadline,
  graceMs: () => number,
  makeError: () => LongshoreError,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let startGrace: () => void = () => undefined;
  const abandoned = new Promise<never>((_, reject) => {
    startGrace = () => {
      timer = setTimeout(() => reject(makeError()), graceMs());
    };
  });
  if (deadline.signal.aborted) startGrace();
  else deadline.signal.addEventListener('abort', startGrace, { once: true });
  try {
    return await Promise.race([work, abandoned]);
  } finally {
    clearTimeout(timer);
    deadline.signal.removeEventListener('abort', startGrace);
  }
}

function workAbandoned(changesHosts: boolean, isInterrupted: boolean): LongshoreError {
  if (changesHosts) {
    const why = isInterrupted ? 'interrupted in mid-work' : 'the work on this host did not end in its time';
    return new LongshoreError('E_OUTCOME_UNKNOWN', `${why}; it may still be going on there`, {
      remedy: 'Look with `longshore status` before anything else is tried.',
    });
  }
  if (isInterrupted) return new LongshoreError('E_INTERRUPTED', 'interrupted; nothing was being changed');
  return new LongshoreError('E_UNREACHABLE', 'the host did not answer in its time; nothing was being changed');
}

/** Closing is a courtesy: what goes wrong in it changes nothing about the work's outcome. */
async function closeWithin(executor: Executor, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([executor.close().catch(() => undefined), late]);
  clearTimeout(timer);
}
