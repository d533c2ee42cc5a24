import type { ConnectorContext } from '../../connectors/connector.js';

const UPTIME = '/proc/uptime';
/** For the time that the answer takes to come, and for clocks that are set; s. */
const MARGIN_S = 5;

/**
 * Whether a host was started after a moment, by how long it has been up: its own clock may be wrong. False when it cannot be told. A virtual
 * machine that was paused does not count that time: one that was paused for longer than it had been up passes for rebooted.
 */
export async function hasRebootedSince(
  since: string,
  { executor, deadline }: ConnectorContext,
  now: Date,
): Promise<boolean> {
  const [reply] = await executor.sequence(deadline, [{ kind: 'read', patterns: [UPTIME] }]);
  const text = reply.kind === 'read' ? (reply.files.get(UPTIME) ?? '') : '';
  const uptimeS = /^(\d+(?:\.\d+)?)\s/.exec(text)?.[1];
  if (uptimeS === undefined) return false;
  return Number(uptimeS) + MARGIN_S < (now.getTime() - Date.parse(since)) / 1000;
}
