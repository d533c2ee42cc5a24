import { discoverArgv } from '../../linux/iscsiadm.js';
import { parsePortal } from '../../linux/identifiers.js';
import type { LaneRequest } from '../../transport/executor.js';
import type { ConnectorContext } from '../connector.js';

/** Targets were offered; none are for this host; the portal wants credentials: in all three cases it answers. */
const ANSWERS = [0, 21, 24];
const ASK_MS = 30_000;

/**
 * Waits on the host until an iSCSI portal answers a SendTargets that leaves no record. A portal that wants credentials even for that is
 * noticed at the first look or when the time is over. Gives false when it did not answer.
 */
export async function waitForPortal(
  { executor, deadline }: ConnectorContext,
  portal: string,
  timeoutMs: number,
): Promise<boolean> {
  const argv = discoverArgv(parsePortal(portal), null);
  const ask: LaneRequest = { kind: 'run', argv, timeoutMs: ASK_MS, okExits: ANSWERS, readOnly: true };
  const [first] = await executor.sequence(deadline, [ask]);
  if (first.ok) return true;
  const [waited] = await executor.sequence(deadline, [{ kind: 'wait', outputLacks: { argv, words: [] }, timeoutMs }]);
  if (waited.ok) return true;
  const [last] = await executor.sequence(deadline, [ask]);
  return last.ok;
}
