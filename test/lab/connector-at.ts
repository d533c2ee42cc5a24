import type { InitiatorConnector } from '../../src/connectors/connector.js';
import { connectorFor } from '../../src/connectors/registry.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import type { Guest } from './guest.js';
import type { Lab } from './lab.js';

/** The iSCSI connector on a client, over a connection of its own: for what the command line has no verb for. */
export async function withConnector<T>(
  lab: Lab,
  client: Guest,
  work: (connector: InitiatorConnector, executor: Executor) => Promise<T>,
): Promise<T> {
  const executor = await connectTo(lab, client, 120_000);
  try {
    return await work(connectorFor('iscsi', { executor, deadline: deadlineIn(120_000), runId: 'lab' }), executor);
  } finally {
    await executor.close();
  }
}

/** A connection to a client as root. */
export function connectTo(lab: Lab, client: Guest, timeoutMs: number): Promise<Executor> {
  return connectSsh(
    {
      host: client.name,
      address: client.address,
      port: client.sshPort,
      user: 'root',
      privateKeys: [{ filePath: lab.keyPath }],
      hostKeys: { files: [lab.knownHostsPath], mode: 'strict' },
      become: { method: 'none' },
      connectTimeoutMs: 20_000,
    },
    deadlineIn(timeoutMs),
  );
}
