import type { SimulatedArray } from '../../src/simulator/array-model.js';
import type { FleetModel } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import type { Executor } from '../../src/transport/executor.js';
import type { ScenarioHost } from './scenarios.js';

/** A simulated host as the scenarios want it. */
export function scenarioHost(fleet: FleetModel, host: SimulatedHost, executor: Executor): ScenarioHost {
  const volume = fleet.volumes.find((one) => one.host === host.name);
  const [first, second] = fleet.portals;
  if (volume === undefined || first === undefined || second === undefined) throw new Error('the fleet has no volume');
  const { data } = volume.connectionInfo;
  const array: SimulatedArray = fleet.array;
  return {
    executor,
    targetName: fleet.targetName,
    portals: [first, second],
    lun: volume.lun,
    wwid: volume.wwid,
    sizeBytes: volume.sizeBytes,
    chap:
      data['auth_method'] === 'CHAP'
        ? { username: String(data['auth_username']), password: String(data['auth_password']) }
        : null,
    hold(device) {
      host.mount(device, '/mnt/held');
      return Promise.resolve(() => {
        host.mounts.unmount('/mnt/held');
        return Promise.resolve();
      });
    },
    setPortal(portal, up) {
      array.setPortal(portal, up ? 'up' : 'down');
      return Promise.resolve();
    },
    leftovers: () => Promise.resolve(host.leftovers()),
  };
}
