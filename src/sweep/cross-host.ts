import type { Wwid } from '../linux/identifiers.js';
import type { ScsiDevice } from '../linux/storage-state.js';
import type { Claim } from './claims.js';
import type { HostSnapshot } from './host-snapshot.js';

/** What one look at a host gave, and what it should have. */
export interface HostLook {
  readonly snapshot: HostSnapshot;
  readonly claims: readonly Claim[];
}

export const CROSS_RULES = {
  'wwid-on-several-hosts': 'one volume is attached on several hosts, and nothing says that a cluster guards it',
  'stale-mapping': 'a host still has a volume that is declared for another host, and not for this one',
  'wwid-of-two-arrays': 'two different devices give one WWID: multipath would make one map of both',
  'initiator-name-shared': 'to an array, hosts with one initiator name are one host',
  'file-system-twice':
    'two different volumes of one host have the same file system, LVM or LUKS identity: one is a copy, and the wrong one may be mounted',
} as const;
export type CrossRule = keyof typeof CROSS_RULES;

/** Something that only shows when hosts, or volumes of one host, are looked at together. */
export interface CrossFinding {
  readonly rule: CrossRule;
  readonly hosts: readonly string[];
  /** the volume, name or identity in question */
  readonly subject: string;
  readonly what: string;
}

type Looks = ReadonlyMap<string, HostLook>;

/** All findings across hosts (pure); hosts that could not be looked at are not in `looks`, and nothing is said of them. */
export function crossFindings(looks: Looks): readonly CrossFinding[] {
  return [...initiatorNames(looks), ...wwidsOnHosts(looks), ...wwidsOfArrays(looks), ...copies(looks)];
}

function initiatorNames(looks: Looks): readonly CrossFinding[] {
  const byName = new Map<string, string[]>();
  for (const [host, { snapshot }] of looks) {
    const name = snapshot.storage.initiatorName;
    if (name !== null) byName.set(name, [...(byName.get(name) ?? []), host]);
  }
  return [...byName].flatMap(([name, hosts]): CrossFinding[] => {
    if (machines(looks, hosts) < 2) return [];
    return [
      { rule: 'initiator-name-shared', hosts, subject: name, what: `initiator name ${name} on ${hosts.join(' and ')}` },
    ];
  });
}

/** Two names of one running machine are one. */
function machines(looks: Looks, hosts: readonly string[]): number {
  const ids = hosts.map((host) => {
    const ids = looks.get(host)?.snapshot.identities;
    return ids?.bootId == null || ids.machineId === null ? host : `${ids.bootId} ${ids.machineId}`;
  });
  return new Set(ids).size;
}

function wwidsOnHosts(looks: Looks): readonly CrossFinding[] {
  const hostsByWwid = new Map<Wwid, string[]>();
  for (const [host, { snapshot }] of looks) {
    for (const wwid of wwidsOf(snapshot)) hostsByWwid.set(wwid, [...(hostsByWwid.get(wwid) ?? []), host]);
  }
  return [...hostsByWwid].flatMap(([wwid, hosts]): CrossFinding[] => {
    const declaredOn = [...looks]
      .filter(([, { claims }]) => claims.some((claim) => claim.wwid === wwid))
      .map(([host]) => host);
    const isShared = [...looks].some(([, { claims }]) => claims.some((claim) => claim.wwid === wwid && claim.shared));
    const stale = isShared || declaredOn.length === 0 ? [] : hosts.filter((host) => !declaredOn.includes(host));
    const findings: CrossFinding[] = stale.map((host) => ({
      rule: 'stale-mapping',
      hosts: [host],
      subject: wwid,
      what: `${host} has ${wwid}, which is declared for ${declaredOn.join(', ')} and not for it`,
    }));
    if (isShared || machines(looks, hosts) < 2) return findings;
    const what = `${wwid} is attached on ${hosts.join(' and ')}`;
    return [{ rule: 'wwid-on-several-hosts', hosts, subject: wwid, what }, ...findings];
  });
}

