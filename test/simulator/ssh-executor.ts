import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatedFleet } from '../../src/simulator/fleet.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import type { Become } from '../../src/transport/ssh-options.js';

/** An executor on one host of a simulated fleet, by the transport that real hosts get. */
export async function sshExecutor(
  fleet: SimulatedFleet,
  index = 0,
  become: Become = { method: 'none' },
): Promise<Executor> {
  const server = fleet.servers[index];
  if (server === undefined) throw new Error(`no host ${index}`);
  const directory = await mkdtemp(join(tmpdir(), 'fleet-'));
  try {
    const { knownHostsFile, privateKeyFile } = await fleet.writeFiles(directory);
    const options = {
      host: server.host.name,
      address: server.address,
      port: server.port,
      user: fleet.user,
      privateKeys: [{ filePath: privateKeyFile }],
      hostKeys: { files: [knownHostsFile], mode: 'strict' as const },
      become,
      connectTimeoutMs: 10_000,
    };
    return await connectSsh(options, deadlineIn(20_000));
  } finally {
    await rm(directory, { recursive: true });
  }
}
