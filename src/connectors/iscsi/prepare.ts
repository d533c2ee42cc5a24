import { LongshoreError } from '../../errors/longshore-error.js';
import { showIfaceArgv } from '../../linux/iscsiadm.js';
import type { ConnectorContext } from '../connector.js';
import { discoverTargets } from './discover.js';
import type { IscsiGoal } from './goal.js';

/** Transports by which an interface can log in; offload hardware has its own, software iSCSI is tcp, and iSER is RDMA. */
const TRANSPORTS = ['tcp', 'iser', 'be2iscsi', 'bnx2i', 'cxgb3i', 'cxgb4i', 'qla4xxx', 'qedi', 'ocs'];

/**
 * What an attach must know before it looks at the host: that its interface exists, and the ways that the array offers. No round trip
 * for a volume with all its portals given, on the default interface.
 *
 * @throws LongshoreError E_UNSUPPORTED for an unknown interface (os-brick falls back to the default network path in silence), and what a
 * discovery throws
 */
export async function prepareGoal(
  context: ConnectorContext,
  goal: IscsiGoal,
  planOnly: boolean,
): Promise<{ readonly goal: IscsiGoal; readonly warnings: readonly string[] }> {
  await checkIface(context, goal);
  return discoverTargets(context, goal, planOnly);
}

async function checkIface({ executor, deadline }: ConnectorContext, { iface }: IscsiGoal): Promise<void> {
  if (iface === null || iface === 'default') return;
  const [reply] = await executor.sequence(deadline, [
    { kind: 'run', argv: showIfaceArgv(iface), boundsItself: true, okExits: 'any', readOnly: true },
  ]);
  const text = reply.kind === 'run' && reply.exit === 0 ? reply.stdout : '';
  const transport = /^iface\.transport_name = (\S+)$/m.exec(text)?.[1];
  if (transport !== undefined && TRANSPORTS.includes(transport)) return;
  const why = transport === undefined ? 'is not known on this host' : `has the unknown transport ${transport}`;
  throw new LongshoreError('E_UNSUPPORTED', `the iSCSI interface ${iface} ${why}; nothing was changed`, {
    remedy: 'look at `iscsiadm -m iface`, and make the interface there or correct the iface option',
  });
}
