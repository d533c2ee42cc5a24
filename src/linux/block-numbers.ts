import type { LaneReply } from '../transport/executor.js';
import type { Fact, Learnt } from './fact.js';

const NUMBERS = '/sys/dev/block/*';

/** A block device that the kernel has now. */
export interface NumberedDevice {
  /** kernel name, such as sdb1 or dm-0 */
  readonly name: string;
  /** of a partition: the disk that it is on */
  readonly disk: string | null;
}

/**
 * Every block device of the host by its number, `major:minor`; null when that could not be listed, lest a missing number be taken for a
 * device that is gone. One `readlink` for all of them.
 */
export function blockNumbersFact(): Fact<Learnt<ReadonlyMap<string, NumberedDevice> | null>> {
  return {
    requests: [{ kind: 'list', patterns: [NUMBERS], resolve: true }],
    parse: ([reply]) => parseBlockNumbers(reply),
  };
}

function parseBlockNumbers(reply: LaneReply | undefined): Learnt<ReadonlyMap<string, NumberedDevice> | null> {
  // every host has a disk that it runs from: none at all means that nothing was seen
  if (reply?.kind !== 'list' || reply.paths.length === 0) {
    return { value: null, unknowns: [{ subject: NUMBERS, reason: 'could not be listed' }] };
  }
  const value = new Map<string, NumberedDevice>();
  for (const filePath of reply.paths) {
    const dev = filePath.slice(filePath.lastIndexOf('/') + 1);
    const [parent = '', name = ''] = (reply.resolved.get(filePath) ?? '').split('/').slice(-2);
    // a device that went away meanwhile has no directory any more, but it had a number a moment ago
    value.set(dev, { name, disk: parent !== 'block' && name.startsWith(parent) && parent !== '' ? parent : null });
  }
  return { value, unknowns: [] };
}
