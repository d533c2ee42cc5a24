import type { VolumeResult, VolumeSpec } from '../../connectors/connector.js';
import type { FleetResult } from '../../fleet/fleet-result.js';
import type { Ledger, LedgerEntry, NewLedgerEntry, OwnerEntry } from './ledger-entry.js';

/**
 * Writes down who owns a volume after work that was proven, where that differs from the record: the host that has it attached, or nobody when
 * its owner has it no more. Volumes that are only read have no owner: any number of hosts may have them.
 */
export async function recordOwners(
  result: FleetResult,
  specOf: (host: string, volume: string) => VolumeSpec | undefined,
  ledger: Ledger,
): Promise<void> {
  const { owners, numbers } = tableOf(await ledger.entries());
  const news: NewLedgerEntry[] = [];
  for (const [host, { volumes }] of result.hosts) {
    for (const [volume, one] of volumes ?? []) {
      const spec = specOf(host, volume);
      const wwid = wwidOf(one, spec);
      if (wwid === null || spec?.accessMode === 'ro' || (one.outcome !== 'changed' && one.outcome !== 'ok')) continue;
      const isOwner = owners.get(wwid) === host;
      const isThere = one.deviceInfo !== undefined;
      if (isThere === isOwner) continue;
      const number = (numbers.get(wwid) ?? 0) + 1;
      const owner = isThere ? host : null;
      news.push({ kind: 'owner', volume, wwid, number, host: owner, how: isThere ? 'attach' : 'detach' });
      numbers.set(wwid, number);
      owners.set(wwid, owner);
    }
  }
  if (news.length > 0) await ledger.add(...news);
}

/** Owner and highest number of every volume, in one pass: a fleet has thousands. */
function tableOf(entries: readonly LedgerEntry[]): {
  readonly owners: Map<string, OwnerEntry['host']>;
  readonly numbers: Map<string, number>;
} {
  const owners = new Map<string, OwnerEntry['host']>();
  const numbers = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== 'owner' && entry.kind !== 'move') continue;
    const highest = numbers.get(entry.wwid) ?? 0;
    if (entry.kind === 'owner' && entry.number >= highest) owners.set(entry.wwid, entry.host);
    numbers.set(entry.wwid, Math.max(highest, entry.number));
  }
  return { owners, numbers };
}

function wwidOf({ deviceInfo }: VolumeResult, spec: VolumeSpec | undefined): string | null {
  const told = spec?.wwid ?? deviceInfo?.multipath_id ?? deviceInfo?.scsi_wwn ?? '';
  return told === '' ? null : told;
}
