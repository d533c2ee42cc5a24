import type { SimulatedArray } from './array-model.js';
import { ChangeFeed } from './change-feed.js';
import type { Clock } from '../time/clock.js';
import type { Delays } from './delays.js';
import { FaultSchedule } from './faults/fault-schedule.js';
import type { FileTree } from './files/file-tree.js';
import { hostFiles } from './files/host-files.js';
import { BlockLayer } from './model/block-layer.js';
import { DeviceMapper, type DmMapping, kernelName } from './model/device-mapper.js';
import type { HostEnvironment } from './model/environment.js';
import { HostCondition } from './model/host-condition.js';
import { DiscoveryDatabase } from './model/discovery-database.js';
import { HostLocks } from './model/host-locks.js';
import { HostNetwork } from './model/host-network.js';
import { IscsiInitiator } from './model/iscsi-initiator.js';
import { MountTable } from './model/mount-table.js';
import { type FindMultipaths, MultipathDaemon } from './model/multipath-daemon.js';
import { NodeDatabase } from './model/node-database.js';
import { PlacedFiles } from './model/placed-files.js';
import { ScsiLayer } from './model/scsi-layer.js';
import { Udev } from './model/udev.js';

export interface SimulatedHostOptions {
  readonly name: string;
  readonly initiatorName: string;
  readonly array: SimulatedArray;
  readonly clock: Clock;
  readonly delays: Delays;
  readonly findMultipaths?: FindMultipaths;
}

/**
 * One Linux storage client. Its state changes as the kernel, udev and multipathd would change it; programs see it
 * only through the tools and files that a real host has. The methods here are the test's hands on the host.
 */
export class SimulatedHost {
  readonly name: string;
  readonly environment: HostEnvironment;
  readonly nodes: NodeDatabase;
  readonly iscsi: IscsiInitiator;
  readonly scsi: ScsiLayer;
  readonly deviceMapper: DeviceMapper;
  readonly blocks: BlockLayer;
  readonly mounts: MountTable;
  readonly udev: Udev;
  readonly multipath: MultipathDaemon;
  readonly condition: HostCondition;
  readonly locks: HostLocks;
  readonly discovery: DiscoveryDatabase;
  readonly placed: PlacedFiles;
  readonly network: HostNetwork;
  /** what is to go wrong on this host, and when */
  readonly faults = new FaultSchedule();
  /** transport by name: what `iscsiadm -m iface` shows */
  readonly ifaces = new Map([
    ['default', 'tcp'],
    ['iser', 'iser'],
  ]);
  /** links in /dev that somebody made by hand */
  readonly links = new Map<string, string>();
  /** `ln` fails, as with a full /dev */
  refusesLinks = false;
  /** every argv that was run, in order of their start */
  readonly commands: (readonly string[])[] = [];
  #files: { readonly version: number; readonly tree: FileTree } | null = null;
  #power = new AbortController();
  #bootedAt = 0;

  constructor(options: SimulatedHostOptions) {
    const { name, initiatorName, array, clock, delays } = options;
    const changes = new ChangeFeed();
    this.name = name;
    this.environment = { hostName: name, initiatorName, array, clock, delays, changes };
    this.nodes = new NodeDatabase(changes);
    this.discovery = new DiscoveryDatabase(changes);
    this.condition = new HostCondition(changes, name);
    this.locks = new HostLocks(changes);
    this.placed = new PlacedFiles(changes);
    this.network = new HostNetwork(clock);
    this.mounts = new MountTable(changes);
    this.deviceMapper = new DeviceMapper(changes);
    this.scsi = new ScsiLayer(this.environment, () => this.deviceMapper.devsHeld());
    this.iscsi = new IscsiInitiator(this.environment, this.scsi);
    this.blocks = new BlockLayer(this.environment, this.scsi, this.deviceMapper);
    this.udev = new Udev(this.environment, this.scsi);
    this.multipath = new MultipathDaemon(this.environment, this, options.findMultipaths ?? 'yes');
  }

  /** Since the host was started: an hour before the simulator, or when it was rebooted. */
  uptimeMs(): number {
    const now = this.environment.clock.now();
    return this.#bootedAt === 0 ? 3_600_000 + now : now - this.#bootedAt;
  }

