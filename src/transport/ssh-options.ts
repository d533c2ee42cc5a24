import type { Secret } from '../secrets/secret.js';
import type { HostKeyPolicy } from './known-hosts.js';

/** How commands become another user. */
export interface Become {
  readonly method: 'none' | 'sudo' | 'doas' | 'su';
  /** default root */
  readonly user?: string;
  readonly password?: Secret;
}

export interface PrivateKeyFile {
  readonly filePath: string;
  readonly passphrase?: Secret;
  /** a default location: passed over when there is no file, or one that cannot be used */
  readonly optional?: boolean;
}

/** All that it takes to reach one host by ssh2. */
export interface SshOptions {
  /** the inventory's name, for messages */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** tried in this order, before the agent */
  readonly privateKeys: readonly PrivateKeyFile[];
  /** path of the agent's socket */
  readonly agent?: string;
  readonly password?: Secret;
  readonly hostKeys: HostKeyPolicy;
  readonly become: Become;
  /** for the TCP connection, and again for handshake and login; ms */
  readonly connectTimeoutMs: number;
}
