import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import type { VolumeSpec } from '../../src/connectors/connector.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel, type FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { applySweep, type HostSweep } from '../../src/sweep/apply-sweep.js';
import { auditFleet, type FleetAudit } from '../../src/sweep/audit-fleet.js';
import { claimsOf } from '../../src/sweep/claims.js';
import type { HostLook } from '../../src/sweep/cross-host.js';
import { lookAtHost } from '../../src/sweep/host-snapshot.js';
import { type EarlierLooks, planSweep, type PlannedObject, type SweepPlan } from '../../src/sweep/sweep-plan.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';

/** Hosts on one array, each with volumes at LUN 1 and up, without CHAP; and what a sweep does on them. */
export interface SweepSite {
  readonly fleet: FleetModel;
  host(index?: number): SimulatedHost;
  /** the volume at a LUN of a host */
  volume(lun: number, index?: number): VolumeSpec;
  attach(lun: number, index?: number): Promise<void>;
  /** logs in to another target of the array, by a record made by hand */
  login(targetName: string, index?: number): Promise<void>;
  /** with the volumes that each host declares */
  audit(declared?: readonly VolumeSpec[], outagePercent?: number): Promise<FleetAudit>;
  apply(audit: FleetAudit, approved: readonly PlannedObject[], executor?: Executor): Promise<HostSweep>;
}

export const OTHER_TARGET = 'iqn.2010-10.org.longshore.sim:other';

/** `wrap`: what is put around each way to a host that audits and sweeps take. */
export function sweepSite(
  options: Partial<FleetModelOptions> = {},
  wrap: (executor: Executor) => Executor = (executor) => executor,
): SweepSite {
  const fleet = createFleetModel({ hosts: 1, volumesPerHost: 8, chap: false, ...options });
  onTestFinished(() => fleet.stop());
  const host = (index = 0): SimulatedHost => {
    const found = fleet.hosts[index];
    if (found === undefined) throw new Error('no such host');
    return found;
  };
  const volume = (lun: number, index = 0): VolumeSpec => {
    const found = fleet.volumes.find((one) => one.host === host(index).name && one.lun === lun);
    if (found === undefined) throw new Error('no such volume');
    const { name, wwid, sizeBytes, connectionInfo } = found;
    return { name, wwid, sizeBytes, driverVolumeType: 'iscsi', data: connectionInfo.data };
  };
  const using = async <T>(index: number, work: (executor: DirectExecutor) => Promise<T>): Promise<T> => {
    const executor = new DirectExecutor(host(index));
    try {
      return await work(executor);
    } finally {
      await executor.close();
    }
  };
  return {
    fleet,
    host,
    volume,
    attach: (lun, index = 0) =>
      using(index, async (executor) => {
        const connector = new IscsiConnector({ executor, deadline: deadlineIn(20_000), runId: 'test' });
        const { error } = await connector.attach(volume(lun, index));
        if (error !== undefined) throw error;
      }),
    async login(targetName, index = 0) {
      const { initiatorName } = host(index).environment;
      if (fleet.array.lunsOf(targetName, initiatorName).length === 0) {
        fleet.array.addTarget(targetName, fleet.portals);
        fleet.array.allow(targetName, initiatorName, null);
      }
      const entry = host(index).nodes.create({ targetName, address: '10.1.0.1', port: 3260, iface: 'default' });
      await host(index).iscsi.login(entry, new AbortController().signal);
    },
    async audit(declared = [], outagePercent = 100) {
      const looks = new Map<string, HostLook>();
      for (const [index, { name }] of fleet.hosts.entries()) {
        const snapshot = await using(index, (executor) => lookAtHost(wrap(executor), deadlineIn(20_000)));
        looks.set(name, { snapshot, claims: claimsOf(declared) });
      }
      return auditFleet(looks, outagePercent);
    },
    apply: (audit, approved, executor) => {
      const index = fleet.hosts.findIndex(({ name }) => name === approved[0]?.host);
      const work = (by: Executor): Promise<HostSweep> =>
        applySweep({ executor: wrap(by), deadline: deadlineIn(20_000), runId: 'test' }, approved, {
          claims: audit.hosts.get(by.host)?.claims ?? [],
          portalsDown: audit.portalsDown,
        });
      return executor === undefined ? using(Math.max(0, index), work) : work(executor);
    },
  };
}

/** The plan of an audit whose candidates were seen an hour ago as well. */
export function planOf(audit: FleetAudit, options: Partial<Parameters<typeof planSweep>[3]> = {}): SweepPlan {
  const now = Date.now();
  const earlier: EarlierLooks = new Map(
    [...audit.hosts].map(([host, { digests }]) => [host, [{ at: now - 3_600_000, candidates: digests }]]),
  );
  return planSweep(audit, earlier, new Map(), {
    ...{ now, graceMs: 600_000, perHost: 100, perRun: 100, only: null },
    ...options,
  });
}

/** Keys of all that nobody owns, in the order of removal; of the first host. */
export function candidatesOf({ hosts }: FleetAudit): readonly string[] {
  const [first] = hosts.values();
  return (first?.objects ?? []).flatMap(({ class: verdict, key }) => (verdict === 'candidate' ? [key] : []));
}

/** class and key of everything on a host, one line each. */
export function verdicts(audit: FleetAudit, host: SimulatedHost): readonly string[] {
  return (audit.hosts.get(host.name)?.objects ?? []).map(({ class: verdict, key }) => `${verdict} ${key}`);
}

/** Lets the model's timers run until a condition holds. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !condition(); await turn()) {
    if (performance.now() > end) throw new Error('it does not come');
  }
}
