import { LongshoreError } from '../errors/longshore-error.js';
import type { HostFindings, HostResult } from './fleet-result.js';
import { asLongshoreError } from './outcome.js';
import type { FleetHost, HostContext, HostTask } from './run-host.js';

/** A host that work on several hosts asked for: the way to it, or why there is none. */
export type Reached = HostContext | LongshoreError;

/** Does a task on one host, over a connection of its own; null when an interrupt came before. Never rejects because of the host. */
export type OnHost<H extends FleetHost> = (host: H, task: HostTask<H>) => Promise<HostResult | null>;

/** Work with several hosts at once. What it finds out about each is that host's result; of a host that it says nothing of, `ok`. */
export type JointWork = (reached: ReadonlyMap<string, Reached>) => Promise<ReadonlyMap<string, HostFindings>>;

const NO_COST = { roundTrips: 0, remoteProcesses: 0, bytesIn: 0, bytesOut: 0, durationMs: 0 } as const;

/**
 * Connects hosts, and begins the work when each of them is connected or known to be out of reach; disconnects when it has ended. Gives
 * the result of every host. Rejects when an interrupt comes before the work has begun, and with what the work rejects with.
 */
export async function meetHosts<H extends FleetHost>(
  hosts: readonly H[],
  onHost: OnHost<H>,
  work: JointWork,
): Promise<ReadonlyMap<string, HostResult>> {
  const meeting = new Meeting(hosts.length, work);
  const results = await Promise.all(
    hosts.map(async (host) => {
      const result = await onHost(host, async (_, context) => {
        meeting.settle(host.name, context);
        return (await meeting.findings).get(host.name) ?? { outcome: 'ok' };
      });
      if (result === null) meeting.callOff();
      else meeting.settle(host.name, result.error ?? asLongshoreError(new Error('no connection')));
      return [host.name, result] as const;
    }),
  );
  const findings = await meeting.findings;
  return new Map(results.map(([host, result]) => [host, withFindings(result, findings.get(host))]));
}

/** What the work says of a host counts, also of one that was never connected. */
function withFindings(result: HostResult | null, findings: HostFindings | undefined): HostResult {
  if (result === null) return { ...NO_COST, outcome: 'ok', ...findings };
  if (findings === undefined) return result;
  const { roundTrips, remoteProcesses, bytesIn, bytesOut, durationMs } = result;
  return { roundTrips, remoteProcesses, bytesIn, bytesOut, durationMs, ...findings };
}

/** Where the tasks of all hosts wait for each other, and then for the work. */
class Meeting {
  readonly findings: Promise<ReadonlyMap<string, HostFindings>>;
  readonly #reached = new Map<string, Reached>();
  readonly #expected: number;
  #begin: () => void = () => undefined;
  #fail: (error: LongshoreError) => void = () => undefined;

  constructor(expected: number, work: JointWork) {
    this.#expected = expected;
    this.findings = new Promise<void>((resolve, reject) => {
      this.#begin = resolve;
      this.#fail = reject;
    }).then(() => work(this.#reached));
    // whoever joined hears of a failure; nobody may have
    this.findings.catch(() => undefined);
  }

  /** The first word counts: a host that was connected ends with the work's error, which is no reason why it was not reached. */
  settle(host: string, way: Reached): void {
    if (this.#reached.has(host)) return;
    this.#reached.set(host, way);
    if (this.#reached.size === this.#expected) this.#begin();
  }

  callOff(): void {
    this.#fail(new LongshoreError('E_INTERRUPTED', 'interrupted before all hosts were connected'));
  }
}
