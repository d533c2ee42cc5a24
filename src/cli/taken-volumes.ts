import type { Attachment } from '../journal/attachments.js';
import type { LedgerEntry } from '../moves/ledger/ledger-entry.js';
import { dirtyMark } from '../moves/ledger/ledger-view.js';

/**
 * What the journals say is attached, without the certainty of it where an evacuation has taken the volume from its host since (pure): of that host no run
 * has heard, and it may hold the volume until it is proven clean.
 */
export function withTaken(attached: readonly Attachment[], entries: readonly LedgerEntry[]): readonly Attachment[] {
  const marks = new Map(attached.map(({ host }) => [host, dirtyMark(entries, host)]));
  return attached.map((one): Attachment => {
    const isTaken = marks.get(one.host)?.volumes.some(({ wwid }) => wwid === one.wwid) === true;
    return isTaken ? { ...one, state: 'uncertain', why: 'evacuated; longshore clean proves what is left' } : one;
  });
}
