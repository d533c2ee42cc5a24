import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import { withinDeadline } from './deadline-end.js';
import type { Counters, Executor, LaneReply, LaneRequest, RepliesTo } from './executor.js';
import { dispatchChain, type Job } from './dispatch-chain.js';
import type { Lane, LaneTraffic } from './lane.js';
import { LanePool, type LaneSlot } from './lane-pool.js';
import { onlyLooks } from './read-only-executor.js';

/** Where an executor's lanes come from. */
export interface LaneSource {
  /** Rejects with `E_LANE` when the host gives no further one. */
  open(): Promise<Lane>;
  readonly traffic: LaneTraffic;
  readonly connectMs: number;
  close(): Promise<void>;
}

/** An executor over lanes: the same for ssh2, for this machine, and for whatever else can start a shell. */
export class LaneExecutor implements Executor {
  readonly host: string;
  readonly #source: LaneSource;
  readonly #pool: LanePool;
  #turn: Job[] = [];
  #roundTrips = 0;
  /** the lock that this executor has, or has asked for */
  #lock: { readonly name: string; readonly held: boolean; readonly slot: LaneSlot } | null = null;
  #closing: Promise<void> | null = null;

  constructor(host: string, source: LaneSource) {
    this.host = host;
    this.#source = source;
    this.#pool = new LanePool(() => source.open());
  }

  /** Opens the first lane and waits until its shell answers, so that a login or a sudo that does not work shows now. */
  async start(deadline: Deadline): Promise<void> {
    const ready = this.#pool.choose().lane.then((lane) => lane.ready());
    await withinDeadline(ready, deadline);
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

  prepareLanes(count: number): void {
    if (this.#closing === null) this.#pool.prepare(count);
  }

  counters(): Counters {
    const { bytesIn, bytesOut, processes } = this.#source.traffic;
    const { connectMs } = this.#source;
    return { roundTrips: this.#roundTrips, remoteProcesses: processes, bytesIn, bytesOut, connectMs };
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #end(): Promise<void> {
    this.#pool.end();
    return this.#source.close();
  }

  /** One round trip: each sequence of the turn goes to a lane of its own as far as there are any; reads share one. */
  #flush(): void {
    const jobs = this.#turn.filter((job) => this.#isWanted(job));
    this.#turn = [];
    if (jobs.length > 0) this.#roundTrips += 1;
    let readers: LaneSlot | null = null;
    for (const job of jobs) {
      const reads = job.requests.every(({ kind }) => kind === 'read' || kind === 'list' || kind === 'find');
      const slot: LaneSlot = (reads ? readers : this.#lockSlot(job)) ?? this.#pool.choose();
      if (reads) readers = slot;
      void this.#run(job, slot);
    }
  }

  #isWanted(job: Job): boolean {
    try {
      if (this.#closing !== null) throw new LongshoreError('E_UNREACHABLE', 'the connection is closed');
      job.deadline.check();
      for (const request of job.requests) if (request.kind === 'lock') this.#checkLock(request.name);
      return true;
    } catch (error) {
      job.reject(error);
      return false;
    }
  }

  #checkLock(name: string): void {
    if (this.#lock === null || this.#lock.name === name) return;
    throw new LongshoreError('E_USAGE', `this executor already has the lock ${this.#lock.name}`, { host: this.host });
  }

  /** The lane for a sequence with a lock: one that has it already, or the one that is asking for it. */
  #lockSlot(job: Job): LaneSlot | null {
    const request = job.requests.find(({ kind }) => kind === 'lock');
    if (request?.kind !== 'lock') return null;
    const holder = this.#lock === null ? null : (this.#pool.find((lane) => lane.joined) ?? this.#lock.slot);
    if (holder?.isLost === false) return holder;
    const slot = this.#pool.choose();
    this.#lock = { name: request.name, held: false, slot };
    return slot;
  }

  /** `under`: the lock that this executor had when the sequence was asked for. */
  async #run(job: Job, slot: LaneSlot, under = this.#lock?.held === true ? this.#lock.name : null): Promise<void> {
    slot.load += 1;
    try {
      const lane = await withinDeadline(slot.lane, job.deadline);
      const join = under === null || lane.joined ? null : this.#share(under, job);
      const replies = await dispatchChain(lane, job, join);
      if (join !== null) lane.joined = true;
      this.#noteLock(job, slot, lane, replies);
      job.resolve(replies);
    } catch (error) {
      // the host gave no further channel: nothing has been sent, and a lane that is there takes the sequence
      const other = slot.isRefused ? this.#pool.fallback() : null;
      if (other !== null) {
        void this.#run(job, other, under);
        return;
      }
      this.#forgetLockNeverHad();
      job.reject(error);
    } finally {
      slot.load -= 1;
    }
  }

  #noteLock(job: Job, slot: LaneSlot, lane: Lane, replies: readonly LaneReply[]): void {
    job.requests.forEach((request, index) => {
      if (request.kind !== 'lock') return;
      if (replies[index]?.ok === true) {
        this.#lock = { name: request.name, held: true, slot };
        lane.joined = true;
      } else if (this.#lock?.held === false) this.#lock = null;
    });
  }

  /**
   * The lock that a further lane takes a share in. That is as good as the lock while another lane has one. When the shells that had it have ended, on a
   * connection that goes on (sshd's ChannelTimeout, somebody's kill), anybody may have taken it since: then nothing is changed before it was asked for again.
   */
  #share(lock: string, { requests }: Job): string | null {
    if (this.#pool.find((lane) => lane.joined) !== null) return lock;
    if (requests.every(onlyLooks)) return null;
    throw new LongshoreError(
      'E_UNREACHABLE',
      'the shells that had the lock of this host have ended; nothing was sent',
      {
        host: this.host,
      },
    );
  }

  #forgetLockNeverHad(): void {
    if (this.#lock?.held === false && this.#lock.slot.isLost) this.#lock = null;
  }
}
