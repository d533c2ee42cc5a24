import type { MovePhase, MoveRecord } from '../migrate/move-step.js';
import type { HostMarkEntry, LedgerEntry, MoveEntry, OwnerEntry } from './ledger-entry.js';

/** The owner of a volume on record: the entry with the highest number. Null when nobody ever wrote one. */
export function ownerOf(entries: readonly LedgerEntry[], wwid: string): OwnerEntry | null {
  let last: OwnerEntry | null = null;
  for (const entry of entries) {
    if (entry.kind === 'owner' && entry.wwid === wwid && (last === null || entry.number >= last.number)) last = entry;
  }
  return last;
}

/** A number that was never given to anybody for this volume. */
export function nextNumber(entries: readonly LedgerEntry[], wwid: string): number {
  const numbers = entries.map((entry) =>
    (entry.kind === 'owner' || entry.kind === 'move') && entry.wwid === wwid ? entry.number : 0,
  );
  return Math.max(0, ...numbers) + 1;
}

/** A move that was begun and not closed. */
export interface OpenMove {
  readonly move: string;
  readonly mode: MoveEntry['mode'];
  readonly volume: string;
  readonly wwid: string;
  readonly from: string;
  readonly to: string;
  readonly number: number;
  readonly phases: ReadonlySet<MovePhase>;
  readonly why?: string;
}

/** The open move of a volume, or null. There is at most one: a second one is not begun while it is open. */
export function openMoveOf(entries: readonly LedgerEntry[], wwid: string): OpenMove | null {
  return openMoves(entries).find((move) => move.wwid === wwid) ?? null;
}

/** Every open move, oldest first. */
export function openMoves(entries: readonly LedgerEntry[]): readonly OpenMove[] {
  const moves = new Map<string, OpenMove>();
  for (const entry of entries) {
    if (entry.kind !== 'move') continue;
    const { move, mode, volume, wwid, from, to, number, phase } = entry;
    const known = moves.get(move);
    const why = entry.why ?? known?.why;
    const phases = new Set([...(known?.phases ?? []), phase]);
    moves.set(move, { move, mode, volume, wwid, from, to, number, phases, ...(why === undefined ? {} : { why }) });
  }
  return [...moves.values()].filter(({ phases }) => !phases.has('closed'));
}

/** What `decide` is told of a move; of one that was not begun, only who owns the volume. */
export function moveRecord(
  entries: readonly LedgerEntry[],
  {
    wwid,
    from,
    to,
    id,
  }: { readonly wwid: string; readonly from: string; readonly to: string; readonly id: string | null },
): MoveRecord {
  const own = entries.filter((entry): entry is MoveEntry => entry.kind === 'move' && entry.move === id);
  const owner = ownerOf(entries, wwid);
  const number = own[0]?.number ?? 0;
  const why = own.findLast((entry) => entry.why !== undefined)?.why;
  return {
    phases: new Set(own.map((entry) => entry.phase)),
    owner: owner?.host === from ? 'from' : owner?.host === to ? 'to' : null,
    returned: owner?.host === from && owner.number > number,
    ...(why === undefined ? {} : { why }),
  };
}

/** Volumes on record at a host: those that it owns. */
export function ownedBy(entries: readonly LedgerEntry[], host: string): readonly OwnerEntry[] {
  const wwids = new Set(entries.flatMap((entry) => (entry.kind === 'owner' ? [entry.wwid] : [])));
  return [...wwids].flatMap((wwid) => {
    const owner = ownerOf(entries, wwid);
    return owner?.host === host ? [owner] : [];
  });
}

/** Why a host is dirty. */
export interface DirtyHost {
  readonly host: string;
  /** of the first mark since it was last clean */
  readonly since: string;
  /** of the last one: what it holds in memory from before may not be written any more */
  readonly last: string;
  /** everything that was taken from it since then */
  readonly volumes: HostMarkEntry['volumes'];
  readonly why: string;
}

/** The dirty mark of a host, or null when it never had one or was proven clean since. */
export function dirtyMark(entries: readonly LedgerEntry[], host: string): DirtyHost | null {
  const marks = entries.filter((entry): entry is HostMarkEntry => entry.kind === 'host-mark' && entry.host === host);
  const open = marks.slice(marks.findLastIndex(({ mark }) => mark === 'clean') + 1);
  const [first] = open;
  const last = open.at(-1);
  if (first === undefined || last === undefined) return null;
  const volumes = new Map(open.flatMap((mark) => mark.volumes).map((volume) => [volume.wwid, volume]));
  return { host, since: first.at, last: last.at, volumes: [...volumes.values()], why: last.why };
}
