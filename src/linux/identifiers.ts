import type { LongshoreError } from '../errors/longshore-error.js';
import { parseError } from './parse-error.js';

export { parseWwid, sameWwid, wwidFromSysfs } from './wwid.js';

/** Domain strings that only their parsers make: a raw string cannot get to a command line as one of these. */
type Branded<B extends string> = string & { readonly __brand: B };

/** iSCSI qualified name (`iqn.`, `eui.`, `naa.`), lower case as RFC 3722 folds it. */
export type Iqn = Branded<'Iqn'>;

/** `address:port` in one spelling: IPv4 dotted; IPv6 compressed, lower case, in brackets; port always present. */
export type Portal = Branded<'Portal'>;

/** `host:channel:target:lun`, decimal. */
export type Hctl = Branded<'Hctl'>;

/** udev's and multipath's form of a logical unit's identity: type digit and value, such as `3600140...` (NAA). */
export type Wwid = Branded<'Wwid'>;

/** Name of an open-iscsi interface record: `default`, `iser`, or one that the operator made. */
export type IfaceName = Branded<'IfaceName'>;

/** RFC 7143 section 4.2.7.1 */
const MAX_ISCSI_NAME = 223;
const DEFAULT_ISCSI_PORT = 3260;

// RFC 3722 leaves letters, digits, dash, dot and colon. Underscores are not allowed by it, but arrays give out such names, and they
// are harmless everywhere.
const IQN = /^iqn\.\d{4}-(?:0[1-9]|1[0-2])(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)+(?::[a-z0-9.:_-]+)?$/;
const EUI_NAME = /^eui\.[0-9a-f]{16}$/;
const NAA_NAME = /^naa\.(?:[0-9a-f]{16}|[0-9a-f]{32})$/;

/** An iSCSI name from whatever spelling of case. Throws `E_PARSE`. */
export function parseIqn(text: string): Iqn {
  const name = text.length <= MAX_ISCSI_NAME ? text.toLowerCase() : '';
  if (IQN.test(name) || EUI_NAME.test(name) || NAA_NAME.test(name)) return name as Iqn;
  throw parseError(
    'iSCSI name',
    text,
    `write iqn.YYYY-MM.reversed.domain:name (letters, digits, "-", ".", ":" and "_", at most ${MAX_ISCSI_NAME} characters), eui.16 hex digits, or naa.16 or 32 hex digits`,
  );
}

/**
 * A portal from any spelling that Cinder, open-iscsi or sysfs use: port 3260 when there is none, a `,tpgt` suffix dropped, host names
 * in lower case. An IPv4-mapped IPv6 address stays IPv6, as `[::ffff:10.0.0.1]`: open-iscsi keeps both apart as well. Throws `E_PARSE`.
 */
export function parsePortal(text: string): Portal {
  const fail = (): LongshoreError =>
    parseError(
      'portal',
      text,
      'write ADDRESS or ADDRESS:PORT, such as 10.0.0.1:3260, [2001:db8::1]:3260 or storage.example.com:3260',
    );
  if (text.length > 300) throw fail();
  const bare = /^([^,]*)(?:,-?\d{1,10})?$/.exec(text)?.[1];
  if (bare === undefined) throw fail();

  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(bare);
  const colons = bare.split(':').length - 1;
  // More than one colon and no brackets can only be an IPv6 address without a port (so sysfs shows addresses).
  const plain = colons > 1 ? [bare, bare] : /^([^:]*)(?::(\d{1,5}))?$/.exec(bare);
  const [, host, portText] = bracketed ?? plain ?? [];
  if (host === undefined) throw fail();
  const port = portText === undefined ? DEFAULT_ISCSI_PORT : Number(portText);
  if (port < 1 || port > 65535) throw fail();

  const isIpv6 = bracketed !== null || colons > 1;
  const address = isIpv6 ? canonicalIpv6(host) : canonicalHost(host);
  if (address === null) throw fail();
  return `${address}:${port}` as Portal;
}

/** The address alone, IPv6 without its brackets. */
export function portalAddress(portal: Portal): string {
  const address = portal.slice(0, portal.lastIndexOf(':'));
  return address.startsWith('[') ? address.slice(1, -1) : address;
}

export function portalPort(portal: Portal): number {
  return Number(portal.slice(portal.lastIndexOf(':') + 1));
}

/** `0:0:0:1`, as sysfs names SCSI devices. LUNs are decimal, up to 64 bits in sysfs; more than 2^53 - 1 is refused. Throws `E_PARSE`. */
export function parseHctl(text: string): Hctl {
  const parts = /^(?:0|[1-9]\d{0,9}):(?:0|[1-9]\d{0,9}):(?:0|[1-9]\d{0,9}):(0|[1-9]\d{0,15})$/.exec(text);
  if (parts !== null && Number.isSafeInteger(Number(parts[1]))) return text as Hctl;
  throw parseError('SCSI address', text, 'write HOST:CHANNEL:TARGET:LUN in decimal, such as 0:0:0:1');
}

/** The logical unit number at the end of an Hctl. */
export function hctlLun(hctl: Hctl): number {
  return Number(hctl.slice(hctl.lastIndexOf(':') + 1));
}

/** Throws `E_PARSE`. */
export function parseIfaceName(text: string): IfaceName {
  if (/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/.test(text)) return text as IfaceName;
  throw parseError('iSCSI interface name', text, 'write the name that "iscsiadm -m iface" shows, such as default');
}

function canonicalHost(host: string): string | null {
  if (/^[0-9.]+$/.test(host)) {
    const octets = host.split('.');
    // No leading zeros: some tools read 010 as octal.
    const valid = octets.length === 4 && octets.every((o) => /^(?:0|[1-9]\d{0,2})$/.test(o) && Number(o) <= 255);
    return valid ? host : null;
  }
  const name = host.toLowerCase();
  const labels = name.split('.');
  const valid = name.length <= 253 && labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return valid && !/^\d+$/.test(labels.at(-1) ?? '') ? name : null;
}

function canonicalIpv6(host: string): string | null {
  if (host.length > 45 || !/^[0-9a-fA-F:.]+$/.test(host)) return null;
  const url = `http://[${host}]/`;
  if (!URL.canParse(url)) return null;
  const canonical = new URL(url).hostname;
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = [parseInt(mapped[1] ?? '', 16), parseInt(mapped[2] ?? '', 16)];
  return `[::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}]`;
}
