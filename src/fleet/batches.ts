import { type Amount, hostsIn } from './amount.js';

/**
 * The waves of a rolling run: the first amount of `serial` gives the size of the first batch, and so on; the last one counts for all that
 * is left. A share is one of all hosts, rounded down, but at least one host. All hosts are one batch when `serial` is empty.
 */
export function batchesOf<T>(hosts: readonly T[], serial: readonly Amount[]): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let at = 0;
  while (at < hosts.length) {
    const amount = serial[Math.min(batches.length, serial.length - 1)];
    const size = amount === undefined ? hosts.length : Math.max(1, hostsIn(amount, hosts.length));
    batches.push(hosts.slice(at, at + size));
    at += size;
  }
  return batches;
}