  /** on the clock; 0 for a host that ran before the simulator did */
  get bootedAt(): number {
    return this.#bootedAt;
  }

  /** aborts when the host loses its power: programs end there, in the middle of what they do */
  get power(): AbortSignal {
    return this.#power.signal;
  }

  /**
   * Power off, and on again after a time. What was in memory is gone: sessions, devices, maps, mounts, locks, unwritten data. Node records and
   * the WWIDs of multipath stay, and records with an automatic start-up log in again.
   */
  reboot(downMs: number): void {
    this.network.close(downMs);
    this.#powerOff();
    const { clock, changes } = this.environment;
    clock.after(downMs, () => {
      this.#bootedAt = clock.now();
      changes.changed();
      void this.iscsi.start(this.nodes.entries, this.power);
    });
  }

  /** The files as they are now. */
  files(): FileTree {
    const { version } = this.environment.changes;
    if (this.#files?.version !== version) this.#files = { version, tree: hostFiles(this) };
    return this.#files.tree;
  }

  /** Bytes that some program writes to a device without syncing them. */
  writeData(device: string, data: string): void {
    this.blocks.write(this.#dev(device), data);
  }

  mount(device: string, mountPoint: string, options: { readonly fsType?: string; readonly pid?: number } = {}): void {
    const node = this.blocks.find(device);
    if (node === undefined) throw new Error(`${this.name} has no ${device}`);
    const { fsType = 'ext4', pid = 1 } = options;
    this.mounts.mount({ dev: node.dev, source: this.#devicePath(node.name), mountPoint, fsType, pid });
  }

  swapOn(device: string): void {
    const node = this.blocks.find(device);
    if (node === undefined) throw new Error(`${this.name} has no ${device}`);
    this.mounts.swapOn(this.#devicePath(node.name), node.dev);
  }

  /** Stacks a mapping on a device: an LV, a LUKS mapping. */
  stack(device: string, mapping: { readonly name: string; readonly uuid: string }): DmMapping {
    const node = this.blocks.find(device);
    if (node === undefined) throw new Error(`${this.name} has no ${device}`);
    const target = mapping.uuid.startsWith('CRYPT-') ? 'crypt' : 'linear';
    const table = { kind: 'linear', target, on: node.dev } as const;
    return this.deviceMapper.create({ ...mapping, table, sizeBytes: node.sizeBytes, readOnly: node.readOnly });
  }

  /** What iSCSI left on this host, one line each; empty when it is clean. */
  leftovers(): readonly string[] {
    const maps = this.deviceMapper.mappings.map((map) => `map ${map.name} (${kernelName(map)})`);
    const paths = this.multipath.paths.map((path) => `multipathd path ${path.name}`);
    const devices = this.scsi.units.map(
      (unit) => `device ${unit.hctl}${unit.disk === null ? '' : ` (${unit.disk.name})`}`,
    );
    const sessions = this.iscsi.sessions.map(
      ({ facts, portal }) => `session ${facts.sid} ${facts.targetName} ${portal}`,
    );
    const records = this.nodes.entries.map((entry) => `node record ${entry.targetName} ${entry.address},${entry.port}`);
    const discoveries = [...this.discovery.files.keys()].map((filePath) => `discovery record ${filePath}`);
    const links = [...this.links.keys()].map((link) => `link ${link}`);
    return [...maps, ...paths, ...devices, ...sessions, ...records, ...discoveries, ...links];
  }

  stop(): void {
    this.iscsi.stop();
  }

  #powerOff(): void {
    const lost = this.#power;
    this.#power = new AbortController();
    this.blocks.powerOff();
    this.iscsi.powerOff();
    for (const part of [this.scsi, this.deviceMapper, this.mounts, this.udev, this.multipath, this.locks])
      part.powerOff();
    this.links.clear();
    lost.abort();
    this.network.cutAll();
    this.environment.changes.changed();
  }

  #dev(device: string): string {
    const node = this.blocks.find(device);
    if (node === undefined) throw new Error(`${this.name} has no ${device}`);
    return node.dev;
  }

  #devicePath(name: string): string {
    const mapping = this.deviceMapper.find(name);
    return mapping === undefined ? `/dev/${name}` : `/dev/mapper/${mapping.name}`;
  }
}
