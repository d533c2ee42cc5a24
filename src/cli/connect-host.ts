import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';
import type { HostOptions } from '../fleet/run-host.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { connectLocal } from '../transport/local.js';
import { connectSsh } from '../transport/ssh-connection.js';
import type { PrivateKeyFile, SshOptions } from '../transport/ssh-options.js';
import type { CommandContext } from './command.js';
import { usageError } from './parse-options.js';

export type ConnectHost = HostOptions<InventoryHost>['connect'];

/** As ssh tries them; ssh2 can use no sk- and no DSA keys. */
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'] as const;

/** How the hosts of an inventory are reached, by what the inventory, the command line and this user's account say. */
export function hostConnector(context: CommandContext): ConnectHost {
  return (host, deadline) =>
    host.connection === 'local'
      ? Promise.resolve(connectLocal(host.name))
      : connectSsh(sshOptions(host, context), deadline);
}

/** Refuses, before any connection, what cannot work: files of the command line that are not there, and jump hosts. */
export async function checkConnectable(hosts: readonly InventoryHost[], { options }: CommandContext): Promise<void> {
  if (options.privateKey !== undefined) await requireReadable('--private-key', options.privateKey);
  if (options.knownHosts !== undefined && !options.acceptNewHostKeys) {
    await requireReadable('--known-hosts', options.knownHosts);
  }
  for (const { name, connection, become, sshCommonArgs } of hosts) {
    if (connection === 'local' && become.method !== 'none' && userInfo().uid !== 0) {
      throw new LongshoreError(
        'E_UNSUPPORTED',
        `${name}: ${become.method} is not supported with ansible_connection: local`,
        {
          remedy: 'Run Longshore as root, or reach this machine by SSH as the others.',
        },
      );
    }
    const jump = sshCommonArgs.find((arg) => /^(?:-J|(?:-o)?Proxy(?:Jump|Command)\b)/i.test(arg));
    if (jump === undefined) continue;
    throw new LongshoreError(
      'E_UNSUPPORTED',
      `${name}: ansible_ssh_common_args has ${jump}; jump hosts are not supported yet`,
      {
        remedy: 'Run Longshore on the jump host, or give an address that can be reached from here.',
      },
    );
  }
}

async function requireReadable(option: string, filePath: string): Promise<void> {
  try {
    await access(filePath, constants.R_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw usageError(`${option}: ${filePath} cannot be read (${code})`);
  }
}

function sshOptions(host: InventoryHost, { options, terminal }: CommandContext): SshOptions {
  const agent = terminal.env['SSH_AUTH_SOCK'];
  const sshDirectory = join(homedir(), '.ssh');
  const knownHosts = options.knownHosts;
  return {
    host: host.name,
    address: host.address,
    port: host.port ?? 22,
    user: host.user ?? userInfo().username,
    privateKeys: privateKeys(host, sshDirectory),
    ...(agent === undefined || agent === '' ? {} : { agent }),
    ...(host.password === undefined ? {} : { password: host.password }),
    hostKeys: {
      files: knownHosts === undefined ? [join(sshDirectory, 'known_hosts'), '/etc/ssh/ssh_known_hosts'] : [knownHosts],
      mode: options.acceptNewHostKeys ? 'accept-new' : 'strict',
    },
    become: host.become,
    connectTimeoutMs: options.connectTimeoutMs,
  };
}

/** The configured key alone: sshd counts tries. Without one, those that ssh would find. */
function privateKeys({ privateKeyFile, privateKeyPassphrase }: InventoryHost, sshDirectory: string): PrivateKeyFile[] {
  const passphrase = privateKeyPassphrase === undefined ? {} : { passphrase: privateKeyPassphrase };
  if (privateKeyFile !== undefined) return [{ filePath: privateKeyFile, ...passphrase }];
  return DEFAULT_KEYS.map((name) => ({ filePath: join(sshDirectory, name), optional: true, ...passphrase }));
}
