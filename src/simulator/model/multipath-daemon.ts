import type { BlockLayer } from './block-layer.js';
import { type DeviceMapper, type DmMapping, dmDev, type MultipathTable, type PathSlot } from './device-mapper.js';
import type { HostEnvironment } from './environment.js';
import type { MountTable } from './mount-table.js';
import type { ScsiLayer, ScsiUnit } from './scsi-layer.js';
import type { Udev, UdevDisk } from './udev.js';

/** A path that multipathd tracks. */
export interface TrackedPath {
  readonly name: string;
  readonly dev: string;
  readonly hctl: string;
  readonly wwid: string;
}

/** `find_multipaths`: `yes` makes a map for two paths or a registered WWID, `no` for every path, `strict` for registered ones. */
export type FindMultipaths = 'yes' | 'no' | 'strict';

interface Parts {
  readonly scsi: ScsiLayer;
  readonly deviceMapper: DeviceMapper;
  readonly blocks: BlockLayer;
  readonly mounts: MountTable;
  readonly udev: Udev;
}

/** multipathd, and the part of `multipath` that changes maps. */
export class MultipathDaemon {
  readonly findMultipaths: FindMultipaths;
  readonly #environment: HostEnvironment;
  readonly #parts: Parts;
  readonly #paths = new Map<string, TrackedPath>();
  readonly #registered = new Set<string>();
  readonly #checking = new Set<PathSlot>();
  #running = true;

