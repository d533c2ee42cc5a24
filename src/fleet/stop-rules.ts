import type { Outcome } from '../connectors/connector.js';
import type { ErrorCode } from '../errors/longshore-error.js';
import { type Amount, amountText, hostsIn } from './amount.js';
import type { HostFindings } from './fleet-result.js';
import { brokenPortals, isBroken, OUTAGE } from './outage.js';

/** Why a run on many hosts goes no further. Hosts that were begun still end. */
export interface StopReason {
  /**
   * safety: a host was refused for identity, or could not be flushed; failures: more of them than allowed; outage: many hosts or portals
   * look broken at once; declined: a person was asked, and said no
   */
  readonly kind: 'safety' | 'failures' | 'outage' | 'declined';
  /** one line, for people */
  readonly message: string;
}

/** Failed hosts that are still borne; null: any number. */
export interface FailureLimits {
  readonly perBatch: Amount | null;
  readonly total: Amount | null;
}

export const NO_LIMITS: FailureLimits = { perBatch: null, total: null };

/** What must not happen on a second host before a person has looked (rule S36). */
const SAFETY_CODES: readonly ErrorCode[] = ['E_IDENTITY_MISMATCH', 'E_IDENTITY_UNKNOWN', 'E_FLUSH_FAILED'];

export function isFailure(outcome: Outcome): boolean {
  return outcome !== 'ok' && outcome !== 'changed';
}

/**
 * Decides, host by host, whether a run may go on: after a safety stop on any host, more failures than the limits allow in this batch or in
 * all, or what looks like an outage. Whoever was not `ok` or `changed` counts as failed, unreachable ones too.
 */
export class StopRules {
  readonly #limits: FailureLimits;
  readonly #total: number;
  readonly #failed = new Set<string>();
  #batchSize = 0;
  #failedInBatch = new Set<string>();
  #broken = new Set<string>();
  #portals = new Map<string, Set<string>>();
  #stop: StopReason | null = null;

  /** @param total hosts of the whole run */
  constructor(limits: FailureLimits, total: number) {
    this.#limits = limits;
    this.#total = total;
  }

  /** null while the run may go on */
  get stop(): StopReason | null {
    return this.#stop;
  }

  beginBatch(size: number): void {
    this.#batchSize = size;
    this.#failedInBatch = new Set();
    this.#broken = new Set();
    this.#portals = new Map();
  }

  /** Ends the run for a reason of the caller's. The first reason stays. */
  end(reason: StopReason): void {
    this.#stop ??= reason;
  }

  /** Takes in what became of a host; may be called several times for one. */
  note(host: string, findings: Pick<HostFindings, 'outcome' | 'error' | 'volumes'>): void {
    for (const portal of brokenPortals(findings)) {
      this.#portals.set(portal, (this.#portals.get(portal) ?? new Set()).add(host));
    }
    if (isBroken(findings)) this.#broken.add(host);
    if (isFailure(findings.outcome)) {
      this.#failed.add(host);
      this.#failedInBatch.add(host);
    }
    const reason = safetyReason(host, findings) ?? this.#outage() ?? this.#tooMany();
    if (reason !== null) this.end(reason);
  }

  #tooMany(): StopReason | null {
    const { perBatch, total } = this.#limits;
    const reason = (count: number, limit: Amount, where: string): StopReason => ({
      kind: 'failures',
      message: `${count} of ${where} failed, more than max_failures ${amountText(limit)} allows`,
    });
    const inBatch = this.#failedInBatch.size;
    if (perBatch !== null && inBatch > hostsIn(perBatch, this.#batchSize)) {
      return reason(inBatch, perBatch, `${this.#batchSize} in this batch`);
    }
    if (total !== null && this.#failed.size > hostsIn(total, this.#total)) {
      return reason(this.#failed.size, total, `${this.#total} in all`);
    }
    return null;
  }

  #outage(): StopReason | null {
    const limit = Math.max(OUTAGE.leastHosts, Math.ceil(this.#batchSize * OUTAGE.share));
    const portal = [...this.#portals].find(([, hosts]) => hosts.size >= limit);
    const what =
      this.#broken.size >= limit
        ? `${this.#broken.size} of ${this.#batchSize} hosts cannot be reached or have lost their storage`
        : portal === undefined
          ? null
          : `portal ${portal[0]} is broken for ${portal[1].size} of ${this.#batchSize} hosts`;
    return what === null ? null : { kind: 'outage', message: `this looks like an outage: ${what}` };
  }
}

function safetyReason(host: string, { error, volumes }: Pick<HostFindings, 'error' | 'volumes'>): StopReason | null {
  const errors = [error, ...[...(volumes?.values() ?? [])].map((volume) => volume.error)];
  for (const one of errors) {
    const code = one !== undefined && 'code' in one ? one.code : undefined;
    const safety = SAFETY_CODES.find((known) => known === code);
    if (safety !== undefined) return { kind: 'safety', message: `${host} stopped for safety: ${safety}` };
  }
  return null;
}
