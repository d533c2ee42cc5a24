import { listedPaths, type Fact, type Learnt } from './fact.js';

/** A program that work on storage needs, and the package that has it. */
export interface NeededTool {
  readonly name: string;
  readonly debian: string;
  readonly redHat: string;
  readonly paths: readonly string[];
}

const inBin = (name: string): readonly string[] =>
  ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].map((directory) => `${directory}/${name}`);

export const NEEDED_TOOLS: readonly NeededTool[] = [
  { name: 'iscsiadm', debian: 'open-iscsi', redHat: 'iscsi-initiator-utils', paths: inBin('iscsiadm') },
  { name: 'multipath', debian: 'multipath-tools', redHat: 'device-mapper-multipath', paths: inBin('multipath') },
  { name: 'multipathd', debian: 'multipath-tools', redHat: 'device-mapper-multipath', paths: inBin('multipathd') },
  { name: 'dmsetup', debian: 'dmsetup', redHat: 'device-mapper', paths: inBin('dmsetup') },
  { name: 'blockdev', debian: 'util-linux', redHat: 'util-linux', paths: inBin('blockdev') },
  {
    name: 'scsi_id',
    debian: 'udev',
    redHat: 'systemd-udev',
    paths: ['/lib/udev/scsi_id', '/usr/lib/udev/scsi_id'],
  },
  { name: 'sync', debian: 'coreutils', redHat: 'coreutils', paths: inBin('sync') },
  { name: 'dd', debian: 'coreutils', redHat: 'coreutils', paths: inBin('dd') },
  { name: 'grep', debian: 'grep', redHat: 'grep', paths: inBin('grep') },
  { name: 'awk', debian: 'mawk', redHat: 'gawk', paths: inBin('awk') },
];

/** Names of the needed tools that are there; no process starts. */
export function installedToolsFact(): Fact<Learnt<ReadonlySet<string>>> {
  return {
    requests: [{ kind: 'list', patterns: NEEDED_TOOLS.flatMap((tool) => tool.paths) }],
    parse(replies) {
      const { value: paths, unknowns } = listedPaths(replies[0], 'programs');
      const present = NEEDED_TOOLS.filter((tool) => tool.paths.some((path) => paths.includes(path)));
      return { value: new Set(present.map(({ name }) => name)), unknowns };
    },
  };
}
