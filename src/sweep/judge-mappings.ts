import { usesOf } from '../linux/block-stack.js';
import { unmangled } from '../linux/dm-status.js';
import type { DmDevice } from '../linux/storage-state.js';
import { claimOfDisk, type Claim } from './claims.js';
import { lifeOfDisk, type MapLife } from './dead-disks.js';
import type { HostSnapshot } from './host-snapshot.js';
import { blindSpots, describer, type DeviceContext, SYSTEM, type Vanished } from './device-context.js';
import type { SweepObject } from './sweep-object.js';

type Base = Omit<DeviceContext, 'vanished'>;

/** Mappings all of whose devices are gone or dead, by the mapping. A mapping on such a mapping is one too. */
export function vanishedMappings(base: Base): ReadonlyMap<DmDevice, Vanished> {
  const found = new Map<DmDevice, Vanished>();
  for (let grown = true; grown;) {
    grown = false;
    for (const dm of base.snapshot.storage.dmDevices) {
      if (found.has(dm) || kindOf(dm) === null) continue;
      const vanished = vanishedOf(base, dm, found);
      if (vanished === null) continue;
      found.set(dm, vanished);
      grown = true;
    }
  }
  return found;
}

/** LUKS and LVM: all that a sweep takes down above a map. */
function kindOf(dm: DmDevice): 'LUKS mapping' | 'LVM volume' | null {
  if (/^CRYPT-LUKS[12]-/.test(dm.dmUuid)) return 'LUKS mapping';
  return dm.dmUuid.startsWith('LVM-') ? 'LVM volume' : null;
}

function vanishedOf(base: Base, dm: DmDevice, found: ReadonlyMap<DmDevice, Vanished>): Vanished | null {
  const { snapshot, mapLives } = base;
  const devs = snapshot.dependencies?.get(unmangled(dm.dmName));
  if (devs === undefined || devs.length === 0 || snapshot.blockNumbers === null) return null;
  const parts = devs.map((dev) => deadPart(snapshot, mapLives, found, dev));
  const dead = parts.filter((part) => part !== null);
  if (dead.length < parts.length) return null;
  return {
    gone: dead.flatMap(({ gone }) => gone),
    on: dead.flatMap(({ on }) => on),
    disks: dead.flatMap(({ disks }) => disks),
    why: dead.flatMap(({ why }) => why),
  };
}

function deadPart(
  snapshot: HostSnapshot,
  mapLives: ReadonlyMap<DmDevice, MapLife>,
  found: ReadonlyMap<DmDevice, Vanished>,
  dev: string,
): Vanished | null {
  const number = snapshot.blockNumbers?.get(dev);
  if (number === undefined) return { gone: [dev], on: [], disks: [], why: [`its device ${dev} is gone`] };
  const below = snapshot.storage.dmDevices.find((one) => one.dev === dev);
  const life = below === undefined ? undefined : mapLives.get(below);
  if (below !== undefined && life?.kind === 'dead') {
    return {
      gone: life.gone,
      on: [below],
      disks: life.disks,
      why: [`map ${below.dmName} under it is dead`, ...life.why],
    };
  }
  const lower = below === undefined ? undefined : found.get(below);
  if (below !== undefined && lower !== undefined) {
    return { ...lower, on: [below, ...lower.on], why: [`${below.dmName} under it has lost its device`, ...lower.why] };
  }
  const device = snapshot.storage.scsiDevices.find(({ block }) => block?.dev === dev);
  const disk = device === undefined ? null : lifeOfDisk(snapshot, device);
  if (device === undefined || disk?.kind !== 'dead' || disk.evidence.kind !== 'not-supported') return null;
  return { gone: [], on: [], disks: [{ device, evidence: disk.evidence }], why: [disk.why] };
}

/** Verdicts about LUKS mappings and LVs, with the device that each is about; those that others stand on come after them. */
export function judgeMappings(context: DeviceContext): readonly (SweepObject & { readonly dm: DmDevice })[] {
  const { storage } = context.snapshot;
  const own = storage.dmDevices.filter(({ dmUuid }) => !dmUuid.startsWith('mpath-'));
  const depth = (dm: DmDevice): number => context.vanished.get(dm)?.on.length ?? 0;
  return own.sort((a, b) => depth(b) - depth(a)).map((dm) => ({ ...judgeMapping(context, dm), dm }));
}

