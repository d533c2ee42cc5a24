import type { LaneReply, RunRequest } from '../transport/executor.js';

/** Whether udev's rules have found, when the disk appeared, that it is a path for multipathd. */
export interface MultipathClaim {
  /** kernel name of the disk */
  readonly disk: string;
  readonly claimed: boolean;
}

/**
 * Asks udev's database for the disk's properties: `multipath -u` is one of its rules, and multipathd takes the disk into a map a moment later when that
 * said so (multipath-tools 0.5 and later). `{}` takes the name from the request's `nameFrom`.
 */
export function multipathClaimRequest(nameFrom: readonly string[]): RunRequest {
  return {
    kind: 'run',
    argv: ['udevadm', 'info', '--query=property', '--name=/dev/{}'],
    nameFrom,
    boundsItself: true,
    okExits: 'any',
    readOnly: true,
  };
}

/** null when udev has not been through with the disk yet, or does not say. */
export function parseMultipathClaim(reply: LaneReply | undefined): MultipathClaim | null {
  if (reply?.kind !== 'run' || reply.exit !== 0) return null;
  const properties = new Map(
    reply.stdout.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const disk = properties.get('DEVNAME')?.replace(/^\/dev\//, '');
  if (disk === undefined || !properties.has('USEC_INITIALIZED')) return null;
  return { disk, claimed: properties.get('DM_MULTIPATH_DEVICE_PATH') === '1' };
}
