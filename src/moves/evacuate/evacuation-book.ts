import type { Evidence } from '../evidence/evidence-schema.js';
import type { Ledger, LedgerEntry } from '../ledger/ledger-entry.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { nextNumber, type OpenMove, openMoves } from '../ledger/ledger-view.js';
import type { MovePhase } from '../migrate/move-step.js';
import type { Evacuee } from './choose-evacuees.js';

/** What an evacuation writes into the ledger, each before what it allows. */
export class EvacuationBook {
  readonly #ledger: Ledger;
  readonly #from: string;
  readonly #runId: string;
  readonly #moves = new Map<string, OpenMove>();

  constructor(ledger: Ledger, from: string, runId: string) {
    this.#ledger = ledger;
    this.#from = from;
    this.#runId = runId;
  }

  async open(): Promise<void> {
    for (const move of openMoves(await this.#ledger.entries())) this.#moves.set(move.wwid, move);
  }

  /** The evidence, and the mark on the host: before any of its volumes is given away. */
  async begin(evidence: Evidence, evacuees: readonly Evacuee[]): Promise<void> {
    await this.evidence(evidence);
    await this.#ledger.add({
      kind: 'host-mark',
      host: this.#from,
      mark: 'dirty',
      volumes: evacuees.map(({ volume, wwid }) => ({ volume, wwid })),
      why: `evacuated, fenced by ${evidence.method}`,
    });
  }

  async evidence(evidence: Evidence): Promise<void> {
    await this.#ledger.add({ kind: 'evidence', evidence });
  }

  /** The volume is about to be attached at its destination. A move of it that was open before ends here: its source or destination is dead. */
  async arriving(evacuee: Evacuee, unrecorded?: string): Promise<void> {
    const entries = await this.#ledger.entries();
    const open = this.#moves.get(evacuee.wwid);
    const isOurs = open?.mode === 'evacuation' && open.from === this.#from && open.to === evacuee.to;
    if (open !== undefined && !isOurs)
      await this.#write(open, 'closed', `evacuated from ${this.#from} to ${evacuee.to}`);
    const move = isOurs ? open : this.#newMove(evacuee, entries);
    this.#moves.set(evacuee.wwid, move);
    if (!isOurs) await this.#write(move, 'begun', unrecorded);
    await this.#write(move, 'arriving');
  }

  async arrived({ volume, wwid, to }: Evacuee): Promise<void> {
    const move = this.#openMove(wwid);
    await this.#ledger.add({ kind: 'owner', volume, wwid, host: to, number: move.number, how: 'evacuate' });
    await this.#write(move, 'closed');
    this.#moves.delete(wwid);
  }

  /** The destination is proven to have nothing of it: the volume belongs to its dead host still. */
  async givenUp({ wwid }: Evacuee, why: string): Promise<void> {
    await this.#write(this.#openMove(wwid), 'closed', why);
    this.#moves.delete(wwid);
  }

  #newMove({ volume, wwid, to }: Evacuee, entries: readonly LedgerEntry[]): OpenMove {
    const move = `${this.#runId} ${volume}`;
    const number = nextNumber(entries, wwid);
    return { move, mode: 'evacuation', volume, wwid, from: this.#from, to, number, phases: new Set() };
  }

  #openMove(wwid: string): OpenMove {
    const move = this.#moves.get(wwid);
    if (move === undefined) throw new LongshoreError('E_INTERNAL', `no evacuation of ${wwid} was begun`);
    return move;
  }

  async #write(
    { move, mode, volume, wwid, from, to, number }: OpenMove,
    phase: MovePhase,
    why?: string,
  ): Promise<void> {
    const reason = why === undefined ? {} : { why };
    await this.#ledger.add({ kind: 'move', move, mode, volume, wwid, from, to, number, phase, ...reason });
  }
}
