import type { Guest } from './guest.js';
import { FABRIC, runScript } from './target-portal.js';

/** How often clients tried to log in since the lab started. */
export type LoginAttempts = {
  /** Logins that were accepted. */
  readonly accepted: number;
  /** Logins that were refused, for whatever reason. */
  readonly refused: number;
  /** Refused because the credentials were wrong, or missing. */
  readonly refusedCredentials: number;
  /** TCP connections tried at each portal, also while the portal hangs or refuses. */
  readonly connects: readonly [number, number];
};

/** Reads the target's own statistics of logins, and the counters of connections at its portals. */
export async function loginAttempts(target: Guest): Promise<LoginAttempts> {
  const stdout = await runScript(
    target,
    `cd ${FABRIC}/fabric_statistics/iscsi_login_stats
     for stat in *; do echo "$stat $(cat $stat)"; done
     nft list counters table ip lab | awk '$1 == "counter" { name = $2 } $1 == "packets" { print name, $2 }'`,
  );
  const counts = new Map(stdout.split('\n').map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
  const count = (name: string) => counts.get(name) ?? 0;
  return {
    accepted: count('accepts'),
    refused: ['authorize_fails', 'authenticate_fails', 'negotiate_fails', 'other_fails'].reduce(
      (sum, name) => sum + count(name),
      0,
    ),
    refusedCredentials: count('authenticate_fails'),
    connects: [count('connects1'), count('connects2')],
  };
}

/** A client's TCP connection to a portal; with one connection a session, as open-iscsi has it, that is a session. */
export type TargetSession = { readonly portal: string; readonly client: string };

/** The sessions that the target has right now. */
export async function sessions(target: Guest): Promise<TargetSession[]> {
  const stdout = await runScript(target, `ss -Htn state established '( sport = :3260 )'`);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/u))
    .flatMap(([, , portal, peer]) => (portal && peer ? [{ portal, client: peer.replace(/:\d+$/u, '') }] : []));
}
