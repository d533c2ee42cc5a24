import type { InitiatorConnector, VolumeResult, VolumeSpec } from '../../src/connectors/connector.js';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { outcomeOfError } from '../../src/connectors/outcome.js';
import { manualClock, type ManualClock } from '../../src/simulator/clock.js';
import { LIFELIKE_DELAYS } from '../../src/simulator/delays.js';
import { connectDirectly } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { ReconnectingExecutor } from '../../src/transport/reconnecting-executor.js';
import { plantTenant, type Tenant, tenantState } from './tenant.js';
import type { World } from './sweep.js';

/** The time that a host has for one verb: the command line's default. */
export const VERB_LIMIT_MS = 600_000;

export interface IscsiWorldOptions {
  readonly multipath: boolean;
  /** the tenant's volume is on the same sessions */
  readonly shared: boolean;
}

/** One simulated host with one volume for it, and a tenant that nothing may touch. */
export interface IscsiWorld extends World {
  readonly fleet: FleetModel;
  readonly host: SimulatedHost;
  readonly volume: VolumeSpec;
  readonly wwid: string;
  readonly tenant: Tenant;
  /** as it was planted */
  readonly tenantBefore: readonly string[];
  /** what was on the host before the first verb */
  readonly leftBefore: readonly string[];
}

export async function iscsiWorld({ multipath, shared }: IscsiWorldOptions): Promise<IscsiWorld> {
  const clock: ManualClock = manualClock();
  const fleet = createFleetModel({ hosts: 1, clock, delays: LIFELIKE_DELAYS });
  const [host] = fleet.hosts;
  const [found] = fleet.volumes;
  if (host === undefined || found === undefined) throw new Error('the fleet has no host');
  const tenant = await clock.drive(plantTenant(fleet, host, shared));
  const { name, connectionInfo, wwid, sizeBytes } = found;
  return {
    clock,
    fleet,
    host,
    hosts: [host],
    volume: { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes, multipath },
    wwid,
    tenant,
    tenantBefore: tenantState(host, tenant),
    leftBefore: host.leftovers(),
    stop: () => fleet.stop(),
  };
}

/** One controller's work on the host, with a connection of its own that it opens again when it is lost, as a run on a real fleet has. */
export async function control(
  { clock, host }: IscsiWorld,
  work: (connector: InitiatorConnector) => Promise<VolumeResult>,
): Promise<VolumeResult> {
  const deadline = deadlineIn(VERB_LIMIT_MS, undefined, clock);
  try {
    const connect = () => connectDirectly(host);
    const executor = new ReconnectingExecutor(await connect(), { connect });
    try {
      return await work(new IscsiConnector({ executor, deadline, runId: 'a run' }));
    } finally {
      await executor.close();
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { outcome: outcomeOfError(error), paths: [], warnings: [], steps: [], error };
  }
}

export function attach(world: IscsiWorld): Promise<VolumeResult> {
  return control(world, (connector) => connector.attach(world.volume));
}

export function detach(world: IscsiWorld): Promise<VolumeResult> {
  return control(world, (connector) => connector.detach(world.volume, null));
}

/** To the size that the array has by now. */
export function extend(world: IscsiWorld): Promise<VolumeResult> {
  const { sizeBytes } = volumeOnArray(world);
  return control(world, (connector) => connector.extend({ ...world.volume, sizeBytes }));
}

export function isDone({ outcome }: VolumeResult): boolean {
  return outcome === 'ok' || outcome === 'changed';
}

/** The array's own view of the volume under test. */
export function volumeOnArray({ fleet, wwid }: IscsiWorld): FleetModel['array']['volumes'][number] {
  const volume = fleet.array.volumes.find((one) => one.wwid === wwid);
  if (volume === undefined) throw new Error('the array has no such volume');
  return volume;
}

/** What an operator would put right: portals, mapping, the array's disks. */
export function healArray({ fleet, host, volume, wwid }: IscsiWorld, original: ReturnType<typeof volumeOnArray>): void {
  for (const portal of fleet.portals) fleet.array.setPortal(portal, 'up');
  fleet.array.latencyMs = 0;
  original.failsWrites = false;
  const lun = Number((volume.data['target_luns'] as readonly number[])[0]);
  const { initiatorName } = host.environment;
  if (fleet.array.unitAt(fleet.targetName, initiatorName, lun)?.wwid !== wwid) {
    fleet.array.map(fleet.targetName, initiatorName, lun, original);
  }
}
