import type { HostEnvironment } from './environment.js';
import type { BlockEvent, Disk, ScsiLayer, ScsiUnit } from './scsi-layer.js';

/** A disk as udev's rules saw it, with the identity that it answered at that moment; null when it did not answer. */
export interface UdevDisk {
  readonly disk: Disk;
  readonly unit: ScsiUnit;
  readonly wwid: string | null;
}

/** udev: hears of disks a little after the kernel knows them, asks them who they are, and tells the daemons. */
export class Udev {
  readonly #environment: HostEnvironment;
  readonly #scsi: ScsiLayer;
  readonly #known = new Map<string, UdevDisk>();
  readonly #listeners = new Set<(event: BlockEvent, disk: UdevDisk) => void>();
  #pending = 0;

  constructor(environment: HostEnvironment, scsi: ScsiLayer) {
    this.#environment = environment;
    this.#scsi = scsi;
    scsi.onBlockEvent((event, disk, unit) => {
      this.#pending += 1;
      environment.clock.after(environment.delays.udevMs, () => {
        this.#pending -= 1;
        this.#handle(event, disk, unit);
      });
    });
  }

  onDisk(listener: (event: BlockEvent, disk: UdevDisk) => void): void {
    this.#listeners.add(listener);
  }

  /** Disks that have links in /dev, by kernel name. */
  get disks(): ReadonlyMap<string, UdevDisk> {
    return this.#known;
  }

  /** True when no event is in the queue. */
  get settled(): boolean {
    return this.#pending === 0;
  }

  /** Its database is in memory. */
  powerOff(): void {
    this.#known.clear();
  }

  #handle(event: BlockEvent, disk: Disk, unit: ScsiUnit): void {
    const reach = this.#scsi.reach(unit);
    const seen: UdevDisk = { disk, unit, wwid: reach.kind === 'unit' ? reach.volume.wwid : null };
    if (event === 'remove') {
      if (this.#known.get(disk.name)?.unit === unit) this.#known.delete(disk.name);
    } else if (this.#scsi.unitOfDisk(disk.name) === unit) {
      this.#known.set(disk.name, seen);
    } else {
      return;
    }
    this.#environment.changes.changed();
    for (const listener of this.#listeners) listener(event, seen);
  }
}
