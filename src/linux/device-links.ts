import type { Fact, Learnt } from './fact.js';

/** A link to a device, and where it leads in the end. */
export interface DeviceLink {
  readonly linkPath: string;
  /** canonical path, of which the last name may not exist; null when a directory on the way is missing */
  readonly target: string | null;
}

/** The links that match these patterns; one `readlink` on the host when there are any. */
export function deviceLinksFact(patterns: readonly string[]): Fact<Learnt<readonly DeviceLink[]>> {
  return {
    requests: [{ kind: 'list', patterns, resolve: true }],
    parse([reply]) {
      if (reply?.kind !== 'list') {
        return { value: [], unknowns: [{ subject: patterns.join(' '), reason: 'was not listed' }] };
      }
      const value = reply.paths.map((linkPath) => ({ linkPath, target: reply.resolved.get(linkPath) ?? null }));
      return { value, unknowns: [] };
    },
  };
}
