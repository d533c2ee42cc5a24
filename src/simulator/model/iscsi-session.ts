import type { LoginAnswer, Volume } from '../array-model.js';
import { pause } from '../../time/clock.js';
import { until } from '../change-feed.js';
import type { HostEnvironment } from './environment.js';

/** What a command that is sent over a session meets now. */
export type Reach =
  | { readonly kind: 'unit'; readonly volume: Volume }
  /** the target says that there is no such LUN */
  | { readonly kind: 'no-unit' }
  /** no answer yet: the portal is silent, or the session is being recovered */
  | { readonly kind: 'hang' }
  /** given up by the initiator: I/O fails at once */
  | { readonly kind: 'failed' };

export interface SessionFacts {
  readonly sid: number;
  readonly scsiHost: number;
  readonly targetName: string;
  readonly address: string;
  readonly port: number;
  readonly iface: string;
  readonly username: string | null;
  readonly scan: 'auto' | 'manual';
}

/** One iSCSI session: logged in, lost and recovered as its portal goes and comes. */
export class SimulatedSession {
  readonly facts: SessionFacts;
  readonly #environment: HostEnvironment;
  readonly #relogin: () => LoginAnswer;
  readonly #unsubscribe: () => void;
  readonly #ended = new AbortController();
  #state: 'LOGGED_IN' | 'FAILED' | 'FREE' = 'LOGGED_IN';
  #watching = false;
  #targetState: 'ALLOCATED' | 'SCANNED' = 'ALLOCATED';

  constructor(environment: HostEnvironment, facts: SessionFacts, relogin: () => LoginAnswer) {
    this.facts = facts;
    this.#environment = environment;
    this.#relogin = relogin;
    this.#unsubscribe = environment.array.changes.subscribe(() => void this.#watchPortal());
  }

  /** `address:port`, with brackets around IPv6. */
  get portal(): string {
    return portalText(this.facts.address, this.facts.port);
  }

  get state(): 'LOGGED_IN' | 'FAILED' | 'FREE' {
    return this.#state;
  }

  get targetState(): string {
    return this.#targetState;
  }

  markScanned(): void {
    this.#targetState = 'SCANNED';
  }

  /** State of a SCSI device below, as the transport sets it. */
  get deviceState(): 'running' | 'blocked' | 'transport-offline' {
    if (this.#state === 'LOGGED_IN') return 'running';
    return this.#state === 'FAILED' ? 'blocked' : 'transport-offline';
  }

  reach(lun: number): Reach {
    const { array, initiatorName } = this.#environment;
    if (this.#state === 'FREE') return { kind: 'failed' };
    if (this.#state === 'FAILED' || array.portalState(this.portal) !== 'up') return { kind: 'hang' };
    const volume = array.unitAt(this.facts.targetName, initiatorName, lun);
    return volume === null ? { kind: 'no-unit' } : { kind: 'unit', volume };
  }

  /** logged out, or gone with its host's power */
  get ended(): boolean {
    return this.#ended.signal.aborted;
  }

  /** Logged out: nothing is watched any more. */
  end(): void {
    this.#ended.abort();
    this.#unsubscribe();
  }

  /** From the loss of the portal to the session's return, with the initiator's timers. */
  async #watchPortal(): Promise<void> {
    const { array, clock, delays } = this.#environment;
    const signal = this.#ended.signal;
    if (this.#watching || array.portalState(this.portal) === 'up') return;
    this.#watching = true;
    // A refused connection or a reset is seen at once, silence only by a ping that is not answered.
    const silent = array.portalState(this.portal) !== 'refusing';
    const isBack = (): boolean => array.portalState(this.portal) === 'up';
    const cameBack = silent && (await until([array.changes], clock, isBack, { timeoutMs: delays.linkLossMs, signal }));
    if (!cameBack && !signal.aborted) {
      this.#become('FAILED');
      const inTime = await until([array.changes], clock, isBack, { timeoutMs: delays.replacementMs, signal });
      if (!inTime && !signal.aborted) this.#become('FREE');
      await this.#reconnect(isBack, signal);
    }
    this.#watching = false;
    if (!signal.aborted && !isBack()) void this.#watchPortal();
  }

  async #reconnect(isBack: () => boolean, signal: AbortSignal): Promise<void> {
    const { array, clock, delays } = this.#environment;
    while (!signal.aborted) {
      await until([array.changes], clock, isBack, { signal });
      if (!(await pause(clock, Math.max(1, delays.reconnectMs), signal))) return;
      if (isBack() && this.#relogin() === 'accepted') {
        this.#become('LOGGED_IN');
        return;
      }
    }
  }

  #become(state: 'LOGGED_IN' | 'FAILED' | 'FREE'): void {
    this.#state = state;
    this.#environment.changes.changed();
  }
}

export function portalText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
