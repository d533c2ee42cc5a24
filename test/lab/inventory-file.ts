import { writeFile } from 'node:fs/promises';
import type { Guest } from './guest.js';
import type { Lab } from './lab.js';
import { connectionInfo, type ExportOptions, type Volume } from './target.js';

export type HostVolume = { readonly volume: Volume; readonly options: ExportOptions };

export type InventoryHostEntry = {
  readonly guest: Guest;
  readonly user: string;
  readonly volumes: readonly HostVolume[];
};

/** Writes an Ansible-style inventory of the lab's clients, with their volumes as Cinder would describe them. */
export async function writeInventory(filePath: string, lab: Lab, hosts: readonly InventoryHostEntry[]): Promise<void> {
  await writeFile(filePath, renderInventory(lab, hosts), { mode: 0o600 });
}

/** The same as text; for tests that want another file. JSON is YAML, so scalars and data are written as JSON. */
export function renderInventory(lab: Lab, hosts: readonly InventoryHostEntry[]): string {
  const entries = hosts.map(({ guest, user, volumes }) => {
    const variables = {
      ansible_host: guest.address,
      ansible_port: guest.sshPort,
      ansible_user: user,
      ansible_ssh_private_key_file: lab.keyPath,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHostsPath}`,
      ...(user === 'root' ? {} : { ansible_become: true, ansible_become_method: 'sudo' }),
      ...(user === 'opspw' ? { ansible_become_password: 'longshore' } : {}),
    };
    const lines = [
      `    ${guest.name}:`,
      ...Object.entries(variables).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
      ...(volumes.length === 0 ? [] : ['      volumes:', ...volumes.flatMap((entry) => volumeLines(lab, entry))]),
    ];
    return lines.join('\n');
  });
  return `all:\n  hosts:\n${entries.join('\n')}\n`;
}

function volumeLines(lab: Lab, { volume, options }: HostVolume): string[] {
  const { driver_volume_type: type, data } = connectionInfo(volume, lab.portals, options);
  return [
    `        ${volume.name}:`,
    `          driver_volume_type: ${type}`,
    `          wwid: ${JSON.stringify(volume.wwid)}`,
    `          size_bytes: ${volume.sizeMiB * 2 ** 20}`,
    '          data:',
    ...Object.entries(data).map(([key, value]) => `            ${key}: ${JSON.stringify(value)}`),
  ];
}
