import { createHash } from 'node:crypto';
import type { FleetAudit } from './audit-fleet.js';
import type { Removal, SweepObject } from './sweep-object.js';

/** What a sweep does when nothing else is said. */
export const SWEEP_DEFAULTS = {
  /** between the first look at which an object was a candidate and its removal; longer than a controller of an array takes to come back, s */
  graceSeconds: 600,
  /** a look that is older says nothing any more, s */
  longestMemorySeconds: 7 * 86_400,
  perHost: 10,
  perRun: 50,
} as const;

/** Candidates of one earlier look at a host: digest by key. */
export interface EarlierLook {
  /** ms since 1970, by the controller's clock */
  readonly at: number;
  readonly candidates: ReadonlyMap<string, string>;
}

/** By host, in any order. */
export type EarlierLooks = ReadonlyMap<string, readonly EarlierLook[]>;

/** What could not be removed, `HOST KEY`, with the reason: it is not tried again unless it is named. */
export type Quarantine = ReadonlyMap<string, string>;

export function quarantineKey(host: string, key: string): string {
  return `${host} ${key}`;
}

export interface PlanOptions {
  readonly now: number;
  readonly graceMs: number;
  readonly perHost: number;
  readonly perRun: number;
  /** only these keys; null: every candidate */
  readonly only: ReadonlySet<string> | null;
}

/**
 * ready: it would be removed; waiting: it was not seen for long enough yet; over-limit: a later sweep takes it; quarantined: it could not be removed
 * before.
 */
export type PlannedState = 'ready' | 'waiting' | 'over-limit' | 'quarantined';

export interface PlannedObject {
  readonly host: string;
  readonly key: string;
  readonly title: string;
  readonly reasons: readonly string[];
  readonly removal: Removal;
  readonly digest: string;
  readonly state: PlannedState;
  /** ms since 1970 */
  readonly firstSeen: number;
  /** from when on it may be removed */
  readonly readyAt: number;
  /** of a quarantined one: why */
  readonly why?: string;
}

export interface SweepPlan {
  /** in the order of the hosts, from the top of each stack down */
  readonly objects: readonly PlannedObject[];
  /** names the ready ones, with their evidence; null when there are none, or when the sweep may only report */
  readonly hash: string | null;
  /** why nothing may be removed at all; else null */
  readonly outage: string | null;
}

/** What a sweep would remove (pure). Nothing is ready in an outage, at its first look, or above the limits (rules S37, S38). */
export function planSweep(
  audit: FleetAudit,
  earlier: EarlierLooks,
  quarantine: Quarantine,
  options: PlanOptions,
): SweepPlan {
  const objects: PlannedObject[] = [];
  let inRun = 0;
  for (const [host, { objects: found, digests }] of audit.hosts) {
    let onHost = 0;
    for (const object of found) {
      const digest = digests.get(object.key);
      if (object.removal === undefined || digest === undefined) continue;
      if (options.only !== null && !options.only.has(object.key)) continue;
      const firstSeen = firstSeenAt(earlier.get(host) ?? [], object.key, digest, options.now);
      const readyAt = firstSeen + options.graceMs;
      const why = quarantine.get(quarantineKey(host, object.key));
      const isHeld = why !== undefined && options.only === null;
      const isFull = onHost >= options.perHost || inRun >= options.perRun;
      const state = isHeld ? 'quarantined' : readyAt > options.now ? 'waiting' : isFull ? 'over-limit' : 'ready';
      if (state === 'ready') {
        onHost += 1;
        inRun += 1;
      }
      objects.push({
        ...planned(host, object, object.removal),
        digest,
        state,
        firstSeen,
        readyAt,
        ...(isHeld ? { why } : {}),
      });
    }
  }
  const { outage } = audit;
  return { objects, hash: outage === null ? hashOf(objects) : null, outage };
}

function planned(host: string, { key, title, reasons }: SweepObject, removal: Removal) {
  return { host, key, title, reasons, removal };
}

/** The oldest look of those that, one after the other back from now, all saw the same object in the same state. */
function firstSeenAt(looks: readonly EarlierLook[], key: string, digest: string, now: number): number {
  const before = looks.filter(({ at }) => at <= now).sort((a, b) => b.at - a.at);
  let first = now;
  for (const { at, candidates } of before) {
    if (candidates.get(key) !== digest) break;
    first = at;
  }
  return first;
}

function hashOf(objects: readonly PlannedObject[]): string | null {
  const ready = objects.filter(({ state }) => state === 'ready').map(approvalLine);
  return ready.length === 0 ? null : hashOfLines(ready);
}

/** One approved object: where it is, what it is, and the state in which it was seen. */
export function approvalLine({ host, key, digest }: Pick<PlannedObject, 'host' | 'key' | 'digest'>): string {
  return JSON.stringify([host, key, digest]);
}

/** The hash of an approval, whatever the order of its lines. */
export function hashOfLines(lines: readonly string[]): string {
  return createHash('sha256')
    .update([...lines].sort().join('\n'))
    .digest('hex')
    .slice(0, 16);
}
