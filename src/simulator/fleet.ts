import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFleetModel, type FleetModel, type FleetModelOptions } from './fleet-model.js';
import { inventoryText } from './inventory-text.js';
import { knownHostsLine, newKeyPair } from './ssh-keys.js';
import { type SimulatedSshServer, startSshServer } from './ssh-server.js';

export interface SimulatedFleetOptions extends FleetModelOptions {
  /** loopback address of each host, by its index. Default 127.0.0.1 for all */
  readonly addressOf?: (index: number) => string;
  /** what sudo wants on the hosts; null: no password. Default null */
  readonly sudoPassword?: string | null;
}

export interface FleetFiles {
  readonly inventoryFile: string;
  readonly knownHostsFile: string;
  readonly privateKeyFile: string;
}

/** Simulated hosts behind real SSH servers, and all that a client needs to reach them. */
export interface SimulatedFleet extends FleetModel, AsyncDisposable {
  readonly servers: readonly SimulatedSshServer[];
  /** Ansible inventory; it names no key file, since the key is not in one */
  readonly inventoryYaml: string;
  readonly knownHosts: string;
  /** OpenSSH format, no passphrase */
  readonly privateKey: string;
  readonly user: string;
  /** Writes inventory, known_hosts and key into a directory, for use with the command line. */
  writeFiles(directoryPath: string): Promise<FleetFiles>;
  close(): Promise<void>;
}

const USER = 'longshore';

/** Starts a fleet in this process, on loopback. All hosts share one host key: making a thousand would take seconds. */
export async function startSimulatedFleet(options: SimulatedFleetOptions): Promise<SimulatedFleet> {
  const { addressOf = () => '127.0.0.1', sudoPassword = null } = options;
  const model = createFleetModel(options);
  const hostKey = newKeyPair('simulated host');
  const clientKey = newKeyPair(USER);
  const servers = await Promise.all(
    model.hosts.map((host, index) =>
      startSshServer({
        host,
        address: addressOf(index),
        hostKey: hostKey.privateKey,
        authorizedKey: clientKey.publicKey,
        sudoPassword,
      }),
    ),
  );
  const addresses = servers.map(({ host, address, port }) => ({ host: host.name, address, port }));
  const knownHosts = `${addresses.map(({ address, port }) => knownHostsLine(address, port, hostKey.publicKey)).join('\n')}\n`;

  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
    model.stop();
  };
  return {
    ...model,
    servers,
    inventoryYaml: inventoryText(model, addresses, { user: USER }),
    knownHosts,
    privateKey: clientKey.privateKey,
    user: USER,
    async writeFiles(directoryPath) {
      const inventoryFile = join(directoryPath, 'inventory.yaml');
      const knownHostsFile = join(directoryPath, 'known_hosts');
      const privateKeyFile = join(directoryPath, 'id_ed25519');
      await mkdir(directoryPath, { recursive: true });
      const inventory = inventoryText(model, addresses, { user: USER, privateKeyFile });
      // the inventory has CHAP secrets in it, the key is one
      await writeFile(inventoryFile, inventory, { mode: 0o600 });
      await writeFile(knownHostsFile, knownHosts);
      await writeFile(privateKeyFile, clientKey.privateKey, { mode: 0o600 });
      return { inventoryFile, knownHostsFile, privateKeyFile };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
