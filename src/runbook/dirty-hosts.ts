import type { LongshoreError } from '../errors/longshore-error.js';
import { dirtyRefusal, takenRefusal } from '../moves/dirty/refuse-dirty.js';
import type { LedgerEntry } from '../moves/ledger/ledger-entry.js';
import type { Play, PlayStep } from './playbook.js';

/**
 * Why a play must do nothing on a host that is dirty after an evacuation (rule S23), or null: it has a step that such a host does not bear, or one that
 * would change a volume that was taken from it. The host is refused all of the play: half of it is not what was asked for.
 */
export function dirtyRefusalOf(
  { steps }: Play,
  entries: readonly LedgerEntry[],
): (host: { readonly name: string }) => LongshoreError | null {
  const refuse = dirtyRefusal(entries);
  return (host) => {
    const refusal = refuse(host);
    return refusal === null || steps.every((step) => isBorne(step, host.name, entries)) ? null : refusal;
  };
}

function isBorne({ kind, on }: PlayStep, host: string, entries: readonly LedgerEntry[]): boolean {
  const { options, volumes } = on(kind.scope === 'fleet' ? '' : host);
  if (kind.bearsDirty?.(options) !== true) return false;
  if (kind.scope === 'fleet' || kind.changes(options) === 'nothing') return true;
  const wwids = volumes.map(({ wwid }) => wwid);
  return takenRefusal(entries, host, wwids) === null;
}
