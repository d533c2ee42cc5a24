import { LongshoreError } from '../../errors/longshore-error.js';
import type { Ledger, LedgerEntry, MoveEntry, NewLedgerEntry } from '../ledger/ledger-entry.js';
import { moveRecord, nextNumber, openMoveOf, ownerOf } from '../ledger/ledger-view.js';
import type { MovePhase, MoveRecord, MoveSide } from './move-step.js';

interface BookedMove {
  readonly volume: string;
  readonly wwid: string;
  readonly from: string;
  readonly to: string;
  /** for a move that is begun now */
  readonly id: string;
}

/** One move in the ledger: read once, written phase by phase. A move between the same two hosts that is still open is gone on with. */
export class MoveBook {
  readonly #ledger: Ledger;
  readonly #move: BookedMove;
  #entries: readonly LedgerEntry[] = [];
  #id: string | null = null;
  #number = 0;

  constructor(ledger: Ledger, move: BookedMove) {
    this.#ledger = ledger;
    this.#move = move;
  }

  /** Reads the ledger. Throws `E_OWNER` when it says that the volume is somewhere else, or on its way to somewhere else. */
  async open(): Promise<void> {
    this.#entries = await this.#ledger.entries();
    const { wwid, from, to, volume } = this.#move;
    const open = openMoveOf(this.#entries, wwid);
    if (open !== null && (open.from !== from || open.to !== to || open.mode !== 'handover')) {
      const verb = open.mode === 'handover' ? 'migrate' : 'evacuate';
      throw new LongshoreError('E_OWNER', `a move of ${volume} from ${open.from} to ${open.to} is not finished`, {
        remedy: `finish it first: longshore ${verb} --from ${open.from} --to ${open.to} --volume ${open.volume}`,
      });
    }
    const owner = ownerOf(this.#entries, wwid);
    if (owner !== null && owner.host !== null && owner.host !== from && owner.host !== to) {
      throw new LongshoreError(
        'E_OWNER',
        `${volume} belongs to ${owner.host} on record (number ${owner.number}), not to ${from}`,
        {
          remedy: `look where it is: longshore status; if the record is wrong, attach it by Longshore where it is, which corrects it`,
        },
      );
    }
    this.#id = open?.move ?? null;
    this.#number = open?.number ?? nextNumber(this.#entries, wwid);
  }

  record(): MoveRecord {
    const { wwid, from, to } = this.#move;
    return moveRecord(this.#entries, { wwid, from, to, id: this.#id });
  }

  /** Writes a phase, once: one that is on record is not written again. */
  async note(phase: MovePhase, why?: string): Promise<void> {
    if (phase === 'begun') await this.#begin();
    else if (this.record().phases.has(phase)) return;
    else await this.#add(this.#entry(phase, why));
  }

  /** Writes the owner under a number that nobody had before: the move's own at the destination, a new one at the source. */
  async own(side: MoveSide): Promise<void> {
    const { volume, wwid } = this.#move;
    const isMoved = side === 'to' && this.#id !== null;
    const number = isMoved ? this.#number : nextNumber(this.#entries, wwid);
    const how = this.#id === null ? 'seen' : side === 'to' ? 'migrate' : 'returned';
    await this.#add({ kind: 'owner', volume, wwid, host: this.#move[side], number, how });
  }

  owner(): { readonly host: string | null; readonly number: number } | null {
    const owner = ownerOf(this.#entries, this.#move.wwid);
    return owner === null ? null : { host: owner.host, number: owner.number };
  }

  /** The number that the volume would get at its destination. */
  nextNumber(): number {
    const isOpen = this.#id !== null;
    // one more for its source, when that is not on record yet
    return isOpen
      ? this.#number
      : nextNumber(this.#entries, this.#move.wwid) + (this.record().owner === 'from' ? 0 : 1);
  }

  /** There is an owner on record before anything is moved, so that there is one at every moment after it. */
  async #begin(): Promise<void> {
    const { volume, wwid, from, id } = this.#move;
    if (this.record().owner !== 'from') {
      await this.#add({
        kind: 'owner',
        volume,
        wwid,
        host: from,
        number: nextNumber(this.#entries, wwid),
        how: 'seen',
      });
    }
    this.#id = id;
    this.#number = nextNumber(this.#entries, wwid);
    await this.#add(this.#entry('begun'));
  }

  #entry(phase: MovePhase, why?: string): Omit<MoveEntry, 'at' | 'run'> {
    const { volume, wwid, from, to, id } = this.#move;
    const move = this.#id ?? id;
    const number = this.#number;
    return {
      kind: 'move',
      mode: 'handover',
      move,
      volume,
      wwid,
      from,
      to,
      number,
      phase,
      ...(why === undefined ? {} : { why }),
    };
  }

  async #add(entry: NewLedgerEntry): Promise<void> {
    await this.#ledger.add(entry);
    this.#entries = await this.#ledger.entries();
  }
}
