import { connectorFor } from '../connectors/registry.js';
import type { FleetResult, HostResult } from '../fleet/fleet-result.js';
import { withFleetRun } from '../fleet/run-fleet.js';
import type { HostTask } from '../fleet/run-host.js';
import { requireSecrets } from '../inventory/hosts/secrets.js';
import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import { selectHosts } from '../inventory/patterns/select-hosts.js';
import type { Override } from '../journal/override.js';
import type { MoveServices } from '../moves/move-services.js';
import { readOnlyExecutor } from '../transport/read-only-executor.js';
import type { CommandContext } from './command.js';
import { hostConnector } from './connect-host.js';
import { moveTools } from './move-tools.js';
import { usageError } from './parse-options.js';
import { performRun } from './perform-verb.js';
import { loadInventory, prepareHosts } from './select-hosts.js';
import { scrubberOf } from './start-journal.js';

/** The inventory of a move, and its hosts ready to be connected. */
export interface MoveHosts {
  readonly inventory: Inventory;
  readonly all: readonly InventoryHost[];
  /** Exactly one host of that name; throws `E_USAGE`. */
  one(name: string | undefined, option: string): InventoryHost;
}

/** Reads the inventory, with what the command line says about logging in to any of its hosts. */
export async function loadMoveHosts(context: CommandContext): Promise<MoveHosts> {
  const inventory = await loadInventory(context);
  const usable = [...inventory.hosts.values()].filter(({ unsupported }) => unsupported === undefined);
  const all = await prepareHosts(usable, context);
  return {
    inventory,
    all,
    one(name, option) {
      if (name === undefined) throw usageError(`which host? give --${option} HOST`);
      const chosen = selectHosts(inventory, name).map((host) => host.name);
      if (chosen.length !== 1) throw usageError(`--${option} ${name}: is ${chosen.length} hosts; name one`);
      const host = all.find((one) => one.name === chosen[0]);
      if (host === undefined) throw usageError(`--${option} ${name}: there is no such host`);
      return host;
    },
  };
}

/**
 * Runs a move in a run of its own, with journal, progress, log and Ctrl-C. `attaching`: hosts that log in to targets, whose secrets have to be there
 * before anything is begun.
 */
export async function runMove<T extends { readonly hosts: ReadonlyMap<string, HostResult> }>(
  context: CommandContext,
  verb: 'migrate' | 'evacuate',
  hosts: readonly InventoryHost[],
  attaching: readonly InventoryHost[],
  work: (services: MoveServices) => Promise<T>,
): Promise<{ readonly result: FleetResult; readonly done: T }> {
  const { options } = context;
  if (!options.plan) requireSecrets(attaching);
  let done: T | undefined;
  const own = new Set(hosts.map(({ name }) => name));
  const volumesOf = (host: InventoryHost) => [...host.volumes.values()];
  const result = await performRun(
    context,
    { verb, hosts, connect: hostConnector(context), changesHosts: !options.plan },
    (fleetOptions, { prompts, journal }) => {
      const task = journal?.task({
        verb,
        options: {
          ...{ from: options.from, to: options.to, volumes: options.volumes },
          ...(options.acceptAttestation ? { 'accept-attestation': true } : {}),
        },
        overrides: options.volumes.flatMap((volume): Override[] =>
          options.unrecorded === undefined ? [] : [{ what: 'unrecorded', volume, reason: options.unrecorded }],
        ),
        hosts: hosts.map((host) => ({ name: host.name, volumes: volumesOf(host) })),
        scrub: scrubberOf(hosts, volumesOf),
      });
      const all = task === undefined ? fleetOptions : { ...fleetOptions, journal: task };
      return withFleetRun(hosts, all, async (run) => {
        done = await work({
          ...moveTools(context, fleetOptions.run),
          onHost: async (host, hostTask) => {
            const ended = own.has(host.name)
              ? await run.work([host], hostTask)
              : await run.work([host], lookingOnly(hostTask), { journal: null });
            return ended.hosts.get(host.name) ?? null;
          },
          ask: async (question) => {
            if (options.yes) return true;
            const answer = await prompts.confirm(question);
            if (answer === null)
              throw usageError(`nobody can be asked here: ${question}`, 'Run it on a terminal, or say --yes.');
            return answer;
          },
          connectorFor,
          runId: fleetOptions.run,
          planOnly: options.plan,
        });
        return { hosts: done.hosts, notRun: [] };
      });
    },
  );
  if (done === undefined) throw new Error('a move without an end');
  return { result, done };
}

/** For a host beside those of the move, which is only asked whether it has the volume: the journal is about the others. */
function lookingOnly(task: HostTask<InventoryHost>): HostTask<InventoryHost> {
  return (host, context) => task(host, { ...context, executor: readOnlyExecutor(context.executor) });
}
