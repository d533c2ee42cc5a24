import type { ConnectorContext } from '../connectors/connector.js';
import { hostLock } from '../connectors/engine/verb-options.js';
import { LongshoreError } from '../errors/longshore-error.js';
import { isLoss } from '../transport/executor.js';

/**
 * Takes a host's lock for the whole of a move, before anything is looked at: what is seen then stays as it is. Throws `E_LOCKED` when another
 * controller is at work there. That the host does not answer is left to the look that follows.
 */
export async function lockHost(host: string, context: ConnectorContext): Promise<void> {
  try {
    const [reply] = await context.executor.sequence(context.deadline, [hostLock(context)]);
    if (reply.kind !== 'lock' || reply.ok) return;
    throw new LongshoreError('E_LOCKED', `another controller is at work on ${host}: ${reply.holder}`, {
      host,
      remedy: 'wait until it has finished, then run this again',
    });
  } catch (error) {
    if (!isLoss(error)) throw error;
  }
}
