import type { Options } from 'yargs';
import type { Amount } from '../fleet/amount.js';

const PLAYBOOK = 'Playbook:';

type OptionTable = Readonly<Record<string, Options>>;

export const extraVarsOption = {
  'extra-vars': {
    alias: 'e',
    type: 'string',
    array: true,
    group: PLAYBOOK,
    describe: 'NAME=VALUE: a variable of the playbook, before its own and those of hosts',
  },
} as const satisfies OptionTable;

export const approveOption = {
  approve: { type: 'string', group: PLAYBOOK, describe: 'the hash of the plan that is approved, as plan prints it' },
} as const satisfies OptionTable;

export const yesOption = {
  yes: { alias: 'y', type: 'boolean', group: PLAYBOOK, describe: 'go on without asking; answers confirm steps' },
} as const satisfies OptionTable;

/** What the options of playbooks and rollouts came to. */
export interface PlaybookCliOptions {
  /** sizes of batches; empty: all hosts at once */
  readonly serial: readonly Amount[];
  readonly maxFailures?: Amount;
  readonly retry?: string;
  /** of plan and run */
  readonly playbook: string;
  readonly extraVars: readonly string[];
  readonly approve?: string;
  readonly yes: boolean;
}
