import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { InventoryHost } from '../inventory/inventory.js';
import type { Deadline } from '../time/deadline.js';
import { connectByChoice } from '../transport/choose-transport.js';
import { LocalSshFacts } from '../transport/choose-transport-facts.js';
import type { Executor } from '../transport/executor.js';
import type { SshConfig } from '../transport/ssh-config.js';
import type { SshOptions } from '../transport/ssh-options.js';
import { systemSshDirectory } from '../transport/system-ssh-directory.js';
import type { SystemSshOptions } from '../transport/system-ssh-options.js';
import type { CommandContext } from './command.js';

/** What ssh_config says of a host, as far as it decides how SSH is spoken. */
export type HostConfig = Pick<SshConfig, 'settings' | 'certificateFiles' | 'identityFiles' | 'sshArguments'>;

export type ConnectByTransport = (
  host: InventoryHost,
  ssh2: SshOptions,
  config: HostConfig,
  deadline: Deadline,
) => Promise<Executor>;

/** ssh's default keys, those that only it can use as well. */
const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'] as const;

/** Connects hosts by ssh2 or by the system's ssh, as each asks for. What this machine says is looked up once for all. */
export function transportConnector({ terminal, logger }: CommandContext): ConnectByTransport {
  const facts = new LocalSshFacts();
  let directory: Promise<string> | null = null;
  return (host, ssh2, config, deadline) =>
    connectByChoice(
      {
        transport: host.transport ?? 'auto',
        ssh2,
        config: config.settings,
        certificateFiles: config.certificateFiles,
        keyFiles: keyFiles(host, config),
        systemSsh: async () => {
          directory ??= systemSshDirectory(terminal.env['XDG_RUNTIME_DIR']);
          const options = systemSshOptions(host, ssh2, config, await directory);
          // ssh looks in the home directory of the user database, wherever $HOME is
          const isElsewhere = homedir() !== userInfo().homedir && host.privateKeyFile === undefined;
          return isElsewhere ? { ...options, keyFiles: await there(keyFiles(host, config), facts) } : options;
        },
        onSystemSsh: (reason) => logger.info({ host: host.name, transport: 'openssh', reason }, 'transport-chosen'),
      },
      deadline,
      facts,
    );
}

function keyFiles({ privateKeyFile }: InventoryHost, config: HostConfig): readonly string[] {
  if (privateKeyFile !== undefined) return [privateKeyFile];
  return config.identityFiles ?? DEFAULT_KEYS.map((name) => join(homedir(), '.ssh', name));
}

async function there(filePaths: readonly string[], facts: LocalSshFacts): Promise<readonly string[]> {
  const exist = await Promise.all(filePaths.map((filePath) => facts.exists(filePath)));
  return filePaths.filter((_, index) => exist[index] === true);
}

/** The name is left to ssh_config; host keys are judged by the files and the mode that ssh2 would take. */
function systemSshOptions(
  host: InventoryHost,
  { hostKeys, connectTimeoutMs, become }: SshOptions,
  config: HostConfig,
  directory: string,
): SystemSshOptions {
  const { name, address, port, user, privateKeyFile, password, privateKeyPassphrase: passphrase } = host;
  return {
    host: name,
    destination: address,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(privateKeyFile === undefined ? {} : { keyFiles: [privateKeyFile] }),
    ...(password === undefined ? {} : { password }),
    ...(passphrase === undefined ? {} : { passphrase }),
    hostKeys: { mode: hostKeys.mode, files: hostKeys.files },
    arguments: config.sshArguments,
    become,
    connectTimeoutMs,
    directory,
  };
}
