import type { LaneReply, RunRequest } from '../transport/executor.js';
import { firstLine, runOutput } from './fact.js';
import { sameWwid, type Wwid } from './identifiers.js';
import { parseError } from './parse-error.js';
import { wwidOrNull } from './wwid.js';

/** What a device said when it was asked just now; `match-source` can be compared with what is expected. */
export type LiveIdentity =
  { readonly kind: 'match-source'; readonly wwid: Wwid } | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Asks a device for its identity with an INQUIRY of page 0x83. sysfs and the map keep the identity that they saw first, also after the
 * array has put another volume there; only this tells the truth. A dead path takes up to `timeoutMs`
 * and does not end the sequence; to guard a change, add `expectStdout`. `{}` takes the name from the request's
 * `nameFrom`. Throws `E_PARSE` for what is no kernel name.
 */
export function liveIdentityRequest(name: string): RunRequest {
  if (name !== '{}' && !/^[a-z][a-z0-9-]{0,31}$/.test(name))
    throw parseError('kernel device name', name, 'write it as sysfs does: sdb, dm-0');
  return {
    kind: 'run',
    argv: ['/lib/udev/scsi_id', '--page=0x83', '--whitelisted', `--device=/dev/${name}`],
    boundsItself: true,
    okExits: 'any',
    readOnly: true,
  };
}

/** Pure and total: everything but one well-formed identity is `unknown`. */
export function parseLiveIdentity(reply: LaneReply | undefined): LiveIdentity {
  const { value, unknowns } = runOutput(reply, 'scsi_id');
  if (value === null) return { kind: 'unknown', reason: `scsi_id ${unknowns[0]?.reason ?? 'gave no answer'}` };
  const text = value.stdout.trim();
  const wwid = text.includes('\n') ? null : wwidOrNull(text.replace(/ +/g, '_'));
  if (wwid !== null) return { kind: 'match-source', wwid };
  return { kind: 'unknown', reason: `scsi_id gave no unique identity: ${JSON.stringify(firstLine(text))}` };
}

/**
 * Whether a device is the one that is expected. Identities of different types (NAA against EUI-64, say) cannot be compared: an
 * array may give both for one volume. `unknown` is a stop, never a match.
 */
export function compareIdentity(
  expected: Wwid | null,
  actual: LiveIdentity | Wwid | null,
): 'match' | 'mismatch' | 'unknown' {
  const wwid =
    actual === null || typeof actual === 'string' ? actual : actual.kind === 'match-source' ? actual.wwid : null;
  if (expected === null || wwid === null || expected.charAt(0) !== wwid.charAt(0)) return 'unknown';
  return sameWwid(expected, wwid) ? 'match' : 'mismatch';
}
