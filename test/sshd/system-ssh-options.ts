import { systemSshDirectory } from '../../src/transport/system-ssh-directory.js';
import type { SystemSshOptions } from '../../src/transport/system-ssh-options.js';
import type { SshdFixture } from './sshd-fixture.js';

/** of the same package as the ssh that these tests are about */
export const KEYGEN = 'ssh-keygen';

/** Options by which the system's ssh reaches a host of the tests, without any ssh_config of this machine, with changes. */
export async function systemOptions(
  sshd: Pick<SshdFixture, 'options' | 'clientKey' | 'knownHosts' | 'directory'>,
  changes: Partial<SystemSshOptions> = {},
): Promise<SystemSshOptions> {
  const { host, address, port, user, become, connectTimeoutMs } = sshd.options();
  return {
    host,
    destination: address,
    port,
    user,
    keyFiles: [sshd.clientKey],
    hostKeys: { mode: 'strict', files: [sshd.knownHosts] },
    arguments: ['-o', 'IdentityAgent=none'],
    configFile: 'none',
    become,
    connectTimeoutMs,
    directory: await systemSshDirectory(sshd.directory),
    ...changes,
  };
}
