import { LongshoreError, type ErrorCode } from '../errors/longshore-error.js';
import type { Outcome } from './connector.js';

/** Codes that are not plain failures. Everything else counts as `failed`. */
const OUTCOME_BY_CODE: Readonly<Partial<Record<ErrorCode, Outcome>>> = {
  E_UNREACHABLE: 'unreachable',
  E_HOST_KEY: 'unreachable',
  E_AUTH: 'unreachable',
  E_LOCKED: 'refused',
  E_DEVICE_BUSY: 'refused',
  E_LOW_MEMORY: 'refused',
  E_CONFLICT: 'refused',
  E_IDENTITY_MISMATCH: 'refused',
  E_IDENTITY_UNKNOWN: 'refused',
  E_PLAN_CHANGED: 'refused',
  E_OUTCOME_UNKNOWN: 'unknown',
  E_STUCK: 'unknown',
  E_OWNER: 'refused',
  E_TWO_HOSTS: 'refused',
  E_MOVE_REFUSED: 'refused',
  E_MOVE_FROZEN: 'unknown',
  E_EVIDENCE: 'refused',
  E_HOST_ANSWERS: 'refused',
  E_HOST_DIRTY: 'refused',
};

/** What an error that ended the work means for the host: could not be reached, said no, may have happened, or failed. */
export function outcomeOfError(error: unknown): Outcome {
  return error instanceof LongshoreError ? (OUTCOME_BY_CODE[error.code] ?? 'failed') : 'failed';
}
