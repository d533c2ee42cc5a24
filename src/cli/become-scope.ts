import { ISCSI_LISTING, ISCSI_PRIVATE_DIRECTORIES } from '../connectors/iscsi/allow-list.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { becomeEachCommand } from '../transport/become-each-command.js';
import type { Executor } from '../transport/executor.js';
import type { Become } from '../transport/ssh-options.js';

/** Programs that tell every user the same. */
const PLAIN_PROGRAMS = ['uname', 'udevadm'] as const;

/** How a host's shell is started, and what is put around the executor on it. */
export interface HostBecome {
  /** of the shell */
  readonly become: Become;
  readonly wrap: (executor: Executor) => Executor;
}

/** The whole shell becomes the other user, or each command does by itself. Throws `E_UNSUPPORTED` for what cannot be had command by command. */
export function hostBecome({ name, become }: InventoryHost): HostBecome {
  const { method, user, password, scope } = become;
  if (scope !== 'command' || method === 'none') return { become, wrap: (executor) => executor };
  if (method === 'su' || password !== undefined) {
    throw new LongshoreError(
      'E_UNSUPPORTED',
      `${name}: longshore_become_scope: command is for sudo and doas without a password`,
      {
        remedy:
          'allow the commands that `longshore sudoers` prints without a password, or use longshore_become_scope: lane',
      },
    );
  }
  return {
    become: { method: 'none' },
    wrap: (executor) =>
      becomeEachCommand(executor, {
        method,
        user,
        plainPrograms: PLAIN_PROGRAMS,
        privateDirectories: ISCSI_PRIVATE_DIRECTORIES,
        listing: ISCSI_LISTING,
      }),
  };
}
