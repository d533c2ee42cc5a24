import type { VolumeSpec } from '../../connectors/connector.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { sameVolumeAt } from '../same-volume.js';
import type { LedgerEntry } from '../ledger/ledger-entry.js';
import { dirtyMark, openMoves, ownedBy, ownerOf } from '../ledger/ledger-view.js';

/** A host as far as choosing needs it. */
export interface VolumeHost {
  readonly name: string;
  readonly volumes: ReadonlyMap<string, VolumeSpec>;
}

/** One volume that is to leave the source, and where it is to go. */
export interface Evacuee {
  readonly volume: string;
  readonly wwid: string;
  readonly to: string;
  /** as its destination reaches it */
  readonly spec: VolumeSpec;
}

export interface EvacuationChoice {
  readonly evacuees: readonly Evacuee[];
  /** volumes that stay where they are, and why */
  readonly stopped: ReadonlyMap<string, LongshoreError>;
  /** volumes that were taken from the source before, and the host that has them on record; null: none has */
  readonly settled: ReadonlyMap<string, string | null>;
}

export interface ChooseOptions {
  readonly from: VolumeHost;
  /** in the order in which they are to be filled */
  readonly to: readonly VolumeHost[];
  readonly entries: readonly LedgerEntry[];
  /** names; empty: all that the inventory or the ledger has at the source */
  readonly wanted: readonly string[];
  /** the operator says, with a reason, that the source has a volume of which nothing is on record */
  readonly unrecorded: boolean;
}

/**
 * Which volumes leave the source, and where they go (pure): those that both the inventory and the ledger have there, since the source itself
 * cannot be asked. Where the two differ, that volume stops. A destination takes what its own definition gives the same identity; the one with
 * the fewest gets the next, in the order in which they were named. What an evacuation has taken away before is settled: the rest goes on.
 */
export function chooseEvacuees({ from, to, entries, wanted, unrecorded }: ChooseOptions): EvacuationChoice {
  const onRecord = ownedBy(entries, from.name);
  const names = wanted.length > 0 ? wanted : [...from.volumes.keys(), ...undeclared(from, onRecord)];
  const stopped = new Map<string, LongshoreError>();
  const settled = new Map<string, string | null>();
  const evacuees: Evacuee[] = [];
  for (const name of names) {
    try {
      const spec = from.volumes.get(name);
      if (spec === undefined)
        throw stop(`the ledger has ${name} at ${from.name}, the inventory declares none there`, DECLARE);
      const { wwid } = spec;
      if (wwid === undefined)
        throw stop(`${name} has no wwid in the inventory: it cannot be told from any other`, 'add its wwid');
      const taken = takenBefore(from.name, wwid, entries);
      if (taken !== null) {
        settled.set(name, taken.host);
        continue;
      }
      const twin = evacuees.find((one) => one.wwid === wwid);
      if (twin !== undefined) throw stop(`${name} is the same volume as ${twin.volume} (${wwid})`, ONE_NAME);
      requireOnRecord(from.name, name, wwid, entries, unrecorded);
      evacuees.push({ volume: name, wwid, ...destinationOf(name, wwid, to, evacuees) });
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      stopped.set(name, error);
    }
  }
  return { evacuees, stopped, settled };
}

function undeclared(from: VolumeHost, onRecord: ReturnType<typeof ownedBy>): readonly string[] {
  const declared = new Set([...from.volumes.values()].map(({ wwid }) => wwid));
  return onRecord.filter(({ wwid }) => !declared.has(wwid)).map(({ volume }) => volume);
}

/** Who has a volume on record that an evacuation took from the source, which is dirty since; null when it was not taken, or not yet. */
function takenBefore(from: string, wwid: string, entries: readonly LedgerEntry[]): ReturnType<typeof ownerOf> {
  const isTaken = dirtyMark(entries, from)?.volumes.some((volume) => volume.wwid === wwid) === true;
  if (!isTaken || isMoving(from, wwid, entries)) return null;
  const owner = ownerOf(entries, wwid);
  return owner?.host === from ? null : owner;
}

function isMoving(from: string, wwid: string, entries: readonly LedgerEntry[]): boolean {
  return openMoves(entries).some((move) => move.wwid === wwid && (move.from === from || move.to === from));
}

/** The ledger has the volume at the source, or on its way from or to it. */
function requireOnRecord(
  from: string,
  volume: string,
  wwid: string,
  entries: readonly LedgerEntry[],
  unrecorded: boolean,
): void {
  if (isMoving(from, wwid, entries)) return;
  const owner = ownerOf(entries, wwid);
  if (owner?.host === from) return;
  if (owner === null) {
    if (unrecorded) return;
    const remedy = `look with longshore status which hosts have it; then name it alone, and say why: --volume ${volume} --unrecorded "REASON"`;
    throw stop(`nothing is on record of ${volume}: that ${from} has it is only declared`, remedy);
  }
  const where = owner.host === null ? 'at no host' : `at ${owner.host}`;
  throw stop(
    `${volume} is ${where} on record (number ${owner.number}), not at ${from}`,
    'the record counts: look with longshore status',
  );
}

function destinationOf(
  volume: string,
  wwid: string,
  to: readonly VolumeHost[],
  chosen: readonly Evacuee[],
): { readonly to: string; readonly spec: VolumeSpec } {
  const count = (host: string): number => chosen.filter((one) => one.to === host).length;
  const able = to.flatMap((host) => {
    const spec = sameVolumeAt(host.volumes, volume, wwid);
    return spec === null ? [] : [{ to: host.name, spec }];
  });
  const [best] = able.toSorted((a, b) => count(a.to) - count(b.to));
  if (best !== undefined) return best;
  throw stop(
    `no destination declares ${volume} with the wwid ${wwid}`,
    `declare it for ${to.map(({ name }) => name).join(' or ')}`,
  );
}

const ONE_NAME = 'name it once: two destinations would both be given it';
const DECLARE = 'declare it for the source and its destination, or leave it where it is';

function stop(message: string, remedy: string): LongshoreError {
  return new LongshoreError('E_OWNER', message, { remedy });
}
