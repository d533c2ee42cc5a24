import type { ReadReply } from '../transport/executor.js';
import { readReply, type Fact, type Learnt } from './fact.js';
import { unescapeOctal } from './mounts.js';
import type { SwapArea, Unknown } from './storage-state.js';

const FILE = '/proc/swaps';

/** Swap areas in use; no process runs on the host. */
export function swapsFact(): Fact<Learnt<readonly SwapArea[]>> {
  return {
    requests: [{ kind: 'read', patterns: [FILE] }],
    parse(replies) {
      const read = readReply(replies[0], FILE);
      const swaps = parseSwaps(read.value);
      return { value: swaps.value, unknowns: [...read.unknowns, ...swaps.unknowns] };
    },
  };
}

/** A kernel without swap support has no such file, and then there is nothing to know. */
function parseSwaps(read: ReadReply): Learnt<readonly SwapArea[]> {
  if (read.unreadable.includes(FILE)) return { value: [], unknowns: [{ subject: FILE, reason: 'could not be read' }] };
  const value: SwapArea[] = [];
  const unknowns: Unknown[] = [];
  for (const line of (read.files.get(FILE) ?? '').split('\n')) {
    if (line.trim() === '' || line.startsWith('Filename')) continue;
    const devicePath = /^(\/\S*)\s+(?:partition|file)\s+\d+\s+\d+\s+-?\d+\s*$/.exec(line)?.[1];
    if (devicePath === undefined)
      unknowns.push({ subject: FILE, reason: `unexpected line ${JSON.stringify(line.slice(0, 80))}` });
    else value.push({ devicePath: unescapeOctal(devicePath).replace(/ ?\(deleted\)$/, '') });
  }
  return { value, unknowns };
}
