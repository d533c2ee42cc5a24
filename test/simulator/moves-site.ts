import { onTestFinished } from 'vitest';
import type { VolumeSpec } from '../../src/connectors/connector.js';
import { connectorFor } from '../../src/connectors/registry.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import type { HostContext } from '../../src/fleet/run-host.js';
import type { Ledger, LedgerEntry } from '../../src/moves/ledger/ledger-entry.js';
import { type MoveOptions, type MoveReport, moveVolume } from '../../src/moves/migrate/migrate.js';
import type { Volume } from '../../src/simulator/array-model.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel, type FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { type Deadline, deadlineIn } from '../../src/time/deadline.js';
import type { Executor, LaneReply, LaneRequest, RepliesTo } from '../../src/transport/executor.js';
import { MemoryLedger } from '../unit/moves/memory-ledger.js';

/** A controller that can die, and hosts that can stop answering it. */
export class Controller {
  requests = 0;
  isDead = false;
  /** the request at which it dies, and whether that one has still run */
  diesAt: { readonly request: number; readonly hasRun: boolean } | null = null;
  readonly silent = new Set<string>();
  /** called before each request that a host gets */
  onRequest: (host: string, requests: readonly LaneRequest[]) => void | Promise<void> = () => undefined;

  reach(host: SimulatedHost): Executor {
    const direct = new DirectExecutor(host);
    const sequence = async <const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R) => {
      this.requireAlive();
      this.requests += 1;
      await this.onRequest(host.name, requests);
      const dies = this.diesAt?.request === this.requests ? this.diesAt : null;
      if (dies !== null) this.isDead = true;
      if (dies?.hasRun === false) this.requireAlive();
      if (this.silent.has(host.name)) throw new LongshoreError('E_UNREACHABLE', `${host.name}: no route to host`);
      const replies = await direct.sequence(deadline, requests);
      this.requireAlive();
      if (this.silent.has(host.name)) throw new LongshoreError('E_OUTCOME_UNKNOWN', 'the connection was lost');
      return replies;
    };
    return {
      host: host.name,
      reconnects: true,
      sequence,
      prepareLanes: () => direct.prepareLanes(),
      counters: () => direct.counters(),
      close: () => direct.close(),
    };
  }

  /** A ledger that cannot be written any more once this controller is dead. */
  writes(ledger: Ledger): Ledger {
    return {
      entries: () => ledger.entries(),
      add: async (...entries) => {
        this.requireAlive();
        await ledger.add(...entries);
      },
    };
  }

  requireAlive(): void {
    if (this.isDead) throw new LongshoreError('E_INTERRUPTED', 'this controller is dead');
  }
}

/** Hosts that all may have one volume of one array, each at a LUN of its own. */
export interface MovesSite {
  readonly fleet: FleetModel;
  readonly hosts: readonly [SimulatedHost, SimulatedHost, SimulatedHost];
  readonly wwid: string;
  readonly unit: Volume;
  readonly ledger: MemoryLedger;
  spec(host: SimulatedHost): VolumeSpec;
  /** Attaches as somebody would who knows of no lock and no ledger; gives the device. */
  attach(host: SimulatedHost, spec?: VolumeSpec): Promise<string>;
  hasVolume(host: SimulatedHost): boolean;
  context(controller: Controller, host: SimulatedHost): HostContext;
  migrate(controller: Controller, more?: Partial<MoveOptions>): Promise<MoveReport>;
  /** Lets go of what the controllers of this test held. */
  release(): Promise<void>;
}

export function movesSite(options: Partial<FleetModelOptions> = {}): MovesSite {
  const fleet = createFleetModel({ hosts: 3, namePrefix: 'quay', ...options });
  const executors: Executor[] = [];
  onTestFinished(() => fleet.stop());
  const [one, two, three] = fleet.hosts;
  const [first] = fleet.volumes;
  if (one === undefined || two === undefined || three === undefined || first === undefined) throw new Error('no hosts');
  const hosts = [one, two, three] as const;
  const initiator = (host: SimulatedHost): string => host.environment.initiatorName;
  const unit = fleet.array.unitAt(fleet.targetName, initiator(one), first.lun);
  if (unit === null) throw new Error('no volume');
  const lunOf = (host: SimulatedHost): number => hosts.indexOf(host) * 4 + 1;
  for (const host of [two, three]) {
    fleet.array.unmap(fleet.targetName, initiator(host), 1);
    fleet.array.map(fleet.targetName, initiator(host), lunOf(host), unit);
  }
  const ledger = new MemoryLedger();
  const spec = (host: SimulatedHost): VolumeSpec => {
    const own = fleet.volumes.find((volume) => volume.host === host.name);
    const luns = fleet.portals.map(() => lunOf(host));
    const data = { ...own?.connectionInfo.data, target_luns: luns };
    return { name: 'data', driverVolumeType: 'iscsi', data, wwid: first.wwid, sizeBytes: first.sizeBytes };
  };
  const context = (controller: Controller, host: SimulatedHost): HostContext => {
    const executor = controller.reach(host);
    executors.push(executor);
    return { executor, deadline: deadlineIn(60_000), runId: 'test', emit: () => undefined };
  };
  const release = async (): Promise<void> => {
    await Promise.all(executors.splice(0).map((executor) => executor.close()));
  };
  return {
    fleet,
    hosts,
    wwid: first.wwid,
    unit,
    ledger,
    spec,
    context,
    release,
    async attach(host, volume = spec(host)) {
      const direct = new DirectExecutor(host);
      const executor = lockless(direct);
      const by = { executor, deadline: deadlineIn(60_000), runId: 'somebody' };
      const result = await connectorFor('iscsi', by).attach(volume);
      await direct.close();
      if (result.error !== undefined) throw result.error;
      return result.deviceInfo?.path ?? '';
    },
    hasVolume: (host) => host.scsi.units.some((one) => one.disk !== null && one.lun === lunOf(host)),
    async migrate(controller, more = {}) {
      const report = await moveVolume({
        volume: 'data',
        wwid: first.wwid,
        from: { name: one.name, volume: spec(one), reached: context(controller, one) },
        to: { name: two.name, volume: spec(two), reached: context(controller, two) },
        connectorFor,
        ledger: controller.writes(ledger),
        runId: `run ${ledger.all.length}`,
        arrayStep: null,
        ...more,
      });
      await release();
      return report;
    },
  };
}

/** The same host for somebody who does not care whether it is locked. */
function lockless(executor: Executor): Executor {
  return {
    host: executor.host,
    async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
      const rest = requests.filter((request) => request.kind !== 'lock');
      const replies: readonly LaneReply[] = await executor.sequence(deadline, rest);
      const left = [...replies];
      const held = { kind: 'lock', ok: true, holder: '' } as const;
      return requests.map((request) => (request.kind === 'lock' ? held : left.shift())) as RepliesTo<R>;
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}

export function ownersIn(entries: readonly LedgerEntry[]): readonly string[] {
  return entries.flatMap((entry) =>
    entry.kind === 'owner' ? [`${entry.host ?? 'none'} ${entry.number} ${entry.how}`] : [],
  );
}

/** Does the work for 1, 2, ... `count`, some at a time: the hosts mostly wait. */
export async function atEach(count: number, work: (index: number) => Promise<void>): Promise<void> {
  const left = Array.from({ length: count }, (_, index) => index + 1);
  const worker = async (): Promise<void> => {
    for (let index = left.shift(); index !== undefined; index = left.shift()) await work(index);
  };
  await Promise.all(Array.from({ length: 12 }, worker));
}
