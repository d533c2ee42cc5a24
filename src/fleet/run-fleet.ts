import pLimit from 'p-limit';
import type { LongshoreError } from '../errors/longshore-error.js';
import type { TaskJournal } from '../journal/task-journal.js';
import { ConnectGates } from './connect-gate.js';
import type { FleetEvent } from './fleet-event.js';
import type { FleetResult, HostResult } from './fleet-result.js';
import { gracefulInterrupt, type Interrupt } from './host-deadline.js';
import { runHost, type FleetHost, type HostOptions, type HostTask } from './run-host.js';

/** What a fleet run does when nothing else is said. */
export const FLEET_DEFAULTS = {
  /** hosts worked on at once */
  fanout: 64,
  /** time for one host, connecting included */
  hostTimeoutMs: 300_000,
  /** time that a step in flight gets to end after an interrupt */
  interruptGraceMs: 30_000,
} as const;

export interface FleetOptions<H extends FleetHost> {
  readonly run: string;
  readonly verb: string;
  readonly connect: HostOptions<H>['connect'];
  /**
   * Names the sshd that the connection to a host goes through first: its own, or the first jump host's. Connects through one sshd
   * become fewer at once when it drops some. Default: each host has its own.
   */
  readonly entryOf?: (host: H) => string;
  readonly fanout?: number;
  readonly hostTimeoutMs?: number;
  readonly interruptGraceMs?: number;
  /** whether the task may change hosts; if not, an interrupt ends it at once. Default true */
  readonly changesHosts?: boolean;
  /** the user's interrupt: no further host is begun, no further step is started */
  readonly interrupt?: AbortSignal;
  readonly onEvent?: (event: FleetEvent) => void;
  /** gets the intent of every change before it leaves, and what came of it; a run that changes hosts has one */
  readonly journal?: TaskJournal;
  /** who runs it, for whoever finds a host's lock held */
  readonly controller?: string;
  /** why nothing may be done on a host, or null; asked before it is connected */
  readonly refusal?: HostOptions<H>['refusal'];
}

/** How one piece of work on some hosts of a run differs from the rest of it. */
export interface WorkOptions {
  readonly fanout?: number;
  /** in place of the run's; null: none, for hosts that are only looked at */
  readonly journal?: TaskJournal | null;
  /** asked before each host is begun; false: it is not run. Hosts that were begun go on */
  readonly mayBegin?: () => boolean;
  /** told of each host as soon as it has ended */
  readonly onResult?: (host: string, result: HostResult) => void;
  /** in place of the run's: why nothing may be done on a host, whose name is given, or null; asked before it is connected */
  readonly refusal?: (host: FleetHost) => LongshoreError | null;
}

/** What became of some hosts of a run. */
export type HostsDone = Pick<FleetResult, 'hosts' | 'notRun'>;

/** A run that is under way: what its batches share, such as the interrupt and how many connect at once. */
export interface FleetRun<H extends FleetHost> {
  /** Does a task on hosts, at most `fanout` at once. Never rejects because of a host. */
  work(hosts: readonly H[], task: HostTask<H>, options?: WorkOptions): Promise<HostsDone>;
  readonly isInterrupted: boolean;
  /** hosts worked on at once, at most */
  readonly fanout: number;
  readonly emit: (event: FleetEvent) => void;
}

/**
 * Does the same work on many hosts, at most `fanout` at once, each within its own deadline. Never rejects because of a host: what
 * went wrong there is in its result. Hosts that an interrupt came before are named in `notRun`.
 */
export async function runFleet<H extends FleetHost>(
  hosts: readonly H[],
  task: HostTask<H>,
  options: FleetOptions<H>,
): Promise<FleetResult> {
  return withFleetRun(hosts, options, (run) => run.work(hosts, task));
}

