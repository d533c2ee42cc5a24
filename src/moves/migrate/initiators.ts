import { connectorProperties } from '../../connectors/connector-properties.js';
import type { ConnectorContext } from '../../connectors/connector.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import type { MoveTexts } from './move-step.js';

/** The iSCSI name of a host, or null when it has none. */
export async function initiatorOf(context: ConnectorContext): Promise<string | null> {
  const { initiator } = await connectorProperties(context);
  return typeof initiator === 'string' ? initiator : null;
}

/**
 * Two hosts with one name are one host to the array: it could not take the volume from the one and give it to the other (rule S40). Throws
 * `E_MOVE_REFUSED`.
 */
export function requireTwoInitiators([from, to]: readonly (string | null)[], texts: MoveTexts): void {
  if (from === null || from === undefined || from !== to) return;
  throw new LongshoreError('E_MOVE_REFUSED', `${texts.from} and ${texts.to} have the same initiator name ${from}`, {
    remedy: 'give one of them a name of its own in /etc/iscsi/initiatorname.iscsi, and access at the array under it',
  });
}
