import { evacuateHost } from '../../moves/evacuate/evacuate-host.js';
import { evacuationDocuments } from '../../report/move-document.js';
import { evacuationText } from '../../report/move-text.js';
import { planText } from '../../report/volume-text.js';
import type { Command } from '../command.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { usageError } from '../parse-options.js';
import { presentMove } from '../present-move.js';
import { loadMoveHosts, runMove } from '../run-move.js';

export const evacuate: Command = async (context) => {
  const { options } = context;
  const hosts = await loadMoveHosts(context);
  const from = hosts.one(options.from, 'from');
  const to = (options.to ?? '').split(',').map((name) => hosts.one(name === '' ? undefined : name, 'to'));
  const unknown = options.volumes.find((name) => name !== 'all' && !from.volumes.has(name));
  if (unknown !== undefined) throw usageError(`${from.name} declares no volume ${JSON.stringify(unknown)}`);
  const { evidence, acceptAttestation, unrecorded } = options;
  const request = {
    ...{ from, to, all: hosts.all, acceptAttestation },
    volumes: options.volumes.filter((name) => name !== 'all'),
    ...(evidence === undefined ? {} : { evidenceFile: evidence }),
    ...(unrecorded === undefined ? {} : { unrecorded }),
  };
  const { result, done } = await runMove(context, 'evacuate', [from, ...to], to, (services) =>
    evacuateHost(request, services),
  );
  const { report } = done;
  presentMove(
    context,
    result,
    evacuationDocuments(report),
    (paint) => evacuationText(report, paint, options.plan) + (options.plan ? planText(result, paint) : ''),
  );
  return exitCodeOfRun(result);
};
