import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { resultSchema } from '../../src/report/result-schema.js';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

/** A port on loopback that nobody listens on: the kernel's choice, given back. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

it('a host that nobody answers on is unreachable: exit 4, said once for all such hosts, and in the JSON', async () => {
  await using scratch = await scratchDirectory();
  const inventory = join(scratch.directoryPath, 'fleet.yaml');
  await writeFile(
    inventory,
    `all:\n  vars: {ansible_host: 127.0.0.1, ansible_port: ${await closedPort()}, ansible_password: not-asked-for}\n  hosts:\n    web[1:3]: {}\n`,
  );
  const known = join(scratch.directoryPath, 'known_hosts');
  await writeFile(known, '');
  const args = ['ping', '-i', inventory, '--known-hosts', known];

  const { code, stdout, stderr } = await longshore(args);
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  expect(stderr).toMatch(/^unreachable {2}web\[1-3\]: E_UNREACHABLE /m);
  expect(stderr).toContain('3 hosts: 3 unreachable');
  expect(stderr).not.toMatch(/^ {4}at /m);

  const asJson = await longshore([...args, '--json']);
  expect(asJson.code).toBe(4);
  const document = resultSchema.parse(JSON.parse(asJson.stdout));
  expect(document.hosts['web2']).toMatchObject({ outcome: 'unreachable', error: { code: 'E_UNREACHABLE' } });
});
