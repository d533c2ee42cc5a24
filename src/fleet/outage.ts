import type { ErrorCode } from '../errors/longshore-error.js';
import type { HostFindings } from './fleet-result.js';

/**
 * From here on, broken hosts or one broken portal are taken for an outage of a network or an array, in which nothing must be cleaned up
 * or rolled out further (rule S37): at least so many hosts, and at least this share of the batch.
 */
export const OUTAGE = { leastHosts: 5, share: 0.3 } as const;

/** What a host ends with when its network, or its way to the array, is gone. A refused login or host key is no outage. */
const BROKEN_CODES: readonly ErrorCode[] = [
  'E_UNREACHABLE',
  'E_OUTCOME_UNKNOWN',
  'E_PORTAL_UNREACHABLE',
  'E_TOO_FEW_PATHS',
  'E_FLUSH_FAILED',
];
const LIVE_STATES: readonly string[] = ['active', 'running', 'live'];

/** Whether a host looks as it would in an outage. */
export function isBroken({ error, volumes }: Pick<HostFindings, 'error' | 'volumes'>): boolean {
  const errors = [error, ...[...(volumes?.values() ?? [])].map((volume) => volume.error)];
  return errors.some((one) => one !== undefined && 'code' in one && BROKEN_CODES.some((code) => code === one.code));
}

/** Portals by which a host has no live path to a volume that is attached to it, or was to be. */
export function brokenPortals({ volumes }: Pick<HostFindings, 'volumes'>): readonly string[] {
  const portals = [...(volumes?.values() ?? [])]
    .filter((volume) => volume.deviceInfo !== undefined || volume.error !== undefined)
    .flatMap((volume) => volume.paths.filter((path) => path.portal !== '' && !LIVE_STATES.includes(path.state)))
    .map((path) => path.portal);
  return [...new Set(portals)];
}