/** As the disks answer now, else as the kernel found them; what the array has taken away is on the host no more. */
function wwidsOf({ storage, answers }: HostSnapshot): ReadonlySet<Wwid> {
  const disks = storage.scsiDevices.flatMap(({ hctl, block, cachedWwid }) => {
    const answer = answers.get(hctl);
    if (block === null || answer?.kind === 'not-supported') return [];
    const wwid = answer?.kind === 'identity' ? answer.wwid : cachedWwid;
    return wwid === null ? [] : [wwid];
  });
  return new Set(disks);
}

/**
 * Disks of one WWID that cannot be one volume: by maker, model, or the authority that named the target. Several targets alone say nothing: many
 * arrays have one for each port.
 */
function wwidsOfArrays(looks: Looks): readonly CrossFinding[] {
  const seen = new Map<Wwid, Map<string, Set<string>>>();
  for (const [host, { snapshot }] of looks) {
    for (const device of snapshot.storage.scsiDevices) {
      if (device.block === null || device.cachedWwid === null) continue;
      const kinds = seen.get(device.cachedWwid) ?? new Map<string, Set<string>>();
      seen.set(device.cachedWwid, kinds);
      const kind = kindOf(snapshot, device);
      kinds.set(kind, (kinds.get(kind) ?? new Set()).add(host));
    }
  }
  return [...seen].flatMap(([wwid, kinds]): CrossFinding[] => {
    if (kinds.size < 2) return [];
    const hosts = [...new Set([...kinds.values()].flatMap((names) => [...names]))];
    const what = `${wwid} is ${[...kinds].map(([kind, names]) => `${kind} on ${[...names].join(', ')}`).join(', and ')}`;
    return [{ rule: 'wwid-of-two-arrays', hosts, subject: wwid, what }];
  });
}

function kindOf({ storage }: HostSnapshot, { vendor, model, sid }: ScsiDevice): string {
  const targetName = storage.sessions.find((session) => session.sid === sid)?.targetName ?? '';
  const authority = /^(iqn\.\d{4}-\d\d\.[^:]+)/.exec(targetName)?.[1] ?? 'an unknown target';
  return `${vendor} ${model} at ${authority}`;
}

/** Kinds of which a second one with the same identity is a copy. RAID members and btrfs share theirs by design. */
const COPIED_TYPES = /^(?:ext[234]|xfs|LVM2_member|crypto_LUKS|swap)$/;

function copies(looks: Looks): readonly CrossFinding[] {
  return [...looks].flatMap(([host, { snapshot }]) => {
    const byId = new Map<string, Map<string, string>>();
    for (const { dev, type, uuid } of snapshot.fileSystemIds) {
      const name = snapshot.blockNumbers?.get(dev)?.name;
      if (name === undefined || !COPIED_TYPES.test(type)) continue;
      const volumes = byId.get(`${type} ${uuid}`) ?? new Map<string, string>();
      byId.set(`${type} ${uuid}`, volumes.set(volumeUnder(snapshot, dev, name), name));
    }
    return [...byId].flatMap(([id, volumes]): CrossFinding[] => {
      if (volumes.size < 2) return [];
      const what = `${id} is on ${[...volumes.values()].join(' and ')} of ${host}`;
      return [{ rule: 'file-system-twice', hosts: [host], subject: id, what }];
    });
  });
}

/** Paths of one map, and the map, are one volume; partitions of it too, each by its number. */
function volumeUnder({ storage, blockNumbers }: HostSnapshot, dev: string, name: string): string {
  const disk = blockNumbers?.get(dev)?.disk ?? null;
  const device = storage.scsiDevices.find(({ block }) => block?.name === (disk ?? name));
  const map = storage.dmDevices.find((dm) => dm.name === name);
  const part =
    disk === null ? (/^part(\d+)-mpath-(.*)$/.exec(map?.dmUuid ?? '')?.slice(1) ?? null) : [name.slice(disk.length)];
  const wwid = device?.cachedWwid ?? map?.mapWwid ?? part?.[1] ?? name;
  return part === null ? wwid : `${wwid} ${part[0]?.replace(/^p/, '') ?? ''}`;
}
