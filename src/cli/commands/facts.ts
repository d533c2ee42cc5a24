import { factsTask } from '../../fleet/facts-task.js';
import { factsTable } from '../../report/facts-text.js';
import type { Command } from '../command.js';
import { hostConnector } from '../connect-host.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { performVerb } from '../perform-verb.js';
import { presentResult } from '../present-result.js';
import { selectFleet } from '../select-hosts.js';

/** A host's name is not what Cinder takes for an address. */
const IP_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i;

export const facts: Command = async (context) => {
  const { multipath, enforceMultipath, localAttach } = context.options;
  const hosts = await selectFleet(context);
  const wishes = { multipath, enforceMultipath, doLocalAttach: localAttach };
  const result = await performVerb(context, {
    verb: 'facts',
    hosts,
    task: factsTask(({ address }) => (IP_ADDRESS.test(address) ? { ...wishes, ip: address } : wishes)),
    connect: hostConnector(context),
    changesHosts: false,
  });
  presentResult(context, result, factsTable);
  return exitCodeOfRun(result);
};
