import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import type { Counters, Executor, LaneReply, LaneRequest, RepliesTo } from './executor.js';
import type { Lane, LaneTraffic } from './lane.js';
import type { WireRequest } from './lane-requests.js';
import { onlyLooks } from './read-only-executor.js';

/** sshd lets 10 channels on a connection (MaxSessions); two stay free for the operator's own use of a shared one. */
const MAX_LANES = 8;
/** How long after its deadline a reply is still waited for: the host ends commands at the deadline, with `timeout -k 5`. */
const REPLY_GRACE_MS = 7000;

/** Where an executor's lanes come from. */
export interface LaneSource {
  open(): Promise<Lane>;
  readonly traffic: LaneTraffic;
  readonly connectMs: number;
  close(): Promise<void>;
}

interface Job {
  readonly deadline: Deadline;
  readonly requests: readonly LaneRequest[];
  readonly resolve: (replies: readonly LaneReply[]) => void;
  readonly reject: (error: unknown) => void;
}

/** An executor over lanes: the same for ssh2, for this machine, and for whatever else can start a shell. */
export class LaneExecutor implements Executor {
  readonly host: string;
  readonly #source: LaneSource;
  #lanes: Promise<Lane>[] = [];
  readonly #open = new Map<Promise<Lane>, Lane>();
  readonly #loads = new Map<Promise<Lane>, number>();
  #maxLanes = MAX_LANES;
  #turn: Job[] = [];
  #roundTrips = 0;
  #lockName = '';
  #closed = false;

  constructor(host: string, source: LaneSource) {
    this.host = host;
    this.#source = source;
  }

  sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
    return new Promise<readonly LaneReply[]>((resolve, reject) => {
      if (requests.length === 0) {
        resolve([]);
        return;
      }
      this.#turn.push({ deadline, requests, resolve, reject });
      // everything that this turn of the event loop still asks for goes along
      if (this.#turn.length === 1) setImmediate(() => this.#flush());
    }) as unknown as Promise<RepliesTo<R>>;
  }

