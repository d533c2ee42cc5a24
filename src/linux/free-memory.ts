import type { Fact } from './fact.js';
import { readReply } from './fact.js';

const FILE = '/proc/meminfo';

export interface Memory {
  readonly totalKiB: number;
  readonly availableKiB: number;
}

/** Memory that programs could get now without swapping; null when the kernel does not say (before 3.14). No process runs on the host. */
export function freeMemoryFact(): Fact<Memory | null> {
  return {
    requests: [{ kind: 'read', patterns: [FILE] }],
    parse: (replies) => parseMemory(readReply(replies[0], FILE).value.files.get(FILE) ?? ''),
  };
}

export function parseMemory(text: string): Memory | null {
  const kiB = (name: string): number => Number(new RegExp(`^${name}: +(\\d{1,15}) kB$`, 'm').exec(text)?.[1] ?? NaN);
  const [totalKiB, availableKiB] = [kiB('MemTotal'), kiB('MemAvailable')];
  return Number.isNaN(totalKiB) || Number.isNaN(availableKiB) ? null : { totalKiB, availableKiB };
}
