import { pause } from '../../time/clock.js';
import type { Volume } from '../array-model.js';
import { until } from '../change-feed.js';
import { type DeviceMapper, dmDev, kernelName } from './device-mapper.js';
import type { HostEnvironment } from './environment.js';
import type { ScsiLayer } from './scsi-layer.js';
import { type WrittenData, WrittenDataLog } from './written-data.js';

export interface BlockNode {
  readonly name: string;
  readonly dev: string;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
}

export type IoState =
  { readonly kind: 'ok'; readonly volume: Volume } | { readonly kind: 'error' } | { readonly kind: 'hang' };

/** The disk that the simulated system itself lives on. */
export const SYSTEM_DISK: BlockNode = { name: 'vda', dev: '254:0', sizeBytes: 2 ** 31, readOnly: false };

/** Block devices of all kinds by name, and I/O through the whole stack to the array, with what is still in the page cache. */
export class BlockLayer {
  readonly #environment: HostEnvironment;
  readonly #scsi: ScsiLayer;
  readonly #deviceMapper: DeviceMapper;
  readonly #written = new WrittenDataLog();
  /** devices that were written to, by major:minor */
  readonly #counted = new Set<string>();

  constructor(environment: HostEnvironment, scsi: ScsiLayer, deviceMapper: DeviceMapper) {
    this.#environment = environment;
    this.#scsi = scsi;
    this.#deviceMapper = deviceMapper;
    // What was never written back when its disk goes is gone. (Linux would still try for a disk that answers; a detach that relies
    // on this is one failed path away from losing data, so here it always loses it.)
    scsi.onBlockEvent((event, disk) => {
      if (event !== 'remove') return;
      this.dropCache(disk.dev, 'removed');
      this.#counted.delete(disk.dev);
    });
  }

  /** By kernel name or /dev path, through /dev/mapper links as well. */
  find(nameOrPath: string): BlockNode | undefined {
    const name = nameOrPath.replace(/^\/dev\//, '');
    if (name === SYSTEM_DISK.name) return SYSTEM_DISK;
    const disk = this.#scsi.unitOfDisk(name)?.disk;
    if (disk !== undefined && disk !== null) return disk;
    const mapping = this.#deviceMapper.mappings.find(
      (one) => kernelName(one) === name || `mapper/${one.name}` === name,
    );
    return mapping === undefined ? undefined : { ...mapping, name: kernelName(mapping), dev: dmDev(mapping) };
  }

  /** `blockdev --setro`: holds for this device, not for what is below it. */
  setReadOnly(dev: string, readOnly: boolean): void {
    const device = this.#deviceMapper.findDev(dev) ?? this.#scsi.unitOfDev(dev)?.disk;
    if (device === undefined || device === null) return;
    device.readOnly = readOnly;
    this.#environment.changes.changed();
  }

  /** Kernel name of a major:minor; null when there is no such device any more. */
  nameOf(dev: string): string | null {
    const mapping = this.#deviceMapper.findDev(dev);
    return mapping === undefined ? (this.#scsi.unitOfDev(dev)?.disk?.name ?? null) : kernelName(mapping);
  }

  /** What I/O to a device would meet now. */
  io(dev: string): IoState {
    const unit = this.#scsi.unitOfDev(dev);
    if (unit !== undefined) {
      const reach = this.#scsi.reach(unit);
      if (reach.kind === 'unit') return { kind: 'ok', volume: reach.volume };
      return { kind: reach.kind === 'hang' ? 'hang' : 'error' };
    }
    const mapping = this.#deviceMapper.findDev(dev);
    if (mapping === undefined) return { kind: 'error' };
    if (mapping.suspended) return { kind: 'hang' };
    const { table } = mapping;
    if (table.kind === 'linear') return this.io(table.on);
    // a path that is well again is not used before multipathd has given it back
    const paths = table.paths.filter(({ active }) => active).map((path) => this.io(path.dev));
    return (
      paths.find(({ kind }) => kind === 'ok') ??
      paths.find(({ kind }) => kind === 'hang') ?? { kind: table.queueIfNoPath ? 'hang' : 'error' }
    );
  }

  /** Waits for as long as I/O hangs, and as long as the array takes. null when the signal came first: the process was killed. */
  async settledIo(dev: string, signal: AbortSignal): Promise<IoState | null> {
    const { array, changes, clock } = this.#environment;
    if (!(await pause(clock, array.latencyMs, signal))) return null;
    const done = await until([changes, array.changes], clock, () => this.io(dev).kind !== 'hang', { signal });
    return done ? this.io(dev) : null;
  }

  /** Data that a program wrote: in the page cache, and nowhere else yet. */
  write(dev: string, data: string): void {
    this.#counted.add(dev);
    this.#written.write(dev, { data, device: this.nameOf(dev) ?? dev, wwid: this.#meantBy(dev) });
  }

  /** Whether the kernel has counted a write. */
  wasWritten(dev: string): boolean {
    return this.#counted.has(dev);
  }

  isDirty(dev: string): boolean {
    return this.#written.cachedOn(dev).length > 0;
  }

  /** Writes back. 'error' loses what was dirty, as Linux does after reporting it once. */
  async writeBack(dev: string, signal: AbortSignal): Promise<'ok' | 'error' | 'killed'> {
    if (!this.isDirty(dev)) return 'ok';
    const { array, changes, clock } = this.#environment;
    // a map takes a failed write for a failed path and tries again for as long as it queues
    const waits = (): boolean => {
      const state = this.io(dev);
      return state.kind === 'hang' || (state.kind === 'ok' && state.volume.failsWrites && this.#queues(dev));
    };
    if (!(await pause(clock, array.latencyMs, signal))) return 'killed';
    const ended = await until([changes, array.changes], clock, () => !waits(), { signal });
    if (!ended) return 'killed';
    const state = this.io(dev);
    if (state.kind !== 'ok' || state.volume.failsWrites) {
      this.dropCache(dev, 'write error');
      return 'error';
    }
    state.volume.data.push(...this.#written.cachedOn(dev).map(({ data }) => data));
    this.#written.stored(dev, state.volume.wwid);
    return 'ok';
  }

  dropCache(dev: string, why: 'removed' | 'write error' | 'power'): void {
    this.#written.lose(dev, why);
  }

  /** The host's memory is gone, and with it all that was nowhere else. */
  powerOff(): void {
    for (const dev of this.#written.cachedDevs) this.dropCache(dev, 'power');
  }

  /** Everything that programs wrote through the page cache, and what became of it. */
  get written(): readonly Readonly<WrittenData>[] {
    return this.#written.all;
  }

  /** Data that was written and never reached the array. */
  get lostData(): readonly string[] {
    return this.written.filter(({ state }) => state === 'lost').map(({ data }) => data);
  }

  #queues(dev: string): boolean {
    const table = this.#deviceMapper.findDev(dev)?.table;
    if (table === undefined) return false;
    return table.kind === 'multipath' ? table.queueIfNoPath : this.#queues(table.on);
  }

  /** The volume that a device is taken for: what the kernel cached of it, whatever the array has there by now. */
  #meantBy(dev: string): string {
    const unit = this.#scsi.unitOfDev(dev);
    if (unit !== undefined) return unit.cachedWwid.replace(/^naa\./, '3');
    const table = this.#deviceMapper.findDev(dev)?.table;
    if (table === undefined) return '';
    return table.kind === 'multipath' ? table.wwid : this.#meantBy(table.on);
  }
}
