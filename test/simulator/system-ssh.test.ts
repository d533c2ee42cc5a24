import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { connectSystemSsh } from '../../src/transport/system-ssh-connection.js';
import { systemSshDirectory } from '../../src/transport/system-ssh-directory.js';
import { scenarioHost } from './scenario-host.js';
import { CHAP_SCENARIO, SCENARIOS } from './scenarios.js';

describe('a simulated client behind the system ssh', () => {
  it.each([...SCENARIOS, CHAP_SCENARIO])('$name', async ({ run }) => {
    await using fleet = await startSimulatedFleet({ hosts: 1 });
    const directory = mkdtempSync(join(tmpdir(), 'fleet-'));
    const [server] = fleet.servers;
    const [host] = fleet.hosts;
    if (server === undefined || host === undefined) throw new Error('no host');
    const { knownHostsFile, privateKeyFile } = await fleet.writeFiles(directory);
    const executor = await connectSystemSsh(
      {
        host: host.name,
        destination: server.address,
        port: server.port,
        user: fleet.user,
        keyFiles: [privateKeyFile],
        hostKeys: { mode: 'strict', files: [knownHostsFile] },
        arguments: ['-o', 'IdentityAgent=none'],
        configFile: 'none',
        become: { method: 'none' },
        connectTimeoutMs: 10_000,
        directory: await systemSshDirectory(directory),
      },
      deadlineIn(20_000),
    );
    try {
      await run(scenarioHost(fleet, host, executor));
      expect(fleet.leftovers()).toEqual([]);
    } finally {
      await executor.close();
      rmSync(directory, { recursive: true });
    }
  });
});
