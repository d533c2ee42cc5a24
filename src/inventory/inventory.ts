import type { VolumeSpec } from '../connectors/connector.js';
import type { Secret } from '../secrets/secret.js';
import type { Variables } from './groups/group-graph.js';
import type { SourcePosition } from './source/problems.js';

/** An inventory that was read and checked as a whole: nothing in it can be malformed any more. */
export interface Inventory {
  /** as the user gave it */
  readonly filePath: string;
  /** in the order in which the inventory names them */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  /** all groups, `all` and `ungrouped` too */
  readonly groups: ReadonlyMap<string, InventoryGroup>;
  /** what was read but not used, for the log */
  readonly notes: readonly InventoryNote[];
  /**
   * A host's variables after precedence, as they are written and not checked: also those that Longshore does not use, and secrets. Empty for
   * a host that is not there.
   */
  readonly variablesOf: (host: string) => Variables;
  /** changes with the text of the inventory file; not with group_vars/ and host_vars/, nor with what an executable prints */
  readonly digest: string;
}

/** A managed machine. Every `Secret` is resolved, unless the inventory was read with `secrets: 'deferred'`. */
export interface InventoryHost {
  readonly name: string;
  /** every group that it is in, also through children, sorted; without `all` (Ansible's `group_names`) */
  readonly groups: readonly string[];
  /** host name or IP address (IPv6 without brackets) to connect to: `ansible_host`, else the name */
  readonly address: string;
  /** absent: what ssh_config says, else 22 */
  readonly port?: number;
  /** absent: what ssh_config says, else the user who runs Longshore */
  readonly user?: string;
  readonly password?: Secret;
  /** `~` is expanded; a relative path starts where Longshore was started */
  readonly privateKeyFile?: string;
  readonly privateKeyPassphrase?: Secret;
  readonly become: Become;
  readonly connection: 'ssh' | 'local';
  /** which implementation of SSH; absent: as the command line says, else auto */
  readonly transport?: 'auto' | 'ssh2' | 'openssh';
  /** `ansible_ssh_common_args`, split into words as a shell does; empty when there are none */
  readonly sshCommonArgs: readonly string[];
  readonly volumes: ReadonlyMap<string, VolumeSpec>;
  /** how to find out whether it is fenced; absent: evidence has to come from elsewhere */
  readonly fencing?: Fencing;
  /** where the inventory first names the host */
  readonly origin: SourcePosition;
  /**
   * Why Longshore cannot work on it (a Windows machine, a switch), else absent. Such a host may be in an inventory, but
   * `selectHosts` refuses to select it.
   */
  readonly unsupported?: string;
}

/** A command on the controller that says, as JSON, whether a host can still write. */
export interface Fencing {
  readonly method: 'bmc-power-off' | 'array-access-removed' | 'instance-terminated';
  /** argv; `{host}` and `{address}` in it stand for the host's name and address */
  readonly check: readonly string[];
  /** states that count as fenced */
  readonly expect: readonly string[];
  /** between two readings of a power state */
  readonly pauseMs: number;
  readonly timeoutMs: number;
  /** how long an answer may be acted on */
  readonly validMs: number;
}

export interface Become {
  readonly method: 'none' | 'sudo' | 'doas' | 'su';
  readonly user: string;
  readonly password?: Secret;
  /** the whole shell, or each command by itself for sites with an allow-list; absent: lane */
  readonly scope?: 'lane' | 'command';
}

export interface InventoryGroup {
  readonly name: string;
  readonly children: readonly string[];
  /** its own hosts as it names them, then those of its children */
  readonly hosts: readonly string[];
}

export interface InventoryNote {
  /** debug: normal in a shared inventory; warning: the user may have meant something else */
  readonly level: 'debug' | 'warning';
  readonly message: string;
}
