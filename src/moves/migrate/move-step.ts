import type { LongshoreError } from '../../errors/longshore-error.js';

/**
 * What the ledger knows of a move, in the order in which it comes to be. A phase in `-ing` is written before the change that it announces,
 * the others after what they claim was proven.
 */
export const MOVE_PHASES = [
  'begun',
  'detaching',
  'released',
  'handing-over',
  'handed-over',
  'arriving',
  'turned-back',
  'giving-back',
  'given-back',
  'returning',
  'closed',
] as const;
export type MovePhase = (typeof MOVE_PHASES)[number];

export type MoveSide = 'from' | 'to';

/** A move as the ledger has it. */
export interface MoveRecord {
  readonly phases: ReadonlySet<MovePhase>;
  /** which of its two hosts the volume belongs to on record; null: neither, or nothing is on record */
  readonly owner: MoveSide | null;
  /** the source was written down as the owner again after the move had turned back */
  readonly returned: boolean;
  /** why it turned back */
  readonly why?: string;
}

/** Steps that touch something outside of the ledger. Each is tried once in a run, apart from what the connector itself tries again. */
export type Attempt = 'detach from' | 'attach to' | 'detach to' | 'attach from' | 'hand-over' | 'give-back';

/** What this run has learnt, and a later one learns anew. */
export interface MoveMemory {
  readonly failures: ReadonlyMap<Attempt, LongshoreError>;
  /** the source was looked at after the volume had arrived */
  readonly looked: boolean;
  /** there is something to do at the array between the two hosts */
  readonly hasArrayStep: boolean;
}

/** Names for messages. */
export interface MoveTexts {
  readonly volume: string;
  readonly from: string;
  readonly to: string;
}

export type Ending =
  /** nothing was done: this is what would be */
  | 'planned'
  /** the volume is at its destination, and was moved there by this run or one before it */
  | 'moved'
  /** it was there, and on record, before anything was done */
  | 'nothing-to-do'
  /** the destination failed; the source has it again */
  | 'returned'
  /** nothing was begun */
  | 'refused'
  /** a host stopped answering midway: no host is given the volume until it can be asked again */
  | 'frozen'
  /** midway, and the next step needs a person */
  | 'stopped';

export type MoveStep =
  | { readonly kind: 'note'; readonly phase: MovePhase; readonly why?: string }
  | { readonly kind: 'detach' | 'attach'; readonly side: MoveSide }
  | { readonly kind: 'hand-over' | 'give-back' }
  /** write down that the volume belongs to this host, under a new number */
  | { readonly kind: 'own'; readonly side: MoveSide }
  /** the last look at the source, for this one identity */
  | { readonly kind: 'look-after' }
  | {
      readonly kind: 'end';
      readonly ending: Ending;
      readonly error?: LongshoreError;
      readonly warning?: string;
    };
