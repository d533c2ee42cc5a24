import type { ReadReply } from '../transport/executor.js';
import { listedPaths, readReply, type Fact, type Learnt } from './fact.js';
import { hctlLun, parseHctl, wwidFromSysfs, type Wwid } from './identifiers.js';
import { parsedOrNoted } from './parse-error.js';
import type { BlockDevice, Partition, ScsiDevice } from './storage-state.js';
import { sysfsTree, type SysfsTree } from './sysfs-tree.js';

/** every SCSI device under an iSCSI session */
export const ISCSI_DEVICES = '/sys/class/iscsi_session/session*/device/target*/*:*:*:*';

/**
 * SCSI devices under iSCSI sessions, with their disks, partitions and holders; no process runs on the host. `within`: a pattern for the devices
 * that matter, such as `{device}`.
 */
export function scsiDevicesFact(within: string = ISCSI_DEVICES): Fact<Learnt<readonly ScsiDevice[]>> {
  const readPatterns = [
    ...['state', 'wwid', 'type', 'vendor', 'model'].map((name) => `${within}/${name}`),
    ...['size', 'ro', 'dev'].map((name) => `${within}/block/*/${name}`),
    ...['partition', 'dev'].map((name) => `${within}/block/*/*/${name}`),
  ];
  return {
    requests: [
      { kind: 'list', patterns: [`${within}/block/*/holders/*`, `${within}/block/*/*/holders/*`] },
      { kind: 'read', patterns: readPatterns },
    ],
    parse(replies) {
      const listed = listedPaths(replies[0], ISCSI_DEVICES);
      const read = readReply(replies[1], ISCSI_DEVICES);
      const devices = parseScsiDevices(read.value, listed.value);
      return { value: devices.value, unknowns: [...listed.unknowns, ...read.unknowns, ...devices.unknowns] };
    },
  };
}

/** A device of which anything matched is in the list, also when it was going away meanwhile: then with the gaps among the unknowns. */
function parseScsiDevices(read: ReadReply, listed: readonly string[]): Learnt<readonly ScsiDevice[]> {
  const tree = sysfsTree(read, listed);
  const value: ScsiDevice[] = [];
  for (const [directory, { sid, address }] of deviceDirectories(read)) {
    const hctl = parsedOrNoted(() => parseHctl(address), directory, tree.unknowns);
    if (hctl === null) continue;
    const [name, second] = tree.children(`${directory}/block`);
    if (second !== undefined) tree.unknowns.push({ subject: `${directory}/block`, reason: 'holds more than one disk' });
    const type = tree.required(`${directory}/type`) ?? '';
    value.push({
      hctl,
      lun: hctlLun(hctl),
      sid,
      state: tree.required(`${directory}/state`) ?? 'unknown',
      cachedWwid: cachedWwid(tree, directory, name !== undefined),
      type: /^\d{1,3}$/.test(type) ? Number(type) : -1,
      vendor: (tree.text(`${directory}/vendor`) ?? '').trim(),
      model: (tree.text(`${directory}/model`) ?? '').trim(),
      block: name === undefined ? null : blockDevice(tree, `${directory}/block/${name}`, name),
    });
  }
  return { value, unknowns: tree.unknowns };
}

function deviceDirectories(read: ReadReply): Map<string, { readonly sid: number; readonly address: string }> {
  const directories = new Map<string, { sid: number; address: string }>();
  for (const path of [...read.files.keys(), ...read.unreadable].sort()) {
    const match = /^(\/sys\/class\/iscsi_session\/session(\d+)\/device\/target[^/]*\/([^/]*))\//.exec(path);
    if (match === null) continue;
    const [, directory = '', sid = '', address = ''] = match;
    directories.set(directory, { sid: Number(sid), address });
  }
  return directories;
}

function cachedWwid(tree: SysfsTree, directory: string, isDisk: boolean): Wwid | null {
  const filePath = `${directory}/wwid`;
  const text = tree.text(filePath);
  const wwid = text === null ? null : wwidFromSysfs(text);
  // Enclosures and the like have none; a disk without one is something to know.
  if (wwid === null && isDisk) {
    const reason = text === null ? 'could not be read' : `${JSON.stringify(text.slice(0, 80))} is no unique identity`;
    tree.unknowns.push({ subject: filePath, reason });
  }
  return wwid;
}

function blockDevice(tree: SysfsTree, directory: string, name: string): BlockDevice {
  return {
    name,
    dev: tree.dev(directory),
    sizeBytes: tree.sizeBytes(directory),
    readOnly: tree.flag(`${directory}/ro`, false),
    holders: tree.children(`${directory}/holders`),
    partitions: partitionsOf(tree, directory),
  };
}

/** A disk's directory has many others in it: the file `partition` tells. */
function partitionsOf(tree: SysfsTree, directory: string): Partition[] {
  const names = tree.children(directory).filter((child) => tree.text(`${directory}/${child}/partition`) !== null);
  return names.map((name) => ({
    name,
    dev: tree.dev(`${directory}/${name}`),
    holders: tree.children(`${directory}/${name}/holders`),
  }));
}
