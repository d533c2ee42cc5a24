import { z } from 'zod';
import { evidenceSchema } from '../evidence/evidence-schema.js';
import { MOVE_PHASES } from '../migrate/move-step.js';

const word = z.string().min(1).max(255);
const stamp = {
  /** ISO 8601, UTC */
  at: z.iso.datetime(),
  /** the run that wrote it */
  run: word,
};
const volume = { volume: word, wwid: word };

/** Who a volume belongs to. Numbers grow for each WWID; the highest one counts. */
const ownerSchema = z.strictObject({
  kind: z.literal('owner'),
  ...stamp,
  ...volume,
  /** null: it was detached, and belongs to no host */
  host: word.nullable(),
  number: z.int().positive(),
  how: z.enum(['seen', 'attach', 'detach', 'migrate', 'evacuate', 'returned']),
});

/** One phase of a move; all entries with the same `move` are one story. */
const moveSchema = z.strictObject({
  kind: z.literal('move'),
  ...stamp,
  ...volume,
  move: word,
  mode: z.enum(['handover', 'evacuation']),
  from: word,
  to: word,
  /** the number that the volume gets at its destination */
  number: z.int().positive(),
  phase: z.enum(MOVE_PHASES),
  why: z.string().optional(),
});

const evidenceEntrySchema = z.strictObject({ kind: z.literal('evidence'), ...stamp, evidence: evidenceSchema });

/** A host that lost volumes by an evacuation is dirty until it is proven clean of them. */
const hostMarkSchema = z.strictObject({
  kind: z.literal('host-mark'),
  ...stamp,
  host: word,
  mark: z.enum(['dirty', 'clean']),
  /** dirty: what was taken from it; clean: what it was proven to have nothing of */
  volumes: z.array(z.strictObject(volume)),
  why: z.string(),
});

export const ledgerEntrySchema = z.discriminatedUnion('kind', [
  ownerSchema,
  moveSchema,
  evidenceEntrySchema,
  hostMarkSchema,
]);

export type LedgerEntry = z.output<typeof ledgerEntrySchema>;
export type OwnerEntry = z.output<typeof ownerSchema>;
export type MoveEntry = z.output<typeof moveSchema>;
export type HostMarkEntry = z.output<typeof hostMarkSchema>;

/** An entry without what the ledger adds itself. */
export type NewLedgerEntry = LedgerEntry extends infer E
  ? E extends LedgerEntry
    ? Omit<E, 'at' | 'run'>
    : never
  : never;

/** The truth about which host a volume belongs to, over all runs. */
export interface Ledger {
  /** all of it, oldest first; throws when a part of it cannot be read: no owner can be known then */
  entries(): Promise<readonly LedgerEntry[]>;
  /** Adds entries. When it resolves, they are on disk. */
  add(...entries: readonly NewLedgerEntry[]): Promise<void>;
}
