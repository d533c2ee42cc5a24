import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir, hostname, userInfo } from 'node:os';
import { LongshoreError } from '../errors/longshore-error.js';
import type { HostOptions } from '../fleet/run-host.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { connectLocal } from '../transport/local.js';
import { printable } from '../transport/printable.js';
import type { SshConfigSource } from '../transport/ssh-config-resolver.js';
import { type SshRequest, SshRoutes } from '../transport/ssh-route.js';
import { hostBecome } from './become-scope.js';
import type { CommandContext } from './command.js';
import { transportConnector } from './connect-by-transport.js';
import { usageError } from './parse-options.js';
import type { Prompts } from './prompts.js';
import { paintFor, type Terminal } from './terminal.js';
import { tracedConnector } from './traced-connections.js';

/** The way to the hosts of one run. Close it when the run is over. */
export interface HostConnections {
  readonly connect: HostOptions<InventoryHost>['connect'];
  close(): Promise<void>;
}

/** Begins the connections of a run. What the operator has to be asked goes by `prompts`. */
export type HostConnector = (prompts: Prompts) => HostConnections;

/** How the hosts of an inventory are reached, by what the command line, the inventory, ssh_config and this user's account say. */
export function hostConnector(context: CommandContext): HostConnector {
  const { options, terminal } = context;
  return tracedConnector(context, (prompts) => {
    const connectSsh = transportConnector(context);
    const notices: string[] = [];
    const routes = new SshRoutes({
      config: configSource(options.sshConfig, terminal.env),
      ...(options.knownHosts === undefined ? {} : { knownHostsFile: options.knownHosts }),
      acceptNewHostKeys: options.acceptNewHostKeys,
      ...(options.connectTimeoutMs === undefined ? {} : { connectTimeoutMs: options.connectTimeoutMs }),
      askPassphrase: (filePath, isSecondTry) => prompts.passphrase(filePath, isSecondTry),
      onNotice: (text) => void notices.push(text),
    });
    return {
      async connect(host, deadline) {
        if (host.connection === 'local') return connectLocal(host.name);
        const { become, wrap } = hostBecome(host);
        const request = { ...sshRequest(host), become };
        return wrap(await connectSsh(host, await routes.options(request), await routes.resolve(request), deadline));
      },
      async close() {
        await routes.close();
        const label = paintFor(terminal.stderr)('yellow', 'warning');
        for (const text of notices) terminal.stderr.write(`${label}  ${printable(text)}\n`);
      },
    };
  });
}

/** Refuses, before any connection, what cannot work: files of the command line that are not there, and become on this machine. */
export async function checkConnectable(hosts: readonly InventoryHost[], { options }: CommandContext): Promise<void> {
  if (options.privateKey !== undefined) await requireReadable('--private-key', options.privateKey);
  if (options.sshConfig !== undefined && options.sshConfig !== 'none') {
    await requireReadable('--ssh-config', options.sshConfig);
  }
  if (options.knownHosts !== undefined && !options.acceptNewHostKeys) {
    await requireReadable('--known-hosts', options.knownHosts);
  }
  for (const host of hosts) {
    const { name, connection, become } = host;
    hostBecome(host);
    if (connection === 'local' && become.method !== 'none' && userInfo().uid !== 0) {
      throw new LongshoreError(
        'E_UNSUPPORTED',
        `${name}: ${become.method} is not supported with ansible_connection: local`,
        {
          remedy: 'Run Longshore as root, or reach this machine by SSH as the others.',
        },
      );
    }
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

function sshRequest(host: InventoryHost): SshRequest {
  const { name, address, port, user, password, privateKeyFile, privateKeyPassphrase, sshCommonArgs, become } = host;
  return {
    host: name,
    address,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(privateKeyFile === undefined ? {} : { privateKeyFile }),
    ...(privateKeyPassphrase === undefined ? {} : { passphrase: privateKeyPassphrase }),
    ...(password === undefined ? {} : { password }),
    arguments: sshCommonArgs,
    become,
  };
}

function configSource(configFile: string | undefined, env: Terminal['env']): SshConfigSource {
  const { homedir: accountHome, username, uid } = userInfo();
  return {
    home: homedir(),
    accountHome,
    localUser: username,
    localUserId: uid,
    localHostName: hostname(),
    env,
    ...(configFile === undefined ? {} : { configFile }),
  };
}
