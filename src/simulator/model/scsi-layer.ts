import type { Volume } from '../array-model.js';
import { pause } from '../../time/clock.js';
import { until } from '../change-feed.js';
import type { HostEnvironment } from './environment.js';
import type { Reach, SimulatedSession } from './iscsi-session.js';
import { lowestFree } from './lowest-free.js';

export interface Disk {
  /** kernel name such as sdb */
  readonly name: string;
  readonly index: number;
  /** major:minor */
  readonly dev: string;
  sizeBytes: number;
  readOnly: boolean;
}

/** A logical unit through one session, as the kernel keeps it. What it cached is not what the array maps there now. */
export interface ScsiUnit {
  readonly session: SimulatedSession;
  readonly channel: number;
  readonly target: number;
  readonly lun: number;
  readonly hctl: string;
  /** sysfs form, `naa.600...`, read once when the device was found */
  readonly cachedWwid: string;
  /** by hand through sysfs; a path that an operator took out of service */
  offline: boolean;
  /** null until the disk driver has probed it */
  disk: Disk | null;
}

export type BlockEvent = 'add' | 'remove' | 'change';

/** SCSI hosts, devices and disks below iSCSI sessions. */
export class ScsiLayer {
  readonly #environment: HostEnvironment;
  readonly #units = new Map<string, ScsiUnit>();
  readonly #listeners = new Set<(event: BlockEvent, disk: Disk, unit: ScsiUnit) => void>();
  readonly #devsInUse: () => Iterable<string>;

  /** `devsInUse`: major:minor of deleted disks that something still holds open; their letters are not free. */
  constructor(environment: HostEnvironment, devsInUse: () => Iterable<string>) {
    this.#environment = environment;
    this.#devsInUse = devsInUse;
  }

  /** The kernel's uevents for disks. */
  onBlockEvent(listener: (event: BlockEvent, disk: Disk, unit: ScsiUnit) => void): void {
    this.#listeners.add(listener);
  }

  get units(): readonly ScsiUnit[] {
    return [...this.#units.values()];
  }

  unitOfDisk(name: string): ScsiUnit | undefined {
    return this.#unit(({ disk }) => disk?.name === name);
  }

  unitOfDev(dev: string): ScsiUnit | undefined {
    return this.#unit(({ disk }) => disk?.dev === dev);
  }

  /** Without a list of all of them first: this is asked at every turn. */
  #unit(isWanted: (unit: ScsiUnit) => boolean): ScsiUnit | undefined {
    for (const unit of this.#units.values()) if (isWanted(unit)) return unit;
    return undefined;
  }

  /**
   * Looks for LUNs on a session; `lun` null means all. Each one that answers and is not known yet becomes a device. A scan of a
   * session that is being recovered takes until it is.
   */
  async scan(session: SimulatedSession, lun: number | null, signal?: AbortSignal): Promise<void> {
    const { array, clock, delays, changes, initiatorName } = this.#environment;
    if (!(await pause(clock, delays.scanMs, signal))) return;
    const probe = lun ?? 0;
    const answers = (): boolean => session.reach(probe).kind !== 'hang';
    if (!(await until([changes, array.changes], clock, answers, signal === undefined ? {} : { signal }))) return;
    if (session.ended) return;
    session.markScanned();
    const luns = lun === null ? array.lunsOf(session.facts.targetName, initiatorName) : [lun];
    for (const one of luns) {
      const reach = session.reach(one);
      if (reach.kind === 'unit') this.#add(session, one, reach.volume);
    }
    changes.changed();
  }

  /** Reads the capacity and the write protection again. False when the device does not answer. */
  rescan(unit: ScsiUnit): boolean {
    const reach = this.reach(unit);
    if (reach.kind !== 'unit' || unit.disk === null) return false;
    const { sizeBytes, readOnly } = reach.volume;
    if (unit.disk.sizeBytes !== sizeBytes || unit.disk.readOnly !== readOnly) {
      unit.disk.sizeBytes = sizeBytes;
      unit.disk.readOnly = readOnly;
      this.#tell('change', unit.disk, unit);
    }
    this.#environment.changes.changed();
    return true;
  }

  /** The kernel forgets the device, whoever uses it. */
  delete(unit: ScsiUnit): void {
    if (!this.#units.delete(unit.hctl)) return;
    if (unit.disk !== null) this.#tell('remove', unit.disk, unit);
    this.#environment.changes.changed();
  }

  /** The kernel is gone, and its devices with it. */
  powerOff(): void {
    this.#units.clear();
  }

  setOffline(unit: ScsiUnit, offline: boolean): void {
    unit.offline = offline;
    this.#environment.changes.changed();
  }

  reach(unit: ScsiUnit): Reach {
    return unit.offline ? { kind: 'failed' } : unit.session.reach(unit.lun);
  }

  state(unit: ScsiUnit): string {
    return unit.offline ? 'offline' : unit.session.deviceState;
  }

  #add(session: SimulatedSession, lun: number, volume: Volume): void {
    const hctl = `${session.facts.scsiHost}:0:0:${lun}`;
    if (this.#units.has(hctl)) return;
    const cachedWwid = `naa.${volume.wwid.slice(1)}`;
    const unit: ScsiUnit = { session, channel: 0, target: 0, lun, hctl, cachedWwid, offline: false, disk: null };
    this.#units.set(hctl, unit);
    const { clock, delays } = this.#environment;
    void pause(clock, delays.diskProbeMs).then(() => {
      if (this.#units.get(hctl) === unit) this.#probe(unit, volume);
    });
  }

  #probe(unit: ScsiUnit, volume: Volume): void {
    const indexes = this.units.flatMap(({ disk }) => (disk === null ? [] : [disk.index]));
    const held = [...this.#devsInUse()].map(diskIndexOfDev).filter((index) => index !== null);
    const index = lowestFree([...indexes, ...held]);
    const { sizeBytes, readOnly } = volume;
    unit.disk = { name: `sd${diskLetters(index)}`, index, dev: diskDev(index), sizeBytes, readOnly };
    this.#environment.changes.changed();
    this.#tell('add', unit.disk, unit);
  }

  #tell(event: BlockEvent, disk: Disk, unit: ScsiUnit): void {
    for (const listener of this.#listeners) listener(event, disk, unit);
  }
}

/** 0 is a, 25 is z, 26 is aa. */
export function diskLetters(index: number): string {
  const rest = Math.floor(index / 26) - 1;
  const last = String.fromCharCode(97 + (index % 26));
  return rest < 0 ? last : diskLetters(rest) + last;
}

// sd has 16 block majors with 16 disks each; further disks go on in the same ones, with higher minors (drivers/scsi/sd.c).
const SD_MAJORS = [8, 65, 66, 67, 68, 69, 70, 71, 128, 129, 130, 131, 132, 133, 134, 135];

function diskDev(index: number): string {
  const major = SD_MAJORS[(index & 0xf0) >> 4] ?? 8;
  return `${major}:${((index & 0xf) << 4) | (index & 0xfff00)}`;
}

function diskIndexOfDev(dev: string): number | null {
  const [major, minor] = dev.split(':').map(Number);
  const bank = SD_MAJORS.indexOf(major ?? -1);
  return bank === -1 || minor === undefined ? null : (minor & 0xfff00) | (bank << 4) | ((minor >> 4) & 0xf);
}
