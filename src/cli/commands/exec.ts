import { execTask } from '../../fleet/exec-task.js';
import type { FleetResult } from '../../fleet/fleet-result.js';
import type { InventoryHost } from '../../inventory/inventory.js';
import { execText } from '../../report/exec-text.js';
import type { Command } from '../command.js';
import { hostConnector } from '../connect-host.js';
import { exitCodeOfRun, type ExitCode } from '../exit-codes.js';
import { keepingOutput, prepareOutDir } from '../out-dir.js';
import { usageError } from '../parse-options.js';
import { performVerb } from '../perform-verb.js';
import { presentResult } from '../present-result.js';
import { selectFleet } from '../select-hosts.js';

/** How long a command may go on after an interrupt: cutting it off leaves its outcome unknown. */
const INTERRUPT_GRACE_MS = 3_000;

export const exec: Command = async (context) => {
  const { options } = context;
  if (options.command.length === 0) throw usageError('which command? exec [options] -- COMMAND...');
  const hosts = await selectFleet(context);
  const { outDir } = options;
  if (outDir !== undefined) await prepareOutDir(outDir, hosts);
  const task = execTask<InventoryHost>(options.command);
  const result = await performVerb(context, {
    verb: 'exec',
    hosts,
    task: outDir === undefined ? task : keepingOutput(task, outDir),
    connect: hostConnector(context),
    changesHosts: true,
    refusesDirty: true,
    interruptGraceMs: INTERRUPT_GRACE_MS,
    journaled: { options: { command: options.command } },
  });
  presentResult(context, result, execText);
  return options.largestExit ? largestExit(result) : exitCodeOfRun(result);
};

/** As pdsh -S: the largest exit code of the command on any host; hosts where it did not run to its end count by the usual table. */
function largestExit(result: FleetResult): ExitCode {
  const exits = [...result.hosts.values()].map((host) => host.command?.exit ?? 0);
  const largest = Math.max(0, ...exits);
  return largest > 0 && !result.interrupted ? largest : exitCodeOfRun(result);
}
