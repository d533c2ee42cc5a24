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
 * The same work, unless it is about a volume that was taken from the host: a detach would write what is left in its memory over what the
 * new owner has written.
 */
export function refusingTaken<H extends FleetHost>(
  task: HostTask<H>,
  entries: readonly LedgerEntry[],
  wwidsOf: (host: H) => readonly (string | undefined)[],
): HostTask<H> {
  return async (host, context) => {
    const mark = dirtyMark(entries, host.name);
    const wwids = wwidsOf(host);
    // a volume without an identity may be any of them
    const isTaken = mark?.volumes.some(({ wwid }) => wwids.includes(wwid) || wwids.includes(undefined)) === true;
    if (mark !== null && isTaken) throw dirtyError(mark);
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
