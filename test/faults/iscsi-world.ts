import type { FoundRecord, VolumeJournal } from '../../src/connectors/change-journal.js';
import type { InitiatorConnector, VerbOptions, VolumeResult, VolumeSpec } from '../../src/connectors/connector.js';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { outcomeOfError } from '../../src/connectors/outcome.js';
import { manualClock, type ManualClock } from '../../src/simulator/clock.js';
import { LIFELIKE_DELAYS } from '../../src/simulator/delays.js';
import { connectDirectly } from '../../src/simulator/direct-executor.js';
import type { Volume } from '../../src/simulator/array-model.js';
import { createFleetModel, type FleetModel } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { ReconnectingExecutor } from '../../src/transport/reconnecting-executor.js';
import { type Beside, plantTenant, type Tenant, tenantState } from './tenant.js';
import type { World } from './sweep.js';

/** The time that a host has for one verb: the command line's default. */
export const VERB_LIMIT_MS = 600_000;

export interface IscsiWorldOptions {
  readonly multipath: boolean;
  /** what of others is on the target and the portals of the volume */
  readonly beside: Beside;
}

/** One simulated host with one volume for it, and a tenant that nothing may touch. */
export interface Scene {
  readonly fleet: FleetModel;
  readonly host: SimulatedHost;
  readonly volume: VolumeSpec;
  readonly wwid: string;
  /** the array's own view of it, also when it is mapped to nobody */
  readonly onArray: Volume;
  readonly tenant: Tenant;
  /** as it was planted */
  readonly tenantBefore: readonly string[];
  /** what was on the host before the first verb */
  readonly leftBefore: readonly string[];
  /** what the controllers of this world must remember, as a journal would */
  readonly journal: {
    readonly recordsBefore: readonly FoundRecord[];
    toldOfLoss: boolean;
    /** flushes that were begun, and of which nobody has told how they ended */
    readonly openFlushes: Map<object, 'open' | 'failed'>;
  };
}

/** The same on a clock that is moved. */
export type IscsiWorld = Scene & World;

export async function iscsiWorld({ multipath, beside }: IscsiWorldOptions): Promise<IscsiWorld> {
  const clock: ManualClock = manualClock();
  const fleet = createFleetModel({ hosts: 1, clock, delays: LIFELIKE_DELAYS });
  const scene = await clock.drive(sceneOn(fleet, { multipath, beside }));
  return { ...scene, clock, hosts: [scene.host], stop: () => fleet.stop() };
}

/** Plants the tenant, and remembers what there is now. */
export async function sceneOn(fleet: FleetModel, { multipath, beside }: IscsiWorldOptions): Promise<Scene> {
  const [host] = fleet.hosts;
  const [found] = fleet.volumes;
  if (host === undefined || found === undefined) throw new Error('the fleet has no host');
  const tenant = await plantTenant(fleet, host, beside);
  const { name, connectionInfo, wwid, sizeBytes } = found;
  const onArray = fleet.array.volumes.find((one) => one.wwid === wwid);
  if (onArray === undefined) throw new Error('the array has no such volume');
  return {
    fleet,
    host,
    volume: { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes, multipath },
    wwid,
    onArray,
    tenant,
    tenantBefore: tenantState(host, tenant),
    leftBefore: host.leftovers(),
    journal: { recordsBefore: recordsOf(host), toldOfLoss: false, openFlushes: new Map() },
  };
}

/** One controller's work on the host, with a connection of its own that it opens again when it is lost, as a run on a real fleet has. */
export async function control(
  { clock, host, journal }: IscsiWorld,
  work: (connector: InitiatorConnector) => Promise<VolumeResult>,
): Promise<VolumeResult> {
  const deadline = deadlineIn(VERB_LIMIT_MS, undefined, clock);
  try {
    const connect = () => connectDirectly(host);
    const executor = new ReconnectingExecutor(await connect(), { connect });
    try {
      const result = await work(new IscsiConnector({ executor, deadline, runId: 'a run' }));
      // who reports has told what has failed
      for (const [step, how] of journal.openFlushes) if (how === 'failed') journal.openFlushes.delete(step);
      return result;
    } finally {
      await executor.close();
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { outcome: outcomeOfError(error), paths: [], warnings: [], steps: [], error };
  }
}

/** `resumes`: with what the journal of the run before has. */
export function attach(world: IscsiWorld, resumes = false): Promise<VolumeResult> {
  return control(world, (connector) => connector.attach(sized(world), optionsOf(world, resumes)));
}

export function detach(world: IscsiWorld, resumes = false): Promise<VolumeResult> {
  return control(world, (connector) =>
    connector.detach(world.volume, null, {
      ...optionsOf(world, resumes),
      // who was told that data is lost has to say that it no longer matters
      force: world.journal.toldOfLoss,
    }),
  );
}

/** The volume with the size that the array has by now. */
function sized({ volume, onArray }: IscsiWorld): VolumeSpec {
  return { ...volume, sizeBytes: onArray.sizeBytes };
}

function optionsOf({ journal: { recordsBefore, openFlushes } }: IscsiWorld, resumes: boolean): VerbOptions {
  const journal: VolumeJournal = {
    found: () => undefined,
    intend: (steps) =>
      Promise.resolve(
        steps.map((step) => {
          if (step.flushes === true) openFlushes.set(step, 'open');
          return {
            ended(result) {
              if (result === 'failed' && step.flushes === true) openFlushes.set(step, 'failed');
              else if (result !== 'unknown') openFlushes.delete(step);
            },
          };
        }),
      ),
  };
  return { journal, ...(resumes ? { recordsBefore, flushInDoubt: openFlushes.size > 0 } : {}) };
}

function recordsOf(host: SimulatedHost): readonly FoundRecord[] {
  return host.nodes.entries.map(({ targetName, address, port, iface }) => ({
    target: targetName,
    portal: `${address}:${port}`,
    iface,
  }));
}

/** To the size that the array has by now. */
export function extend(world: IscsiWorld): Promise<VolumeResult> {
  return control(world, (connector) => connector.extend(sized(world)));
}

export function isDone({ outcome }: VolumeResult): boolean {
  return outcome === 'ok' || outcome === 'changed';
}

/** What an operator would put right: portals, mapping, the array's disks. */
export function healArray({ fleet, host, volume, wwid, onArray }: IscsiWorld): void {
  for (const portal of fleet.portals) fleet.array.setPortal(portal, 'up');
  fleet.array.latencyMs = 0;
  onArray.failsWrites = false;
  const lun = Number((volume.data['target_luns'] as readonly number[])[0]);
  const { initiatorName } = host.environment;
  if (fleet.array.unitAt(fleet.targetName, initiatorName, lun)?.wwid !== wwid) {
    fleet.array.map(fleet.targetName, initiatorName, lun, onArray);
  }
}