  /** Resolves when a first lane answers: until then nothing is known of the shell, or of becoming root. */
  async firstLane(): Promise<void> {
    const lane = await (this.#lanes[0] ?? this.#openLane());
    await lane.ready();
  }

  prepareLanes(count: number): void {
    while (!this.#closed && this.#lanes.length < Math.min(count, this.#maxLanes)) void this.#openLane();
  }

  counters(): Counters {
    const { bytesIn, bytesOut, processes } = this.#source.traffic;
    return {
      roundTrips: this.#roundTrips,
      remoteProcesses: processes,
      bytesIn,
      bytesOut,
      connectMs: this.#source.connectMs,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const lane of this.#open.values()) lane.end();
    await this.#source.close();
  }

  /** One round trip: each sequence of the turn goes to a lane of its own as far as there are any; reads share one. */
  #flush(): void {
    const jobs = this.#turn;
    this.#turn = [];
    this.#roundTrips += 1;
    const used = new Set<Promise<Lane>>();
    let readers: Promise<Lane> | null = null;
    for (const job of jobs) {
      const quick = job.requests.every((request) => request.kind === 'read' || request.kind === 'list');
      const lane: Promise<Lane> = quick && readers !== null ? readers : this.#choose(used);
      if (quick) readers = lane;
      used.add(lane);
      this.#loads.set(lane, (this.#loads.get(lane) ?? 0) + 1);
      void this.#runJob(job, lane);
    }
  }

  #choose(used: ReadonlySet<Promise<Lane>>): Promise<Lane> {
    const load = (lane: Promise<Lane>): number => (this.#loads.get(lane) ?? 0) + (used.has(lane) ? 1 : 0);
    const byLoad = [...this.#lanes].sort((a, b) => load(a) - load(b));
    const [least] = byLoad;
    if (least !== undefined && load(least) === 0) return least;
    if (this.#lanes.length < this.#maxLanes) return this.#openLane();
    return least ?? this.#openLane();
  }

  #openLane(): Promise<Lane> {
    const opening = this.#closed
      ? Promise.reject(new LongshoreError('E_UNREACHABLE', 'the connection is closed', { host: this.host }))
      : this.#source.open();
    this.#lanes.push(opening);
    opening.then(
      (lane) => this.#open.set(opening, lane),
      () => {
        this.#lanes = this.#lanes.filter((one) => one !== opening);
        // the host gives no more channels: go on with those there are
        if (this.#lanes.length > 0) this.#maxLanes = this.#lanes.length;
      },
    );
    return opening;
  }

  async #runJob(job: Job, chosen: Promise<Lane>): Promise<void> {
    const lane = await this.#laneFor(job, chosen);
    if (lane === null) {
      this.#unload(chosen);
      return;
    }
    const sent = this.#join(lane, clip(job.requests, job.deadline));
    const own = sent.length - job.requests.length;
    const giveUp = this.#giveUp(job, lane);
    try {
      const replies = (await Promise.race([Promise.all(lane.send(sent)), giveUp.promise])).slice(own);
      this.#noteLock(lane, job.requests, replies);
      if (own === 1 && replies[0]?.kind === 'skipped') {
        throw new LongshoreError('E_LOCKED', 'a lane could not join the lock of this host', { host: this.host });
      }
      lane.joined ||= own === 1;
      job.resolve(replies);
    } catch (error) {
      job.reject(this.#explain(error, job));
    } finally {
      giveUp.stop();
      this.#unload(chosen);
      if (lane.lost) this.#forget(chosen);
    }
  }

  #unload(lane: Promise<Lane>): void {
    this.#loads.set(lane, Math.max(0, (this.#loads.get(lane) ?? 1) - 1));
  }

  /** The lane when it is there; another one when it cannot be had; null when there is none (the job is rejected then). */
  async #laneFor(job: Job, chosen: Promise<Lane>): Promise<Lane | null> {
    try {
      job.deadline.check();
      return await chosen;
    } catch (error) {
      const other = [...this.#open.values()].find((lane) => !lane.lost);
      if (other !== undefined && !job.deadline.signal.aborted) return other;
      job.reject(error);
      return null;
    }
  }

  #join(lane: Lane, requests: readonly LaneRequest[]): readonly WireRequest[] {
    if (this.#lockName === '' || lane.joined) return requests;
    return [{ kind: 'join', name: this.#lockName }, ...requests];
  }

  #noteLock(lane: Lane, requests: readonly LaneRequest[], replies: readonly LaneReply[]): void {
    requests.forEach((request, index) => {
      if (request.kind !== 'lock' || replies[index]?.ok !== true) return;
      this.#lockName = request.name;
      lane.joined = true;
    });
  }

  /** Rejects some time after the deadline: the host had its time to end the command, so the lane is not to be trusted any more. */
  #giveUp(job: Job, lane: Lane): { promise: Promise<never>; stop: () => void } {
    let timer: NodeJS.Timeout | undefined;
    let onAbort: () => void = () => undefined;
    const promise = new Promise<never>((_, reject) => {
      onAbort = () => {
        timer = setTimeout(() => {
          reject(
            new LongshoreError(
              'E_OUTCOME_UNKNOWN',
              'the host did not answer in time; the command may still be running',
            ),
          );
          lane.end();
        }, REPLY_GRACE_MS);
      };
      if (job.deadline.signal.aborted) onAbort();
      else job.deadline.signal.addEventListener('abort', onAbort, { once: true });
    });
    promise.catch(() => undefined);
    return {
      promise,
      stop: () => {
        clearTimeout(timer);
        job.deadline.signal.removeEventListener('abort', onAbort);
      },
    };
  }

  #forget(lane: Promise<Lane>): void {
    this.#lanes = this.#lanes.filter((one) => one !== lane);
    this.#open.delete(lane);
    this.#loads.delete(lane);
  }

  /** What was only looked at has no outcome that could be unknown. */
  #explain(error: unknown, job: Job): unknown {
    if (!(error instanceof LongshoreError) || error.code !== 'E_OUTCOME_UNKNOWN') return error;
    if (!job.requests.every(onlyLooks)) return new LongshoreError(error.code, error.message, { host: this.host });
    return new LongshoreError('E_UNREACHABLE', `${error.message} (nothing was being changed)`, { host: this.host });
  }
}

/** No request may take longer on the host than the operation has left. */
function clip(requests: readonly LaneRequest[], deadline: Deadline): readonly LaneRequest[] {
  const left = Math.max(1, Math.floor(deadline.remainingMs()));
  return requests.map((request): LaneRequest => {
    switch (request.kind) {
      case 'run':
        return { ...request, timeoutMs: Math.min(request.timeoutMs ?? 60_000, left) };
      case 'wait':
        return { ...request, timeoutMs: Math.min(request.timeoutMs, left) };
      case 'lock':
        return { ...request, waitMs: Math.min(request.waitMs, left) };
      case 'read':
      case 'list':
      case 'write':
        return request;
    }
  });
}
