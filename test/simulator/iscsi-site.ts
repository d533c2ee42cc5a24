import { onTestFinished } from 'vitest';
import type { InitiatorConnector, VolumeSpec } from '../../src/connectors/connector.js';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel, type FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';
import { withoutForbidden } from './forbidden-commands.js';

/** One simulated host with volumes on an array, and connectors to it. */
export interface Site {
  readonly fleet: FleetModel;
  readonly host: SimulatedHost;
  readonly initiator: string;
  /** a connector of its own for each use, as each run has: the host lock goes with it; `wrap` puts something between it and the host */
  use<T>(
    work: (connector: InitiatorConnector, executor: DirectExecutor) => Promise<T>,
    wrap?: (executor: Executor) => Executor,
  ): Promise<T>;
  /** the first volume, with its `data` and options changed */
  volume(data?: Readonly<Record<string, unknown>>, options?: Partial<VolumeSpec>): VolumeSpec;
  /** the same with singular keys only, wanted as multipath: so that the array is asked for the other portals */
  discovered(data?: Readonly<Record<string, unknown>>, options?: Partial<VolumeSpec>): VolumeSpec;
}

export function site(options: Partial<FleetModelOptions> = {}): Site {
  const fleet = createFleetModel({ hosts: 1, ...options });
  onTestFinished(() => fleet.stop());
  const [host] = fleet.hosts;
  const [first] = fleet.volumes;
  if (host === undefined || first === undefined) throw new Error('no host or no volume');
  const { name, wwid, sizeBytes, lun } = first;
  const all = first.connectionInfo.data;
  const credentials = Object.fromEntries(Object.entries(all).filter(([key]) => key.startsWith('auth_')));
  const spec = (data: Readonly<Record<string, unknown>>, more: Partial<VolumeSpec>): VolumeSpec => ({
    name,
    driverVolumeType: 'iscsi',
    data,
    wwid,
    sizeBytes,
    ...more,
  });
  return {
    fleet,
    host,
    initiator: host.environment.initiatorName,
    async use(work, wrap = (executor) => executor) {
      const direct = new DirectExecutor(host);
      const executor = wrap(withoutForbidden(direct));
      try {
        return await work(new IscsiConnector({ executor, deadline: deadlineIn(20_000), runId: 'test' }), direct);
      } finally {
        await executor.close();
      }
    },
    volume: (data = {}, more = {}) => spec({ ...all, ...data }, more),
    discovered: (data = {}, more = {}) =>
      spec(
        {
          target_portal: fleet.portals[0],
          target_iqn: fleet.targetName,
          target_lun: lun,
          ...credentials,
          ...data,
        },
        { multipath: true, ...more },
      ),
  };
}

export function codeOf(error: unknown): string {
  return error instanceof LongshoreError ? error.code : String(error);
}

/** Another volume of the host, for `volumesPerHost: 2`. */
export function secondVolume({ volumes }: FleetModel): VolumeSpec {
  const [, second] = volumes;
  if (second === undefined) throw new Error('no second volume');
  const { name, connectionInfo, wwid, sizeBytes } = second;
  return { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes };
}
