import { connectDirectly } from '../../src/simulator/direct-executor.js';
import { createFleetModel } from '../../src/simulator/fleet-model.js';
import { type ComparedHost, type RecordedVerb, recordScenarios } from './compared-scenarios.js';

const MIB = 2 ** 20;

/**
 * How long multipathd took for the map of a single path, as it was in the recording: what a run does next depends on it. Over 2 s a run has
 * multipathd take the path.
 */
const MULTIPATHD_MS: Readonly<Record<string, number>> = { 'one path': 0, 'a portal that refuses': 2_500 };

/** The compared scenarios on a simulated host, whose volume is as large as the lab's. */
export async function recordOnSimulator(): Promise<{
  readonly recorded: readonly RecordedVerb[];
  readonly names: ComparedHost['names'];
}> {
  const fleet = createFleetModel({ hosts: 1, sizeBytes: 128 * MIB });
  const [host] = fleet.hosts;
  const [volume] = fleet.volumes;
  if (host === undefined || volume === undefined) throw new Error('no host or no volume');
  const onArray = fleet.array.unitAt(fleet.targetName, host.environment.initiatorName, volume.lun);
  if (onArray === null) throw new Error('the array does not have it');
  const names = new Map([
    [volume.wwid, 'WWID'],
    [volume.wwid.slice(1), 'NAA'],
    [fleet.targetName, 'TARGET'],
    [host.environment.initiatorName, 'INITIATOR'],
    [
      `node.session.auth.username = ${String(volume.connectionInfo.data['auth_username'])}`,
      'node.session.auth.username = USER',
    ],
  ]);
  try {
    const recorded = await recordScenarios({
      begin: (scenario) => Object.assign(host.environment.delays, { multipathdMs: MULTIPATHD_MS[scenario] ?? 6 }),
      open: () => connectDirectly(host),
      volume: {
        name: 'one',
        driverVolumeType: 'iscsi',
        data: volume.connectionInfo.data,
        wwid: volume.wwid,
        sizeBytes: volume.sizeBytes,
      },
      setPortal(number, state) {
        fleet.array.setPortal(fleet.portals[number - 1] ?? '', state);
        return Promise.resolve();
      },
      grow() {
        onArray.sizeBytes += 32 * MIB;
        fleet.array.changed();
        return Promise.resolve(onArray.sizeBytes);
      },
      mount(device) {
        host.mount(device, '/mnt/held');
        return Promise.resolve(() => {
          host.mounts.unmount('/mnt/held');
          return Promise.resolve();
        });
      },
      names,
    });
    return { recorded, names };
  } finally {
    fleet.stop();
  }
}
