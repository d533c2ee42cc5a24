import type { Ledger, LedgerEntry, NewLedgerEntry } from '../../../src/moves/ledger/ledger-entry.js';
import { ledgerEntrySchema } from '../../../src/moves/ledger/ledger-entry.js';

/** A ledger in memory that checks what it is given, as reading it back from a file would. */
export class MemoryLedger implements Ledger {
  readonly all: LedgerEntry[] = [];
  #run = 'test';
  now: () => Date = () => new Date('2026-01-01T00:00:00Z');

  as(run: string): this {
    this.#run = run;
    return this;
  }

  entries(): Promise<readonly LedgerEntry[]> {
    return Promise.resolve([...this.all]);
  }

  add(...entries: readonly NewLedgerEntry[]): Promise<void> {
    const stamp = { at: this.now().toISOString(), run: this.#run };
    this.all.push(...entries.map((entry) => ledgerEntrySchema.parse({ ...entry, ...stamp })));
    return Promise.resolve();
  }
}
