import type { Duplex } from 'node:stream';
import type { Secret } from '../secrets/secret.js';
import type { Deadline } from '../time/deadline.js';
import type { HostKeyPolicy } from './known-hosts.js';
import type { KeyRing } from './ssh-key-ring.js';

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
  /** passed over when there is no file, or one that cannot be used */
  readonly optional?: boolean;
  /** one of ssh's default keys: its passphrase is asked for only when there is nothing else to log in with */
  readonly isDefault?: boolean;
}

/** Opens a stream of bytes to where sshd listens. Rejects with `E_UNREACHABLE`, or `E_INTERRUPTED`. */
export type Dial = (timeoutMs: number, deadline: Deadline) => Promise<Duplex>;

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
  /** of the agent's keys, only those of `privateKeys` (IdentitiesOnly) */
  readonly identitiesOnly?: boolean;
  /** keys that this run has read already, and how to ask for a passphrase; absent: keys are read for this connection only, nothing is asked */
  readonly keyRing?: KeyRing;
  readonly password?: Secret;
  readonly hostKeys: HostKeyPolicy;
  readonly become: Become;
  /** for the TCP connection, and again for handshake and login; ms */
  readonly connectTimeoutMs: number;
  /** default: 10 s, three in a row unanswered */
  readonly keepalive?: { readonly intervalMs: number; readonly count: number };
  /** 4 or 6; default both */
  readonly addressFamily?: 4 | 6;
  /** how the bytes get there; default a TCP connection */
  readonly dial?: Dial;
}
