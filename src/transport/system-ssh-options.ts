import type { Secret } from '../secrets/secret.js';
import type { Become } from './ssh-options.js';

/** All that it takes to reach one host by the system's `ssh`. What is left out is what the user's ssh_config says. */
export interface SystemSshOptions {
  /** the inventory's name, for messages */
  readonly host: string;
  /** as it would be typed behind `ssh`: ssh_config is looked up by it */
  readonly destination: string;
  readonly port?: number;
  readonly user?: string;
  /** given to `ssh -i`; without any, ssh finds its own */
  readonly keyFiles?: readonly string[];
  /** for when ssh asks for the password of the user; without it ssh never asks */
  readonly password?: Secret;
  /** for when ssh asks for the passphrase of a key file */
  readonly passphrase?: Secret;
  readonly hostKeys: {
    readonly mode: 'strict' | 'accept-new';
    /** instead of those that ssh_config names */
    readonly files?: readonly string[];
  };
  /** further options, such as `-J`, after those that Longshore needs: ssh takes the first value that it is given */
  readonly arguments?: readonly string[];
  /** instead of the user's and the system's ssh_config; `none` for neither */
  readonly configFile?: string;
  readonly become: Become;
  /** for the TCP connection, and again for handshake and login; ms */
  readonly connectTimeoutMs: number;
  /** from `systemSshDirectory`: once for a whole run */
  readonly directory: string;
}
