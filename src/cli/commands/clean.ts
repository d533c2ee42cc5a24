import { connectorFor } from '../../connectors/registry.js';
import type { InventoryHost } from '../../inventory/inventory.js';
import { cleanTask } from '../../moves/dirty/clean-task.js';
import { cleanText } from '../../report/clean-text.js';
import { planText } from '../../report/volume-text.js';
import type { Command } from '../command.js';
import { hostConnector } from '../connect-host.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { moveTools } from '../move-tools.js';
import { performVerb } from '../perform-verb.js';
import { presentResult } from '../present-result.js';
import { selectFleet } from '../select-hosts.js';

export const clean: Command = async (context) => {
  const { options } = context;
  const hosts = await selectFleet(context);
  const { ledger, now } = moveTools(context, 'clean');
  const result = await performVerb(context, {
    verb: 'clean',
    hosts,
    task: cleanTask<InventoryHost>({
      ledger,
      volumesOf: (host) => host.volumes,
      connectorFor,
      planOnly: options.plan,
      now,
    }),
    connect: hostConnector(context),
    changesHosts: !options.plan,
    journaled: { volumesOf: (host) => [...host.volumes.values()] },
  });
  presentResult(context, result, options.plan ? planText : cleanText);
  return exitCodeOfRun(result);
};
