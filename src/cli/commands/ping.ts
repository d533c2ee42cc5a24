import { pingTask } from '../../fleet/ping-task.js';
import { pingTable } from '../../report/ping-text.js';
import type { Command } from '../command.js';
import { hostConnector } from '../connect-host.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { performVerb } from '../perform-verb.js';
import { presentResult } from '../present-result.js';
import { selectFleet } from '../select-hosts.js';

export const ping: Command = async (context) => {
  const hosts = await selectFleet(context);
  const connect = hostConnector(context);
  const result = await performVerb(context, { verb: 'ping', hosts, task: pingTask(), connect, changesHosts: false });
  presentResult(context, result, pingTable);
  return exitCodeOfRun(result);
};
