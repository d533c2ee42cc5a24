import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import type { FleetEvent } from '../../src/fleet/fleet-event.js';
import type { FleetOptions } from '../../src/fleet/run-fleet.js';
import type { Inventory, InventoryHost } from '../../src/inventory/inventory.js';
import { readInventory } from '../../src/inventory/read-inventory.js';
import type { MoveTools } from '../../src/moves/move-services.js';
import { RunJournal } from '../../src/journal/run-journal.js';
import type { RunRecord } from '../../src/journal/run-record.js';
import { readRun } from '../../src/journal/run-store.js';
import type { RunbookPlan } from '../../src/runbook/plan.js';
import { planRunbook } from '../../src/runbook/plan-runbook.js';
import type { Runbook } from '../../src/runbook/playbook.js';
import { readPlaybook } from '../../src/runbook/read-playbook.js';
import type { RunbookResult } from '../../src/runbook/run-result.js';
import { type RunOptions, runRunbook } from '../../src/runbook/run-runbook.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel, type FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { inventoryText } from '../../src/simulator/inventory-text.js';
import type { Executor, LaneRequest } from '../../src/transport/executor.js';
import { header } from '../unit/journal/journals.js';
import { MemoryLedger } from '../unit/moves/memory-ledger.js';

export interface RunbookSite extends Disposable {
  readonly fleet: FleetModel;
  readonly ledger: MemoryLedger;
  readonly inventory: Inventory;
  /** hosts that cannot be reached */
  readonly gone: Set<string>;
  readonly events: FleetEvent[];
  /** what a fencing check with the command `power` says of every host */
  power: string;
  /** wraps the way to every host */
  wrap: (executor: Executor) => Executor;
  host(name: string): SimulatedHost;
  read(playbook: string, extraVars?: readonly string[], limit?: string): Promise<Runbook>;
  plan(runbook: Runbook, options?: { readonly stateDirectory?: string }): ReturnType<typeof planRunbook>;
  run(runbook: Runbook, options?: Partial<RunOptions>): Promise<RunbookResult>;
  approve(runbook: Runbook): Promise<RunbookPlan>;
  /** a journal for a run, and what it says in the end */
  journal(): Promise<{ readonly of: NonNullable<RunOptions['journalOf']>; record(): Promise<RunRecord> }>;
}

/** Simulated hosts without a network between, their inventory, and playbooks on them. `playbook` is a path or the text of one. */
export async function runbookSite(options: FleetModelOptions, moreInventory = ''): Promise<RunbookSite> {
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-runbook-'));
  const fleet = createFleetModel(options);
  const inventoryFile = path.join(directory, 'fleet.yaml');
  const addresses = fleet.hosts.map(({ name }) => ({ host: name, address: name, port: 22 }));
  writeFileSync(inventoryFile, inventoryText(fleet, addresses, { user: 'root' }) + moreInventory);
  const inventory = await readInventory(inventoryFile, { env: {} });
  const gone = new Set<string>();
  const events: FleetEvent[] = [];
  const host = (name: string): SimulatedHost => {
    const found = fleet.hosts.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  let files = 0;
  const ledger = new MemoryLedger();
  const moves: MoveTools = {
    ledger,
    run: (argv) =>
      Promise.resolve({ stdout: argv[0] === 'power' ? JSON.stringify({ state: site.power }) : argv.join(' ') }),
    readFile: () => Promise.reject(new Error('no file')),
    pause: () => Promise.resolve(),
    now: () => new Date(),
    by: 'test',
  };
  const site: RunbookSite = {
    fleet,
    ledger,
    inventory,
    gone,
    events,
    power: 'on',
    wrap: (executor) => executor,
    host,
    read(playbook, extraVars = [], limit) {
      let filePath = playbook;
      if (playbook.includes('\n')) {
        files += 1;
        filePath = path.join(directory, `playbook-${files}.yaml`);
        writeFileSync(filePath, playbook);
      }
      return readPlaybook(filePath, { inventory, extraVars, env: {}, ...(limit === undefined ? {} : { limit }) });
    },
    plan: (runbook, more = {}) => planRunbook(runbook, { ...fleetOptions('plan'), inventory, moves, ...more }),
    run: (runbook, more = {}) =>
      runRunbook(runbook, {
        ...fleetOptions('run'),
        inventory,
        approved: null,
        moves,
        ask: () => Promise.resolve(true),
        ...more,
      }),
    async journal() {
      const run = `run-${(files += 1)}`;
      const journal = await RunJournal.begin(
        directory,
        header(
          run,
          fleet.hosts.map(({ name }) => name),
          { verb: 'run' },
        ),
      );
      return {
        of: ({ name, hosts, ...place }) => journal.task({ verb: 'run', name, options: place, hosts }),
        async record() {
          await journal.end({ interrupted: false });
          const record = await readRun(directory, run);
          if (record === null) throw new Error('there is no journal');
          return record;
        },
      };
    },
    approve: async (runbook) => (await site.plan(runbook)).plan,
    [Symbol.dispose]() {
      fleet.stop();
      rmSync(directory, { recursive: true });
    },
  };
  const fleetOptions = (verb: string): FleetOptions<InventoryHost> => ({
    run: `test-${verb}`,
    verb,
    connect: ({ name }) =>
      gone.has(name)
        ? Promise.reject(new LongshoreError('E_UNREACHABLE', 'no route to host', { host: name }))
        : Promise.resolve(site.wrap(new DirectExecutor(host(name)))),
    onEvent: (event) => void events.push(event),
  });
  return site;
}

/** Every request that is sent to a host of the site from now on. */
export function countRequests(site: RunbookSite): { readonly requests: LaneRequest[] } {
  const requests: LaneRequest[] = [];
  site.wrap = (executor) => ({
    host: executor.host,
    sequence(deadline, some) {
      requests.push(...some);
      return executor.sequence(deadline, some);
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  });
  return { requests };
}
