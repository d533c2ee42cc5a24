/** os-brick's names for the links that encryption tools may replace; udev owns all others in that directory. */
const PREFIX = '/dev/disk/by-id/os-brick';

/** All such links, as a pattern. */
export const PRIVATE_LINKS = `${PREFIX}+*`;

/**
 * The link for a device: every `/` of its path becomes `+`. A `+` of the path itself is doubled, which os-brick forgets: its name for
 * `/dev/md/vol+1` means `/dev/md/vol/1`.
 */
export function privateLinkOf(devicePath: string): string {
  return `${PREFIX}${devicePath.replaceAll('+', '++').replaceAll(/(?<!\/)\/+/g, '+')}`;
}

/** The device path behind such a link's name, or the path itself when it is no such link. */
export function deviceOfPrivateLink(devicePath: string): string {
  if (!devicePath.startsWith(`${PREFIX}+`)) return devicePath;
  return devicePath.slice(PREFIX.length).replaceAll(/\+\+|\+/g, (plus) => (plus === '++' ? '+' : '/'));
}
