import type { SimulatedHost } from '../host-model.js';
import { type NodeEntry, nodeFilePath, nodeFileText } from '../model/node-database.js';
import type { FileTree, FileWriter } from './file-tree.js';

/** Programs that a storage client has. */
const PROGRAMS = [
  '/sbin/iscsiadm',
  '/sbin/multipath',
  '/sbin/multipathd',
  '/sbin/dmsetup',
  '/sbin/blockdev',
  '/lib/udev/scsi_id',
  '/bin/sh',
  '/bin/sync',
  '/bin/dd',
  '/bin/grep',
  '/bin/awk',
];

/** /etc, where the node database and the WWIDs file are, and the programs' own files. */
export function addEtcFiles(tree: FileTree, host: SimulatedHost): void {
  tree.file('/etc/hostname', `${host.name}\n`);
  tree.file(
    '/etc/os-release',
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n',
  );
  tree.file(
    '/etc/iscsi/initiatorname.iscsi',
    `## DO NOT EDIT OR REMOVE THIS FILE!\nInitiatorName=${host.environment.initiatorName}\n`,
  );
  for (const entry of host.nodes.entries) {
    tree.file(nodeFilePath(entry), nodeFileText(entry), recordWriter(host, entry));
  }
  for (const [filePath, text] of host.discovery.files) {
    tree.file(filePath, text, (content) => {
      host.discovery.put(filePath, text + content);
      return Promise.resolve(null);
    });
  }
  tree.file('/etc/multipath.conf', `defaults {\n\tfind_multipaths ${host.multipath.findMultipaths}\n}\n`);
  const wwids = host.multipath.registered.map((wwid) => `/${wwid}/\n`).join('');
  tree.file('/etc/multipath/wwids', `# Multipath wwids, Version : 1.0\n# Valid WWIDs:\n${wwids}`);
  for (const program of PROGRAMS) {
    tree.file(program, null);
    if (program.startsWith('/sbin/') || program.startsWith('/bin/')) tree.file(`/usr${program}`, null);
  }
  tree.directory('/run/lock');
  tree.directory('/run/lock/iscsi');
}

/** Whoever writes a record's file by hand adds to it. */
function recordWriter(host: SimulatedHost, entry: NodeEntry): FileWriter {
  return (content) => {
    host.nodes.append(entry, content);
    return Promise.resolve(null);
  };
}
