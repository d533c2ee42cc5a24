import type { Hctl, Wwid } from '../../../src/linux/identifiers.js';
import { parseIqn, parsePortal, parseWwid } from '../../../src/linux/identifiers.js';
import type { DmDevice, IscsiSession, NodeRecord, ScsiDevice, StorageState } from '../../../src/linux/storage-state.js';
import type { IscsiObservation } from '../../../src/connectors/iscsi/observation.js';
import type { VolumeSpec } from '../../../src/connectors/connector.js';
import { Secret } from '../../../src/secrets/secret.js';

/** Observations for planner tests, built from the volume's point of view. */
export const TARGET = parseIqn('iqn.2010-10.org.lab:array');
export const PORTALS = [parsePortal('10.1.0.1:3260'), parsePortal('10.2.0.1:3260')] as const;
export const WWID = parseWwid('36001405d70aba290f7444508e32cc5b2');
export const OTHER_WWID = parseWwid('36001405cbee51662d2c4a258a3346b6d');
export const SIZE = 1_073_741_824;

export function volume(extra: Partial<VolumeSpec> = {}, chap = false): VolumeSpec {
  return {
    name: 'data',
    driverVolumeType: 'iscsi',
    data: {
      target_portals: [...PORTALS],
      target_iqns: [TARGET, TARGET],
      target_luns: [1, 1],
      ...(chap ? { auth_method: 'CHAP', auth_username: 'user', auth_password: new Secret('s3cret') } : {}),
    },
    ...extra,
  };
}

export function session(index: 0 | 1, extra: Partial<IscsiSession> = {}): IscsiSession {
  return {
    sid: index + 1,
    targetName: TARGET,
    state: 'LOGGED_IN',
    iface: 'default',
    scsiHost: index,
    portal: PORTALS[index],
    currentPortal: PORTALS[index],
    ...extra,
  };
}

export function disk(index: 0 | 1, extra: Partial<ScsiDevice> = {}, lun = 1, wwid: Wwid = WWID): ScsiDevice {
  const letter = String.fromCharCode(97 + index * 2 + (lun - 1) * 8);
  return {
    hctl: `${index}:0:0:${lun}` as Hctl,
    lun,
    sid: index + 1,
    state: 'running',
    cachedWwid: wwid,
    type: 0,
    vendor: 'LIO-ORG',
    model: 'IBLOCK',
    block: {
      name: `sd${letter}`,
      dev: `8:${index * 16 + lun * 64}`,
      sizeBytes: SIZE,
      readOnly: false,
      holders: ['dm-0'],
      partitions: [],
    },
    ...extra,
  };
}

export function map(disks: readonly ScsiDevice[], extra: Partial<DmDevice> = {}): DmDevice {
  return {
    name: 'dm-0',
    dev: '253:0',
    dmName: WWID,
    dmUuid: `mpath-${WWID}`,
    mapWwid: WWID,
    suspended: false,
    sizeBytes: SIZE,
    readOnly: false,
    slaves: disks.map((one) => one.block?.name ?? ''),
    holders: [],
    openCount: 0,
    mapPaths: disks.map((one) => ({ dev: one.block?.dev ?? '', active: true })),
    ...extra,
  };
}

export function record(index: 0 | 1): NodeRecord {
  return {
    targetName: TARGET,
    portal: PORTALS[index],
    iface: 'default',
    startup: 'manual',
    scan: 'manual',
    authMethod: 'None',
    authUsername: null,
    filePath: `/etc/iscsi/nodes/${TARGET}/10.${index + 1}.0.1,3260`,
  };
}

export function state(extra: Partial<StorageState> = {}): StorageState {
  return {
    sessions: [],
    nodeRecords: [],
    scsiDevices: [],
    dmDevices: [],
    mounts: [],
    swaps: [],
    multipathd: { usable: true, paths: [] },
    initiatorName: parseIqn('iqn.2004-10.org.lab:host1'),
    unknowns: [],
    ...extra,
  };
}

/** An observation in which every disk of `storage` has answered as `wwid`, and every map and disk was read. */
export function observed(storage: StorageState, wwid: Wwid = WWID): IscsiObservation {
  const disks = storage.scsiDevices.flatMap((one) => (one.block === null ? [] : [one.block.name]));
  return {
    storage,
    live: new Map(disks.map((name) => [name, { kind: 'match-source', wwid }])),
    readable: true,
  };
}

/** The same without any answer: what a first look shows. */
export function unasked(storage: StorageState): IscsiObservation {
  return { storage, live: new Map(), readable: null };
}

/** Two sessions, two disks, one map: attached. */
export function attached(): StorageState {
  const disks = [disk(0), disk(1)];
  return state({
    sessions: [session(0), session(1)],
    nodeRecords: [record(0), record(1)],
    scsiDevices: disks,
    dmDevices: [map(disks)],
    multipathd: { usable: true, paths: disks.map((one) => one.block?.name ?? '') },
  });
}