function judgeMapping(context: DeviceContext, dm: DmDevice): SweepObject {
  const { snapshot, system, claims, vanished } = context;
  const kind = kindOf(dm);
  const object = describer(
    'mapping',
    `mapping:${dm.dmUuid || dm.dmName}`,
    `${kind ?? 'mapped device'} ${dm.dmName} (${dm.name})`,
  );
  if (system.has(dm.name)) return object('foreign', [SYSTEM]);
  if (kind === null) return object('foreign', ['it is no multipath map, LUKS mapping or LVM volume']);
  const claim = claimUnder(context, dm, claims);
  if (claim !== undefined)
    return object('owned', [`it lies on volume ${claim.volume}, which is declared for this host`]);
  const blind = blindSpots(snapshot, [], [dm.name]);
  if (blind.length > 0) return object('unknown', blind);
  const lost = vanished.get(dm);
  const uses = usesOf(snapshot.storage, [dm.name], [dm.name, ...namesOver(context, dm)]);
  if (uses.length > 0)
    return object(
      'foreign',
      uses.map(({ by, device }) => `${device} is ${by}`),
    );
  if (lost === undefined) return object('foreign', ['its device is there, or not known to be dead']);
  if (dm.suspended) return object('unknown', ['it is suspended']);
  if (dm.openCount === null) return object('unknown', ['its open count is not known']);
  if (snapshot.configured === null) return object('unknown', ['crypttab and fstab could not be read']);
  if (isConfigured(dm, snapshot.configured)) return object('foreign', ['crypttab or fstab names it']);
  if (kind === 'LVM volume' && !wholeGroupVanished(context, dm)) {
    return object('unknown', ['another volume of its group is in use or has its devices']);
  }
  const removal = { kind: 'mapping', dm, gone: lost.gone, on: lost.on, disks: lost.disks } as const;
  return object('candidate', [...lost.why, 'nobody has it open'], removal);
}

/** A declared volume that the mapping lies on, through maps and mappings. */
function claimUnder(context: DeviceContext, dm: DmDevice, claims: readonly Claim[]): Claim | undefined {
  const { storage, dependencies } = context.snapshot;
  for (const dev of dependencies?.get(unmangled(dm.dmName)) ?? []) {
    const disk = storage.scsiDevices.find(({ block }) => block?.dev === dev);
    const below = storage.dmDevices.find((one) => one.dev === dev && one !== dm);
    const claim =
      (disk === undefined ? undefined : claimOfDisk(claims, disk, storage)) ??
      (below === undefined ? undefined : claims.find(({ wwid }) => wwid !== null && wwid === below.mapWwid)) ??
      (below === undefined ? undefined : claimUnder(context, below, claims));
    if (claim !== undefined) return claim;
  }
  return undefined;
}

/** By name, by path, or by the UUID of its LUKS header. */
function isConfigured(dm: DmDevice, configured: readonly string[]): boolean {
  const name = unmangled(dm.dmName);
  const uuid = /^CRYPT-LUKS[12]-([0-9a-f]{32})-/.exec(dm.dmUuid)?.[1];
  return configured.some((word) => {
    if (word === name || word === `/dev/mapper/${name}` || word.endsWith(`/dm-uuid-${dm.dmUuid}`)) return true;
    return uuid !== undefined && word.replace(/^(?:UUID=|.*\/)/, '').replaceAll(/[-"]/g, '') === uuid;
  });
}

/** LVM's uuid is that of the group, 32 characters, and then that of the volume. */
function wholeGroupVanished({ snapshot, vanished }: DeviceContext, dm: DmDevice): boolean {
  const group = dm.dmUuid.slice(0, 'LVM-'.length + 32);
  const all = snapshot.storage.dmDevices.filter((one) => one.dmUuid.startsWith(group));
  return all.every((one) => {
    const over = namesOver({ vanished }, one);
    return vanished.has(one) && usesOf(snapshot.storage, [one.name], [one.name, ...over]).length === 0;
  });
}

/** Kernel names of vanished mappings that stand on this one: they go before it, if nobody uses them. */
function namesOver({ vanished }: Pick<DeviceContext, 'vanished'>, dm: DmDevice): readonly string[] {
  return [...vanished].flatMap(([over, { on }]) => (on.includes(dm) ? [over.name] : []));
}
