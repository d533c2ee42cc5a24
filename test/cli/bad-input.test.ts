import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

/** A port of this machine that counts who connects. */
async function countingServer(): Promise<{ port: number; connections: () => number } & AsyncDisposable> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

describe('bad input is refused before any connection', () => {
  it('an inventory with a fault: file, line, column, and what to write', async () => {
    await using scratch = await scratchDirectory();
    await using server = await countingServer();
    const inventory = join(scratch.directoryPath, 'fleet.yaml');
    await writeFile(
      inventory,
      `all:\n  hosts:\n    web01: {ansible_host: 127.0.0.1, ansible_port: ${server.port}}\n    web02: {ansible_port: many}\n`,
    );
    const { code, stdout, stderr } = await longshore(['ping', '-i', inventory]);
    expect(stderr).toMatch(/fleet\.yaml:4:\d+/);
    expect({ code, stdout, connections: server.connections() }).toEqual({ code: 3, stdout: '', connections: 0 });
  });

  it('a volume file with a fault', async () => {
    await using scratch = await scratchDirectory();
    await using server = await countingServer();
    const inventory = join(scratch.directoryPath, 'fleet.yaml');
    const volume = join(scratch.directoryPath, 'volume.json');
    await writeFile(inventory, `all:\n  hosts:\n    web01: {ansible_host: 127.0.0.1, ansible_port: ${server.port}}\n`);
    await writeFile(
      volume,
      '{\n  "driver_volume_type": "iscsi",\n  "data": {"target_portal": "nowhere", "target_iqn": "iqn.2010-10.org.x:y", "target_lun": "one"}\n}\n',
    );
    const { code, stdout, stderr } = await longshore(['attach', '-i', inventory, '--volume', volume]);
    expect(stderr).toMatch(/volume\.json:3:\d+/);
    expect({ code, stdout, connections: server.connections() }).toEqual({ code: 3, stdout: '', connections: 0 });
  });

  it.each([
    [['--limit', 'nosuch*'], 'nosuch*'],
    [['--volume', 'logs'], 'declares no volume "logs"'],
    [[], 'no selected host declares a volume'],
    [['--private-key', '/nonexistent/key'], '/nonexistent/key'],
  ])('attach %j', async (args, message) => {
    await using scratch = await scratchDirectory();
    await using server = await countingServer();
    const inventory = join(scratch.directoryPath, 'fleet.yaml');
    await writeFile(inventory, `all:\n  hosts:\n    web01: {ansible_host: 127.0.0.1, ansible_port: ${server.port}}\n`);
    const command = args[0] === '--private-key' ? 'ping' : 'attach';
    const { code, stderr } = await longshore([command, '-i', inventory, ...args]);
    expect(stderr).toContain(message);
    expect({ code, connections: server.connections() }).toEqual({ code: 3, connections: 0 });
  });

  it('an inventory that is not there', async () => {
    const { code, stderr } = await longshore(['ping', '-i', '/nonexistent/fleet.yaml']);
    expect(stderr).toContain('/nonexistent/fleet.yaml');
    expect(code).toBe(3);
  });
});
