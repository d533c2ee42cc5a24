import { migrateVolumes } from '../../moves/migrate/migrate-volumes.js';
import { moveDocument } from '../../report/move-document.js';
import { moveText } from '../../report/move-text.js';
import { planText } from '../../report/volume-text.js';
import type { Command } from '../command.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { usageError } from '../parse-options.js';
import { presentMove } from '../present-move.js';
import { loadMoveHosts, runMove } from '../run-move.js';

export const migrate: Command = async (context) => {
  const { options } = context;
  const hosts = await loadMoveHosts(context);
  const from = hosts.one(options.from, 'from');
  const to = hosts.one(options.to, 'to');
  const volumes = options.volumes.includes('all') ? [...from.volumes.keys()] : options.volumes;
  if (volumes.length === 0) throw usageError('which volume? give --volume NAME, or --volume all');
  const { arrayCommand, arrayUndo, confirm } = options;
  if (arrayUndo !== undefined && arrayCommand === undefined) throw usageError('--array-undo goes with --array-command');
  const array = {
    ...(arrayCommand === undefined ? {} : { command: arrayCommand }),
    ...(arrayUndo === undefined ? {} : { undo: arrayUndo }),
    confirm,
  };
  const { result, done } = await runMove(context, 'migrate', [from, to], [from, to], (services) =>
    migrateVolumes({ from, to, all: hosts.all, volumes, array }, services),
  );
  presentMove(
    context,
    result,
    done.reports.map(moveDocument),
    (paint) => moveText(done.reports, paint) + (options.plan ? planText(result, paint) : ''),
  );
  return exitCodeOfRun(result);
};
