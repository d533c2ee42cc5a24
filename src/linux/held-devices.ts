import type { ReadReply } from '../transport/executor.js';
import { listedPaths, readReply, type Fact, type Learnt } from './fact.js';
import type { HeldFileSystem, LoopDevice } from './storage-state.js';

const FILE_SYSTEMS = ['/sys/fs/ext4/', '/sys/fs/xfs/', '/sys/fs/f2fs/', '/sys/fs/btrfs/*/devices/'];
const LOOPS = '/sys/block/loop*/loop/backing_file';
/** entries beside the devices: the module's own */
const NOT_DEVICES: ReadonlySet<string> = new Set(['features', 'stats', 'debug', 'tuning']);

export interface HeldDevices {
  readonly fileSystems: readonly HeldFileSystem[];
  readonly loops: readonly LoopDevice[];
}

/**
 * What holds devices without showing in any holders/ directory: file systems (also after a lazy unmount), and loop devices on top of
 * block devices. No process runs on the host. `within`: a pattern for the kernel names that matter, such as `{block}`.
 */
export function heldDevicesFact(within: string = '*'): Fact<Learnt<HeldDevices>> {
  return {
    requests: [
      { kind: 'list', patterns: FILE_SYSTEMS.map((directory) => `${directory}${within}`) },
      { kind: 'read', patterns: [LOOPS] },
    ],
    parse(replies) {
      const listed = listedPaths(replies[0], '/sys/fs');
      const read = readReply(replies[1], LOOPS);
      const unreadable = read.value.unreadable.map((subject) => ({ subject, reason: 'could not be read' }));
      return {
        value: { fileSystems: parseFileSystems(listed.value), loops: parseLoops(read.value) },
        unknowns: [...listed.unknowns, ...read.unknowns, ...unreadable],
      };
    },
  };
}

function parseFileSystems(listed: readonly string[]): HeldFileSystem[] {
  return listed.flatMap((path) => {
    const [, fsType, device] = /^\/sys\/fs\/([a-z0-9]+)\/(?:[^/]+\/devices\/)?([^/]+)$/.exec(path) ?? [];
    if (fsType === undefined || device === undefined || NOT_DEVICES.has(device)) return [];
    return [{ fsType, device }];
  });
}

function parseLoops(read: ReadReply): LoopDevice[] {
  return [...read.files].flatMap(([path, backingPath]) => {
    const name = /^\/sys\/block\/(loop\d+)\//.exec(path)?.[1];
    return name === undefined ? [] : [{ name, backingPath }];
  });
}
