import type { LaneReply } from '../transport/executor.js';
import { unmangled } from './dm-status.js';
import { runOutput, type Fact, type Learnt } from './fact.js';

/** The numbers and not the names: of a device that is gone only the number is left. Tables would show more, keys among it. */
const DEPS_ARGV = ['dmsetup', 'deps', '-o', 'devno'];

/**
 * What each mapped device is made of, by its unmangled name: `major:minor` of every device that its table refers to, whether that is still
 * there or not. null when it could not be asked.
 */
export function dmDependenciesFact(): Fact<Learnt<ReadonlyMap<string, readonly string[]> | null>> {
  return {
    requests: [
      {
        kind: 'run',
        argv: DEPS_ARGV,
        when: ['/sys/block/dm-*'],
        boundsItself: true,
        okExits: 'any',
        readOnly: true,
      },
    ],
    parse: ([reply]) => parseDependencies(reply),
  };
}

function parseDependencies(reply: LaneReply | undefined): Learnt<ReadonlyMap<string, readonly string[]> | null> {
  const { value: run, unknowns } = runOutput(reply, 'dmsetup deps');
  if (run === null) return { value: null, unknowns };
  const value = new Map<string, readonly string[]>();
  const notes = [...unknowns];
  for (const line of run.stdout.split('\n')) {
    if (line.trim() === '' || line === 'No devices found') continue;
    const [, name, count, list = ''] = /^(.*): (\d+) dependencies\s*:((?: \(\d+, \d+\))*)\s*$/.exec(line) ?? [];
    const devs = [...list.matchAll(/\((\d+), (\d+)\)/g)].map(([, major, minor]) => `${major}:${minor}`);
    if (name === undefined || devs.length !== Number(count)) {
      notes.push({ subject: 'dmsetup deps', reason: `unexpected line ${JSON.stringify(line.slice(0, 80))}` });
    } else value.set(unmangled(name), devs);
  }
  return { value, unknowns: notes };
}
