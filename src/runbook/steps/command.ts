import { z } from 'zod';
import { showRequest } from '../../connectors/engine/show-command.js';
import { runCommand } from '../../fleet/exec-task.js';
import { booleanSchema, integerSchema } from '../../inventory/hosts/field-schemas.js';
import type { RunRequest } from '../../transport/executor.js';
import { argvOption, timeoutOption } from './option-schemas.js';
import { defineStep, type PlannedWork, type WorkResult } from './step-kind.js';

const options = z.strictObject({
  argv: argvOption,
  timeout_s: timeoutOption.optional().meta({ description: 'Time for the command, enforced on the host; default 60' }),
  read_only: booleanSchema
    .optional()
    .meta({ description: 'It changes nothing: the host then counts as ok, not changed' }),
  ok_exits: z
    .array(integerSchema('an exit code; write a number from 0 to 255', 0, 255))
    .min(1)
    .optional()
    .meta({ description: 'Exit codes that are fine; default [0]' }),
});
type Options = z.output<typeof options>;

const DEFAULT_TIMEOUT_S = 60;

export const command = defineStep({
  name: 'command',
  summary: 'Run a command on each host, word by word; it is not run for a plan',
  scope: 'host',
  options,
  shorthand: 'argv',
  volumes: 'never',
  changes: ({ read_only: readOnly }: Options) => (readOnly === true ? 'nothing' : 'host'),
  plan: (wanted: Options, { host }) => Promise.resolve([planned(wanted, host.name)]),
  async run(wanted: Options, { host, executor, deadline, recheck }): Promise<readonly WorkResult[]> {
    await recheck(host.name, '', () => Promise.resolve(planned(wanted, host.name)));
    const found = await runCommand(executor, deadline, requestOf(wanted), host.name);
    const message = found.error?.message ?? `exit ${found.command.exit ?? 'unknown'}`;
    const done = wanted.read_only === true ? 'ok' : 'changed';
    return [
      {
        host: host.name,
        subject: '',
        outcome: found.error === undefined ? done : found.outcome,
        message,
        warnings: [],
        command: found.command,
        ...(found.error === undefined ? {} : { error: found.error }),
      },
    ];
  },
});

function planned(wanted: Options, host: string): PlannedWork {
  const shown = showRequest(requestOf(wanted));
  const readOnly = wanted.read_only === true;
  return {
    host,
    subject: '',
    outcome: readOnly ? 'ok' : 'changed',
    why: readOnly ? 'is run; it is said to change nothing' : 'is run, whatever it changes',
    identity: [],
    observed: [],
    steps: [{ id: 'command', what: `run ${shown}`, changes: readOnly ? [] : ['the host'], command: shown }],
  };
}

function requestOf({
  argv,
  timeout_s: timeoutS,
  ok_exits: okExits,
  read_only: readOnly,
}: Options): RunRequest & { readonly timeoutMs: number } {
  return {
    kind: 'run',
    argv,
    timeoutMs: (timeoutS ?? DEFAULT_TIMEOUT_S) * 1000,
    ...(okExits === undefined ? {} : { okExits }),
    ...(readOnly === true ? { readOnly } : {}),
  };
}