  constructor(environment: HostEnvironment, parts: Parts, findMultipaths: FindMultipaths) {
    this.#environment = environment;
    this.#parts = parts;
    this.findMultipaths = findMultipaths;
    parts.udev.onDisk((event, disk) => {
      if (!this.#running) return;
      const act = (): void => {
        if (!this.#running) return;
        if (event === 'remove') this.#forget(disk);
        else this.#track(disk);
      };
      // without a delay it is done before anybody sees udev's links
      if (environment.delays.multipathdMs === 0) act();
      else environment.clock.after(environment.delays.multipathdMs, act);
    });
    environment.changes.subscribe(() => this.#checkLater());
    environment.array.changes.subscribe(() => this.#checkLater());
  }

  get running(): boolean {
    return this.#running;
  }

  /** Stopped, it tracks nothing and answers nothing; the kernel's maps stay. */
  setRunning(running: boolean): void {
    this.#running = running;
    this.#paths.clear();
    if (running) for (const disk of this.#parts.udev.disks.values()) this.#track(disk);
    this.#environment.changes.changed();
  }

  /** What it tracks is gone; the WWIDs file stays. It runs again at boot. */
  powerOff(): void {
    this.#paths.clear();
    this.#running = true;
  }

  get paths(): readonly TrackedPath[] {
    return [...this.#paths.values()];
  }

  /** WWIDs in /etc/multipath/wwids: those get a map even with one path. */
  get registered(): readonly string[] {
    return [...this.#registered];
  }

  /** Whether a single path of it would get a map: what udev's rule asks when a disk appears. */
  claims(wwid: string): boolean {
    return this.#running && (this.findMultipaths === 'no' || this.#registered.has(wwid));
  }

  register(wwid: string): void {
    this.#registered.add(wwid);
    this.#environment.changes.changed();
  }

  unregister(wwid: string): void {
    this.#registered.delete(wwid);
    this.#environment.changes.changed();
  }

  /** `add path`: false when udev does not know such a disk, or no identity for it. */
  addPath(name: string): boolean {
    const disk = this.#parts.udev.disks.get(name);
    return disk !== undefined && this.#track(disk);
  }

  removePath(name: string): boolean {
    const path = this.#paths.get(name);
    if (path === undefined) return false;
    this.#drop(path);
    return true;
  }

  /** Takes a map away if nothing uses it; its dirty pages are written back first. */
  async removeMap(map: DmMapping, signal: AbortSignal): Promise<'ok' | 'in use' | 'killed'> {
    const dev = dmDev(map);
    if (this.openCount(map) > 0) return 'in use';
    const written = await this.#parts.blocks.writeBack(dev, signal);
    if (written === 'killed') return 'killed';
    // I/O that is still queued keeps the device open: what the lab shows with all portals gone
    if (this.openCount(map) > 0) return 'in use';
    this.#parts.deviceMapper.remove(map);
    return 'ok';
  }

  /** dmsetup's open count. */
  openCount(map: DmMapping): number {
    const dev = dmDev(map);
    const { deviceMapper, mounts, blocks } = this.#parts;
    const queued = blocks.isDirty(dev) && blocks.io(dev).kind === 'hang' ? 1 : 0;
    return map.openers + mounts.uses(dev) + deviceMapper.holdersOf(dev).length + queued;
  }

  #track({ disk, unit, wwid }: UdevDisk): boolean {
    if (wwid === null || this.#parts.scsi.unitOfDisk(disk.name) !== unit) return false;
    this.#paths.set(disk.name, { name: disk.name, dev: disk.dev, hctl: unit.hctl, wwid });
    this.#makeMap(wwid);
    this.#environment.changes.changed();
    return true;
  }

  #makeMap(wwid: string): void {
    const { deviceMapper, scsi } = this.#parts;
    const tracked = this.paths.filter((path) => path.wwid === wwid);
    const slots: PathSlot[] = tracked.map(({ dev }) => ({ dev, active: true, failCount: 0 }));
    const existing = deviceMapper.multipathMap(wwid);
    if (existing !== undefined && existing.table.kind === 'multipath') {
      const known = existing.table.paths;
      known.push(...slots.filter(({ dev }) => known.every((slot) => slot.dev !== dev)));
      deviceMapper.reloaded();
      return;
    }
    const wanted = this.claims(wwid) || (this.findMultipaths === 'yes' && tracked.length > 1);
    const disk = scsi.unitOfDisk(tracked[0]?.name ?? '')?.disk;
    if (!wanted || disk === undefined || disk === null) return;
    const { sizeBytes, readOnly } = disk;
    const table: MultipathTable = { kind: 'multipath', wwid, paths: slots, queueIfNoPath: true };
    this.#registered.add(wwid);
    deviceMapper.create({ name: wwid, uuid: `mpath-${wwid}`, table, sizeBytes, readOnly });
  }

  #forget({ disk, unit }: UdevDisk): void {
    const path = this.#paths.get(disk.name);
    // the same letter may be another disk by now
    if (path !== undefined && path.hctl === unit.hctl && this.#parts.scsi.unitOfDisk(disk.name) === undefined) {
      this.#drop(path);
    }
  }

  /** The last path takes an unused map with it; a map in use stays, without paths. */
  #drop(path: TrackedPath): void {
    this.#paths.delete(path.name);
    const map = this.#parts.deviceMapper.multipathMap(path.wwid);
    if (map !== undefined && map.table.kind === 'multipath') {
      map.table.paths = map.table.paths.filter((slot) => slot.dev !== path.dev);
      if (map.table.paths.length === 0 && this.openCount(map) === 0) {
        this.#parts.blocks.dropCache(dmDev(map), 'removed');
        this.#parts.deviceMapper.remove(map);
      }
    }
    this.#environment.changes.changed();
  }

  /** The checker: paths fail and come back a little after their disks do. */
  #checkLater(): void {
    // once for all: a host may have a thousand disks
    const units = new Map(this.#parts.scsi.units.map((unit) => [unit.disk?.dev, unit]));
    for (const mapping of this.#parts.deviceMapper.mappings) {
      if (mapping.table.kind !== 'multipath') continue;
      for (const slot of mapping.table.paths) {
        if (slot.active === this.#isUsable(units.get(slot.dev)) || this.#checking.has(slot)) continue;
        this.#checking.add(slot);
        this.#environment.clock.after(this.#environment.delays.checkerMs, () => this.#check(slot));
      }
    }
  }

  #check(slot: PathSlot): void {
    this.#checking.delete(slot);
    const usable = this.#isUsable(this.#parts.scsi.unitOfDev(slot.dev));
    if (!this.#running || slot.active === usable) return;
    slot.active = usable;
    if (!usable) slot.failCount += 1;
    this.#parts.deviceMapper.reloaded();
  }

  #isUsable(unit: ScsiUnit | undefined): boolean {
    if (unit === undefined || this.#parts.scsi.state(unit) !== 'running') return false;
    // a TEST UNIT READY that the array turns down; one that hangs is a matter of the session's timers
    return this.#parts.scsi.reach(unit).kind !== 'no-unit';
  }
}
