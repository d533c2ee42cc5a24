import { LongshoreError } from '../../errors/longshore-error.js';
import type { FleetHost, HostTask } from '../../fleet/run-host.js';
import type { LedgerEntry } from '../ledger/ledger-entry.js';
import { type DirtyHost, dirtyMark } from '../ledger/ledger-view.js';

/** Throws `E_HOST_DIRTY` for a host that lost volumes by an evacuation and was not proven clean of them since (rule S23). */
export function requireNotDirty(entries: readonly LedgerEntry[], host: string): void {
  const mark = dirtyMark(entries, host);
  if (mark !== null) throw dirtyError(mark);
}

/** Why a dirty host is refused, or null; for `FleetOptions.refusal`. */
export function dirtyRefusal(entries: readonly LedgerEntry[]): (host: FleetHost) => LongshoreError | null {
  return ({ name }) => {
    const mark = dirtyMark(entries, name);
    return mark === null ? null : dirtyError(mark);
  };
}

/**
 * Why work on volumes of these identities is refused on a host, or null: one of them was taken from it, and a detach would write what is left in
 * its memory over what the new owner has written. A volume without an identity may be any of them.
 */
export function takenRefusal(
  entries: readonly LedgerEntry[],
  host: string,
  wwids: readonly (string | undefined)[],
): LongshoreError | null {
  const mark = dirtyMark(entries, host);
  const isTaken = mark?.volumes.some(({ wwid }) => wwids.includes(wwid) || wwids.includes(undefined)) === true;
  return mark !== null && isTaken ? dirtyError(mark) : null;
}

/** The same work, unless it is about a volume that was taken from the host. */
export function refusingTaken<H extends FleetHost>(
  task: HostTask<H>,
  entries: readonly LedgerEntry[],
  wwidsOf: (host: H) => readonly (string | undefined)[],
): HostTask<H> {
  return async (host, context) => {
    const refusal = takenRefusal(entries, host.name, wwidsOf(host));
    if (refusal !== null) throw refusal;
    return task(host, context);
  };
}

function dirtyError({ host, volumes, since, why }: DirtyHost): LongshoreError {
  const names = volumes.map(({ volume }) => volume).join(', ');
  return new LongshoreError('E_HOST_DIRTY', `${host} is dirty since ${since}: ${names} ${why}, and may be left there`, {
    host,
    remedy: `reboot it with its array access still closed, then prove it clean: longshore clean --limit ${host}`,
  });
}
