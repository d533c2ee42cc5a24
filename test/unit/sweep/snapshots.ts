import type { DmDevice, StorageState } from '../../../src/linux/storage-state.js';
import type { HostSnapshot } from '../../../src/sweep/host-snapshot.js';
import { WWID } from '../connectors/storage-states.js';

/** A host on which everything could be read, with what `storage` has; every disk answers as itself unless `extra` says otherwise. */
export function snapshot(storage: StorageState, extra: Partial<HostSnapshot> = {}): HostSnapshot {
  const devices = storage.scsiDevices.flatMap(({ block }) => (block === null ? [] : [block]));
  const numbers = [...devices, ...storage.dmDevices].map(({ dev, name }) => [dev, { name, disk: null }] as const);
  const answers = storage.scsiDevices.map(
    ({ hctl, cachedWwid }) => [hctl, { kind: 'identity', wwid: cachedWwid ?? WWID }] as const,
  );
  const slaves = ({ slaves: names }: DmDevice) =>
    names.map((name) => devices.find((one) => one.name === name)?.dev ?? '');
  return {
    storage,
    answers: new Map(answers),
    blockNumbers: new Map([['254:0', { name: 'vda', disk: null }], ...numbers]),
    dependencies: new Map(storage.dmDevices.map((dm) => [dm.dmName, slaves(dm)])),
    bootTargets: new Set(),
    privateLinks: [],
    configured: [],
    fileSystemIds: [],
    identities: { machineId: 'm', bootId: 'b', hostNqn: null, nvmeHostId: null },
    blocked: [],
    unknowns: [],
    ...extra,
  };
}
