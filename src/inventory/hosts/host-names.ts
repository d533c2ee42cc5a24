import { z } from 'zod';
import { quoted } from '../source/problems.js';

const MAX_NAME = 253;
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

// What OpenSSH refuses in a host name (valid_hostname in ssh.c): these could reach a shell through ProxyCommand's %h. "/" on top of that, as names
// become parts of file names, and brackets, which only a range that is not one leaves behind.
const REFUSED_IN_NAME = /['"`$\\;&<>|(){}\s/[\]]/;
const REFUSED_IN_USER = /['"`;&<>|(){}\s]/;

/** What is wrong with a name for a host in the inventory, or null. */
export function hostNameProblem(name: string): string | null {
  const bad = nameProblem(name, 'host');
  if (bad !== null) return bad;
  if (name.startsWith('-'))
    return `host name ${quoted(name)} begins with "-", which ssh would take for an option; rename it`;
  const range = /\[([^[\]:]+)\]/.exec(name);
  if (range?.[1] !== undefined) {
    return `host name ${quoted(name)} has ${quoted(`[${range[1]}]`)}, which is no range; write ${quoted(`[${range[1].replace('-', ':')}]`)} as Ansible does`;
  }
  const refused = REFUSED_IN_NAME.exec(name)?.[0];
  if (refused === undefined) return null;
  return `host name ${quoted(name)} holds ${quoted(refused)}, which ssh refuses; use letters, digits, ".", "-" and "_", and ansible_host for the address`;
}

/** Ansible takes nearly any group name; only what would spoil a terminal or a report is refused. */
export function groupNameProblem(name: string): string | null {
  return nameProblem(name, 'group');
}

function nameProblem(name: string, what: string): string | null {
  if (name === '') return `an empty ${what} name; write a name`;
  if (name.length > MAX_NAME)
    return `${what} name ${quoted(name)} has ${name.length} characters; at most ${MAX_NAME} are allowed`;
  return CONTROL.test(name) ? `${what} name ${quoted(name)} holds a control character; remove it` : null;
}

/** An address to connect to: a host name or an IP address, IPv6 without brackets; null when it is neither. */
export function parseAddress(text: string): string | null {
  const bare = /^\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]$/.exec(text)?.[1] ?? text;
  if (bare.includes(':')) {
    const [address = '', zone] = bare.split('%', 2);
    const valid = IPV6.safeParse(address).success && (zone === undefined || /^[\w.-]{1,32}$/.test(zone));
    return valid ? bare : null;
  }
  if (/^[0-9.]+$/.test(text)) return IPV4.safeParse(text).success ? text : null;
  const labels = text.replace(/\.$/, '').split('.');
  // Underscores are not in RFC 1123, but ssh takes them, and ssh_config aliases often have them.
  const valid =
    text.length <= MAX_NAME && labels.every((label) => /^[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?$/.test(label));
  return valid ? text : null;
}

const IPV4 = z.ipv4();
const IPV6 = z.ipv6();

/** What is wrong with a login name, or null: no control characters, nothing that ssh could read as an option or a shell as syntax. */
export function userProblem(user: string): string | null {
  if (user === '') return 'an empty user name; write a name or leave it out';
  if (user.length > 255) return `user name ${quoted(user)} has ${user.length} characters; at most 255 are allowed`;
  if (CONTROL.test(user)) return `user name ${quoted(user)} holds a control character; remove it`;
  if (user.startsWith('-'))
    return `user name ${quoted(user)} begins with "-", which ssh would take for an option; write a login name`;
  const refused = REFUSED_IN_USER.exec(user)?.[0];
  return refused === undefined
    ? null
    : `user name ${quoted(user)} holds ${quoted(refused)}, which ssh refuses; write a login name`;
}

/** True for text with control or invisible formatting characters, newlines included. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text);
}
