import { stringify } from 'yaml';
import type { FleetModel } from './fleet-model.js';

export interface InventoryAddress {
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

export interface InventoryOptions {
  readonly user: string;
  /** path of the private key on the controller */
  readonly privateKeyFile?: string;
}

/** The fleet as an Ansible inventory in YAML, with each host's volumes as Cinder would hand them over. */
export function inventoryText(
  fleet: FleetModel,
  addresses: readonly InventoryAddress[],
  { user, privateKeyFile }: InventoryOptions,
): string {
  const hosts = Object.fromEntries(
    addresses.map(({ host, address, port }) => {
      const volumes = fleet.volumes.filter((volume) => volume.host === host);
      return [
        host,
        {
          ansible_host: address,
          ansible_port: port,
          volumes: Object.fromEntries(
            volumes.map(({ name, connectionInfo, wwid, sizeBytes }) => [
              name,
              { ...connectionInfo, wwid, size_bytes: sizeBytes },
            ]),
          ),
        },
      ];
    }),
  );
  const vars = {
    ansible_user: user,
    ...(privateKeyFile === undefined ? {} : { ansible_ssh_private_key_file: privateKeyFile }),
  };
  return stringify({ all: { vars, children: { docks: { hosts } } } }, { aliasDuplicateObjects: false });
}
