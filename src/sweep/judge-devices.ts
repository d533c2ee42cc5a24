import { usesOf } from '../linux/block-stack.js';
import type { DmDevice, ScsiDevice } from '../linux/storage-state.js';
import { claimOfDisk, type Claim } from './claims.js';
import { lifeOfDisk, lifeOfMap } from './dead-disks.js';
import { blindSpots, BOOT, describer, type DeviceContext, SYSTEM } from './device-context.js';
import type { HostSnapshot } from './host-snapshot.js';
import { judgeMappings, vanishedMappings } from './judge-mappings.js';
import type { SweepObject } from './sweep-object.js';
import { systemDevices } from './system-devices.js';

/** Mapped devices and disks, from the top of the stack down. Other mapped devices than maps, LUKS and LVM are named and left alone. */
export function judgeDevices(snapshot: HostSnapshot, claims: readonly Claim[]): readonly SweepObject[] {
  const { storage } = snapshot;
  const maps = storage.dmDevices.filter(({ dmUuid }) => dmUuid.startsWith('mpath-'));
  const mapLives = new Map(maps.map((map) => [map, lifeOfMap(snapshot, map)]));
  const system = systemDevices(snapshot);
  const base = { snapshot, claims, system, mapLives };
  const context: DeviceContext = { ...base, vanished: vanishedMappings(base) };
  const mappings = judgeMappings(context);
  const gone = mappings.filter((one) => one.class === 'candidate').map(({ dm }) => dm.name);
  const judgedMaps = maps.map((map) => judgeMap(context, map, gone));
  const goneToo = [...gone, ...candidateNames(judgedMaps)];
  return [
    ...mappings.map(({ dm: _, ...object }) => object),
    ...judgedMaps,
    ...storage.scsiDevices.map((device) => judgeDisk(context, device, goneToo)),
  ];
}

function candidateNames(maps: readonly SweepObject[]): readonly string[] {
  return maps.flatMap(({ removal }) => (removal?.kind === 'map' ? [removal.dm.name] : []));
}

/** `gone`: kernel names of mappings that go before it. */
function judgeMap(context: DeviceContext, map: DmDevice, gone: readonly string[]): SweepObject {
  const { snapshot, claims, system, mapLives } = context;
  const object = describer('map', `map:${map.mapWwid ?? map.dmUuid}`, `map ${map.dmName} (${map.name})`);
  const disks = disksOf(snapshot, map);
  if ([map.name, ...map.slaves].some((name) => system.has(name))) return object('foreign', [SYSTEM]);
  const claim =
    claims.find(({ wwid }) => wwid !== null && wwid === map.mapWwid) ??
    disks.map((device) => claimOfDisk(claims, device, snapshot.storage)).find((one) => one !== undefined);
  if (claim !== undefined) return object('owned', [`it is volume ${claim.volume}, which is declared for this host`]);
  if (map.mapWwid === null) return object('unknown', ['it has no WWID']);
  const blind = blindSpots(snapshot, disks, [map.name]);
  if (blind.length > 0) return object('unknown', blind);
  const uses = usesOf(snapshot.storage, [map.name], [map.name, ...gone]);
  if (uses.length > 0)
    return object(
      'foreign',
      uses.map(({ by, device }) => `${device} is ${by}`),
    );
  if (map.suspended) return object('unknown', ['it is suspended']);
  if (map.openCount === null) return object('unknown', ['its open count is not known']);
  const life = mapLives.get(map) ?? { kind: 'unknown', why: [] };
  if (life.kind === 'alive') return object('foreign', ['it works', ...life.why]);
  if (life.kind === 'unknown') return object('unknown', life.why);
  return object('candidate', [...life.why, 'nobody has it open'], {
    kind: 'map',
    dm: map,
    gone: life.gone,
    disks: life.disks,
  });
}

/** `gone`: kernel names of mappings and maps that go before it. */
function judgeDisk(context: DeviceContext, device: ScsiDevice, gone: readonly string[]): SweepObject {
  const { snapshot, claims, system } = context;
  const { storage } = snapshot;
  const name = device.block?.name ?? '-';
  const identity = device.cachedWwid ?? 'unknown';
  const object = describer(
    'device',
    `device:${identity}@${device.hctl}`,
    `disk ${name} (${device.hctl}) of ${identity}`,
  );
  if (device.block === null || device.type !== 0) return object('foreign', ['it is no disk']);
  if (system.has(name)) return object('foreign', [SYSTEM]);
  const session = storage.sessions.find(({ sid }) => sid === device.sid);
  if (session !== undefined && snapshot.bootTargets.has(session.targetName)) return object('foreign', [BOOT]);
  const claim = claimOfDisk(claims, device, storage);
  if (claim !== undefined) return object('owned', [`it is volume ${claim.volume}, which is declared for this host`]);
  const blind = blindSpots(snapshot, [device], device.block.holders);
  if (blind.length > 0) return object('unknown', blind);
  const uses = usesOf(storage, [name], gone);
  const life = lifeOfDisk(snapshot, device);
  if (uses.length > 0) return object('foreign', [...uses.map(({ by, device: used }) => `${used} is ${by}`), life.why]);
  if (life.kind === 'alive') return object('foreign', [life.why]);
  if (life.kind === 'unknown') return object('unknown', [life.why]);
  const disk = { device, evidence: life.evidence };
  return object('candidate', [life.why, 'nobody holds it'], { kind: 'device', disk });
}

function disksOf({ storage }: HostSnapshot, map: DmDevice): readonly ScsiDevice[] {
  return storage.scsiDevices.filter(({ block }) => block !== null && map.slaves.includes(block.name));
}