/** Opens a run about these hosts for `work`, which does it in one piece or several, and closes it when that has ended. */
export async function withFleetRun<H extends FleetHost, R extends HostsDone>(
  hosts: readonly H[],
  options: FleetOptions<H>,
  work: (run: FleetRun<H>) => Promise<R>,
): Promise<R & FleetResult> {
  const began = performance.now();
  const { run, verb } = options;
  const emit = options.onEvent ?? (() => undefined);
  const stop = options.interrupt ?? new AbortController().signal;
  const changesHosts = options.changesHosts ?? true;
  const graceMs = options.interruptGraceMs ?? FLEET_DEFAULTS.interruptGraceMs;
  const interrupt = gracefulInterrupt(stop, changesHosts ? graceMs : 0);
  const onStop = () => {
    options.journal?.interrupted();
    emit({ type: 'run-interrupted' });
  };
  stop.addEventListener('abort', onStop, { once: true });
  emit({ type: 'run-started', run, verb, hosts: hosts.map((host) => host.name) });
  try {
    const results = await work(openRun(options, interrupt, emit));
    const durationMs = performance.now() - began;
    options.journal?.ended();
    emit({ type: 'run-ended', durationMs });
    return { ...results, run, verb, interrupted: stop.aborted, durationMs };
  } finally {
    stop.removeEventListener('abort', onStop);
    interrupt.dispose();
  }
}

function openRun<H extends FleetHost>(
  options: FleetOptions<H>,
  interrupt: Interrupt,
  emit: (event: FleetEvent) => void,
): FleetRun<H> {
  const most = options.fanout ?? FLEET_DEFAULTS.fanout;
  const gates = new ConnectGates({ most });
  const entryOf = options.entryOf ?? ((host: H) => host.name);
  const hostOptions: HostOptions<H> = {
    run: options.run,
    connect: (host, deadline) =>
      gates.of(entryOf(host)).connect(
        () => options.connect(host, deadline),
        deadline,
        (drop) => emit({ type: 'host-dropped', host: host.name, ...drop }),
      ),
    timeoutMs: options.hostTimeoutMs ?? FLEET_DEFAULTS.hostTimeoutMs,
    interrupt,
    changesHosts: options.changesHosts ?? true,
    emit,
    ...(options.journal === undefined ? {} : { journal: options.journal }),
    ...(options.controller === undefined ? {} : { controller: options.controller }),
    ...(options.refusal === undefined ? {} : { refusal: options.refusal }),
  };
  return {
    emit,
    fanout: most,
    get isInterrupted() {
      return interrupt.stop.aborted;
    },
    work: (hosts, task, work = {}) => {
      const { refusal } = work;
      const { journal: ofRun, ...withoutJournal } = hostOptions;
      const journal = work.journal === undefined ? ofRun : work.journal;
      const own = {
        ...withoutJournal,
        ...(journal == null ? {} : { journal }),
        ...(refusal === undefined ? {} : { refusal }),
      };
      return workOn(hosts, task, own, { ...work, fanout: Math.min(work.fanout ?? most, most) });
    },
  };
}

async function workOn<H extends FleetHost>(
  hosts: readonly H[],
  task: HostTask<H>,
  options: HostOptions<H>,
  { fanout, mayBegin, onResult }: WorkOptions & { readonly fanout: number },
): Promise<HostsDone> {
  const { emit, interrupt, journal } = options;
  const results = await pLimit(fanout).map(hosts, async (host) => {
    const begins = !interrupt.stop.aborted && mayBegin?.() !== false;
    const result = begins ? await runHost(host, task, options) : null;
    if (result === null) journal?.hostNotRun(host.name);
    else {
      journal?.host(host.name).ended(result);
      onResult?.(host.name, result);
    }
    emit(result === null ? { type: 'host-not-run', host: host.name } : hostEnded(host.name, result));
    return [host.name, result] as const;
  });
  const done = results.filter((entry): entry is readonly [string, HostResult] => entry[1] !== null);
  const notRun = results.filter(([, result]) => result === null).map(([name]) => name);
  return { hosts: new Map(done), notRun };
}

function hostEnded(host: string, result: HostResult): FleetEvent {
  const { outcome, durationMs, error } = result;
  return { type: 'host-ended', host, outcome, durationMs, ...(error === undefined ? {} : { error }) };
}
