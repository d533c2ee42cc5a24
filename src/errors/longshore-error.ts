/**
 * Every code that an error of Longshore can carry. Stable: users match on them; `docs/errors.md` lists cause and remedy
 * of each, and a test compares the two.
 */
export const ERROR_CODES = [
  // input, before any host is touched
  'E_USAGE',
  'E_INVENTORY',
  'E_VOLUME',
  'E_PLAYBOOK',
  'E_SECRET',
  // reaching a host
  'E_UNREACHABLE',
  'E_HOST_KEY',
  'E_AUTH',
  'E_BECOME',
  'E_LANE',
  'E_LOCKED',
  // running on a host
  'E_COMMAND',
  'E_COMMAND_TIMEOUT',
  'E_OUTCOME_UNKNOWN',
  'E_INTERRUPTED',
  'E_PARSE',
  'E_READ_ONLY',
  'E_OUTPUT',
  'E_JOURNAL',
  'E_STATE',
  'E_REPLAY',
  // storage
  'E_UNSUPPORTED',
  'E_MULTIPATH_UNUSABLE',
  'E_LOGIN_REJECTED',
  'E_PORTAL_UNREACHABLE',
  'E_DEVICE_NOT_FOUND',
  'E_TOO_FEW_PATHS',
  'E_DEVICE_READ_ONLY',
  'E_IDENTITY_MISMATCH',
  'E_IDENTITY_UNKNOWN',
  'E_DEVICE_BUSY',
  'E_CONFLICT',
  'E_FLUSH_FAILED',
  'E_LOW_MEMORY',
  'E_DEVICE_NOT_REMOVED',
  'E_STUCK',
  // playbooks
  'E_PLAN_CHANGED',
  'E_NOT_VERIFIED',
  'E_DECLINED',
  // who has a volume, over several hosts
  'E_OWNER',
  'E_TWO_HOSTS',
  'E_MOVE_REFUSED',
  'E_MOVE_RETURNED',
  'E_MOVE_FROZEN',
  'E_EVIDENCE',
  'E_HOST_ANSWERS',
  'E_HOST_DIRTY',
  'E_INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Where and why, beside the code and the message. Everything here may be shown: secrets never get this far. */
export interface ErrorDetails {
  readonly host?: string;
  /** id of the plan step that was at work */
  readonly step?: string;
  /** the command, quoted for reading; secrets go by stdin and so are never in it */
  readonly command?: string;
  /** at most the last 2 KiB of what the command said */
  readonly stderr?: string;
  /** the connection was closed before a login was tried, as sshd does when too many wait for theirs (MaxStartups): trying again does no harm */
  readonly droppedBeforeLogin?: boolean;
  /** what to do about it, one sentence */
  readonly remedy?: string;
  readonly cause?: unknown;
  /** errors met while clearing up after the first one; they never replace it */
  readonly also?: readonly Error[];
}

/** Base of all errors that Longshore raises on purpose. Match on `code`. */
export class LongshoreError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LongshoreError';
    this.code = code;
    this.details = details;
  }
}
