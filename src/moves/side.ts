import type { DeviceInfo } from '../connectors/connector.js';
import type { LongshoreError } from '../errors/longshore-error.js';

/** What one host shows of one volume, read from the host just now. Only `absent` and `whole` are proofs. */
export type Side =
  /** no session that carries only it, no disk, map, mount or record of ours: proven by a detach that finds nothing to do */
  | { readonly kind: 'absent' }
  /** attached, with the identity asked of every path now; `users` says who uses it, null when nobody does */
  | { readonly kind: 'whole'; readonly deviceInfo: DeviceInfo; readonly users: string | null }
  /** something of it is there, but not in a state to be handed out */
  | { readonly kind: 'partial'; readonly what: string; readonly users: string | null }
  /** the host answers, and what it shows must not be touched or cannot be read to the end: another volume, a sick database */
  | { readonly kind: 'blocked'; readonly error: LongshoreError }
  /** the host does not answer: whatever it had, it may still have */
  | { readonly kind: 'silent'; readonly error: LongshoreError };

/** A side as a sentence goes on with it: `client1 ... has it`. */
export function sideText(side: Side): string {
  switch (side.kind) {
    case 'absent':
      return 'has nothing of it';
    case 'whole':
      return `has it as ${side.deviceInfo.path}${side.users === null ? '' : `, ${side.users}`}`;
    case 'partial':
      return `has a part of it: ${side.what}`;
    case 'blocked':
      return `cannot be judged: ${side.error.message}`;
    case 'silent':
      return `does not answer: ${side.error.message}`;
  }
}
