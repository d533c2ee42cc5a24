/**
 * The address of each host of the demo, by its index: one of its own, 127.1.0.1 and on, where all of 127.0.0.0/8 is this machine (Linux); elsewhere hosts
 * differ by their ports.
 */
export function demoAddress(index: number): string {
  if (process.platform !== 'linux') return '127.0.0.1';
  return `127.1.${Math.floor(index / 250)}.${1 + (index % 250)}`;
}
