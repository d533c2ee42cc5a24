import type { Wwid } from './identifiers.js';
import { parseError } from './parse-error.js';

// SPC-6: NAA 2, 3 and 5 have 8 bytes, NAA 6 has 16. A value of another length is a truncated or foreign one.
const NAA = /^(?:[235][0-9a-f]{15}|6[0-9a-f]{31})$/;
const EUI = /^(?:[0-9a-f]{16}|[0-9a-f]{24}|[0-9a-f]{32})$/;
// What udev leaves of a T10 vendor or SCSI name string (spaces become "_").
const NAME = /^[A-Za-z0-9#+.:=@_-]{4,240}$/;
const HEX = /^[0-9a-fA-F]+$/;
const REMEDY =
  'write it as multipath or udev show it (3600140...), as sysfs does (naa.600140..., eui..., t10....), or as 0x600140... or wwn-0x600140...';

/**
 * A logical unit's identity from any of its spellings, in udev's and multipath's form: type digit (1 T10, 2 EUI-64, 3 NAA,
 * 8 SCSI name string) and value, hex digits in lower case. Identities that are not unique (serial numbers, vendor specific ones: udev's
 * `S` and `0`), empty, cut or all zero ones are refused. Throws `E_PARSE`.
 */
export function parseWwid(text: string): Wwid {
  const wwid = wwidOrNull(text);
  if (wwid === null) throw parseError('WWID', text, REMEDY);
  return wwid;
}

/**
 * The content of sysfs `device/wwid`. null when the kernel shows no identity that is certain to be unique.
 * The kernel pads T10 names with spaces, where udev writes "_".
 */
export function wwidFromSysfs(text: string): Wwid | null {
  const value = text.trim();
  return /^(?:naa|eui|t10)\./.test(value) ? wwidOrNull(value) : null;
}

/** The content of sysfs `device/wwid` for this identity; null for names, whose blanks are lost in the normal form. */
export function wwidToSysfs(wwid: Wwid): string | null {
  if (wwid.startsWith('3')) return `naa.${wwid.slice(1)}`;
  return wwid.startsWith('2') ? `eui.${wwid.slice(1)}` : null;
}

/** As `parseWwid`, with null instead of an error. */
export function wwidOrNull(text: string): Wwid | null {
  if (text.length === 0 || text.length > 255) return null;
  const prefixed = /^(wwn-0x|0x|naa\.|eui\.|t10\.)(.*)$/i.exec(text);
  if (prefixed !== null) {
    const [, prefix = '', value = ''] = prefixed;
    switch (prefix.toLowerCase()) {
      case 'eui.':
        return typed('2', value);
      case 't10.':
        return typed('1', value.trim().replace(/ +/g, '_'));
      default:
        return typed('3', value);
    }
  }
  if (HEX.test(text) && (text.length === 16 || text.length === 32)) return typed('3', text);
  return typed(text.slice(0, 1), text.slice(1));
}

/** Exact equality of two identities; an unknown one equals nothing, not even another unknown one (rule S3). */
export function sameWwid(a: Wwid | null, b: Wwid | null): boolean {
  return a !== null && b !== null && a.length > 0 && a === b;
}

function typed(type: string, value: string): Wwid | null {
  const hex = value.toLowerCase();
  switch (type) {
    case '1':
    case '8':
      // Only hex digits: more likely a mistyped NAA value than a name.
      return NAME.test(value) && !HEX.test(value) ? (`${type}${value}` as Wwid) : null;
    case '2':
      return EUI.test(hex) && !/^0+$/.test(hex) ? (`2${hex}` as Wwid) : null;
    case '3':
      return NAA.test(hex) && !/^.0+$/.test(hex) ? (`3${hex}` as Wwid) : null;
    default:
      return null;
  }
}
