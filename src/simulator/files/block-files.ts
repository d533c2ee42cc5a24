import type { SimulatedHost } from '../host-model.js';
import { type BlockNode, SYSTEM_DISK } from '../model/block-layer.js';
import { type DmMapping, dmDev, kernelName, slaveDevs } from '../model/device-mapper.js';
import type { FileTree } from './file-tree.js';
import { unitDirectory } from './iscsi-files.js';

/** sysfs of block devices: disks, mapped devices and the system's own disk. */
export function addBlockFiles(tree: FileTree, host: SimulatedHost): void {
  tree.directory('/sys/class/block');
  addDevice(tree, host, SYSTEM_DISK, '/sys/devices/pci0000:00/0000:00:03.0/virtio1/block/vda');
  for (const unit of host.scsi.units) {
    if (unit.disk === null) continue;
    const directory = `${unitDirectory(unit)}/block/${unit.disk.name}`;
    addDevice(tree, host, unit.disk, directory);
    tree.link(`${directory}/device`, unitDirectory(unit));
  }
  for (const mapping of host.deviceMapper.mappings) addMapping(tree, host, mapping);
}

/** Directory of a block device in sysfs, through the class. */
export function blockDirectory(name: string): string {
  return `/sys/class/block/${name}`;
}

function addMapping(tree: FileTree, host: SimulatedHost, mapping: DmMapping): void {
  const { name, uuid, suspended } = mapping;
  const directory = `/sys/devices/virtual/block/${kernelName(mapping)}`;
  addDevice(tree, host, { ...mapping, name: kernelName(mapping), dev: dmDev(mapping) }, directory);
  tree.files(`${directory}/dm`, { name, uuid, suspended: suspended ? 1 : 0 });
  for (const dev of slaveDevs(mapping)) {
    const slave = host.blocks.nameOf(dev);
    if (slave !== null) tree.link(`${directory}/slaves/${slave}`, blockDirectory(slave));
  }
}

function addDevice(tree: FileTree, host: SimulatedHost, node: BlockNode, directory: string): void {
  const { name, dev, sizeBytes, readOnly } = node;
  tree.files(directory, { dev, range: 16, removable: 0, ro: readOnly ? 1 : 0, size: sizeBytes / 512 });
  const writes = host.blocks.wasWritten(dev) ? '1 0 8 1' : '0 0 0 0';
  tree.files(directory, { stat: `4 0 32 1 ${writes} 0 1 1 0 0 0 0 0 0` });
  tree.files(`${directory}/queue`, { iostats: 1 });
  tree.directory(`${directory}/slaves`);
  tree.directory(`${directory}/holders`);
  for (const holder of host.deviceMapper.holdersOf(dev)) {
    tree.link(`${directory}/holders/${kernelName(holder)}`, blockDirectory(kernelName(holder)));
  }
  tree.link(`/sys/block/${name}`, directory);
  tree.link(blockDirectory(name), directory);
  tree.link(`/sys/dev/block/${dev}`, directory);
}
