import type { SimulatedHost } from '../host-model.js';
import { kernelName } from '../model/device-mapper.js';
import type { FileTree } from './file-tree.js';

/** /dev: nodes are there with the kernel's devices, links only when udev has done its work. */
export function addDevFiles(tree: FileTree, host: SimulatedHost): void {
  tree.directory('/dev/disk/by-id');
  tree.directory('/dev/disk/by-path');
  // device nodes cannot be read as text here; commands reach them by name
  for (const name of ['vda', 'null', 'mapper/control']) tree.file(`/dev/${name}`, null);
  for (const unit of host.scsi.units) if (unit.disk !== null) tree.file(`/dev/${unit.disk.name}`, null);
  for (const mapping of host.deviceMapper.mappings) {
    const node = `/dev/${kernelName(mapping)}`;
    tree.file(node, null);
    tree.link(`/dev/mapper/${mapping.name}`, node);
    tree.link(`/dev/disk/by-id/dm-name-${mapping.name}`, node);
    tree.link(`/dev/disk/by-id/dm-uuid-${mapping.uuid}`, node);
  }
  for (const { disk, unit, wwid } of host.udev.disks.values()) {
    const { targetName, address, port } = unit.session.facts;
    const lun = unit.lun < 256 ? String(unit.lun) : `0x${unit.lun.toString(16).padStart(4, '0')}000000000000`;
    tree.link(`/dev/disk/by-path/ip-${address}:${port}-iscsi-${targetName}-lun-${lun}`, `/dev/${disk.name}`);
    if (wwid === null) continue;
    const map = host.deviceMapper.multipathMap(wwid);
    const node = `/dev/${map === undefined ? disk.name : kernelName(map)}`;
    tree.link(`/dev/disk/by-id/scsi-${wwid}`, node);
    tree.link(`/dev/disk/by-id/wwn-0x${wwid.slice(1)}`, node);
  }
  for (const [link, target] of host.links) tree.link(link, target);
}
