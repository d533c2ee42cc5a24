import type { ChangeFeed } from '../change-feed.js';
import { lowestFree } from './lowest-free.js';

export interface PathSlot {
  /** major:minor of the disk */
  readonly dev: string;
  active: boolean;
  failCount: number;
}

export interface MultipathTable {
  readonly kind: 'multipath';
  readonly wwid: string;
  paths: PathSlot[];
  queueIfNoPath: boolean;
}

/** A mapping that is not multipath: an LV, a LUKS mapping, a partition. */
export interface LinearTable {
  readonly kind: 'linear';
  readonly target: 'linear' | 'crypt';
  /** major:minor that it is stacked on */
  readonly on: string;
}

export interface DmMapping {
  readonly minor: number;
  readonly name: string;
  readonly uuid: string;
  table: MultipathTable | LinearTable;
  suspended: boolean;
  sizeBytes: number;
  readOnly: boolean;
  /** processes that hold it open, beside what the model knows of: mounts, swaps and holders */
  openers: number;
}

/** Device-mapper's major number, as in the lab's kernels. */
export const DM_MAJOR = 253;

/** The kernel's mapped devices. */
export class DeviceMapper {
  readonly #changes: ChangeFeed;
  readonly #mappings = new Map<number, DmMapping>();

  constructor(changes: ChangeFeed) {
    this.#changes = changes;
  }

  get mappings(): readonly DmMapping[] {
    return [...this.#mappings.values()].sort((a, b) => a.minor - b.minor);
  }

  create(options: Pick<DmMapping, 'name' | 'uuid' | 'table' | 'sizeBytes' | 'readOnly'>): DmMapping {
    const minor = lowestFree(this.#mappings.keys());
    const mapping: DmMapping = { ...options, minor, suspended: false, openers: 0 };
    this.#mappings.set(minor, mapping);
    this.#changes.changed();
    return mapping;
  }

  /** Says that a table, a size or the like was changed. */
  reloaded(): void {
    this.#changes.changed();
  }

  remove(mapping: DmMapping): void {
    this.#mappings.delete(mapping.minor);
    this.#changes.changed();
  }

  /** The kernel is gone, and its mappings with it. */
  powerOff(): void {
    this.#mappings.clear();
  }

  /** By map name, uuid, `dm-N`, or a /dev path of it. */
  find(nameOrPath: string): DmMapping | undefined {
    const name = nameOrPath.replace(/^\/dev\/(?:mapper\/)?/, '');
    return this.mappings.find(
      (mapping) => mapping.name === name || kernelName(mapping) === name || mapping.uuid === name,
    );
  }

  findDev(dev: string): DmMapping | undefined {
    return this.mappings.find((mapping) => dmDev(mapping) === dev);
  }

  multipathMap(wwid: string): DmMapping | undefined {
    return this.mappings.find((mapping) => mapping.table.kind === 'multipath' && mapping.table.wwid === wwid);
  }

  /** Mapped devices that are stacked on a device. */
  holdersOf(dev: string): readonly DmMapping[] {
    return this.mappings.filter((mapping) => slaveDevs(mapping).includes(dev));
  }

  /** Every major:minor that some table refers to: those devices cannot go away quite. */
  *devsHeld(): Generator<string> {
    for (const mapping of this.mappings) yield* slaveDevs(mapping);
  }
}

export function kernelName(mapping: DmMapping): string {
  return `dm-${mapping.minor}`;
}

export function dmDev(mapping: DmMapping): string {
  return `${DM_MAJOR}:${mapping.minor}`;
}

export function slaveDevs(mapping: DmMapping): readonly string[] {
  const { table } = mapping;
  return table.kind === 'multipath' ? table.paths.map(({ dev }) => dev) : [table.on];
}
