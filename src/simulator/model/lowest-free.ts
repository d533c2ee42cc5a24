/** The kernel hands out the lowest free number of a kind (IDA): disk letters, dm minors, SCSI hosts. */
export function lowestFree(used: Iterable<number>): number {
  const taken = new Set(used);
  let candidate = 0;
  while (taken.has(candidate)) candidate += 1;
  return candidate;
}
