import { createHash, randomBytes } from 'node:crypto';
import { SimulatedArray } from './array-model.js';
import { realClock, type StoppableClock } from './clock.js';
import { type Delays, SHORT_DELAYS } from './delays.js';
import { SimulatedHost } from './host-model.js';
import type { FindMultipaths } from './model/multipath-daemon.js';
import type { LostData } from './model/written-data.js';

export interface FleetModelOptions {
  /** number of hosts */
  readonly hosts: number;
  /** first part of the hosts' names, before a number. Default `dock` */
  readonly namePrefix?: string;
  /** portals of the array, `address:port`. Default two, on two networks */
  readonly portals?: readonly string[];
  /** volumes of each host, at LUN 1 and up. Default 1 */
  readonly volumesPerHost?: number;
  /** size of each volume. Default 1 GiB */
  readonly sizeBytes?: number;
  /** whether the array wants CHAP. Default true */
  readonly chap?: boolean;
  readonly findMultipaths?: FindMultipaths;
  readonly delays?: Partial<Delays>;
  /** iSCSI name of a host, by its index from 0: the same for two makes clones. Default: one of its own for each */
  readonly initiatorNameOf?: (index: number) => string | undefined;
  /** default: the computer's time */
  readonly clock?: StoppableClock;
}

/** A volume as Cinder would hand it over, and what the array knows of it. */
export interface FleetVolume {
  readonly name: string;
  readonly host: string;
  readonly lun: number;
  /** in udev's form */
  readonly wwid: string;
  readonly sizeBytes: number;
  readonly connectionInfo: {
    readonly driver_volume_type: 'iscsi';
    readonly data: Readonly<Record<string, unknown>>;
  };
}

/** Hosts and the array that they share, without any network. */
export interface FleetModel {
  readonly array: SimulatedArray;
  readonly hosts: readonly SimulatedHost[];
  readonly volumes: readonly FleetVolume[];
  readonly targetName: string;
  readonly portals: readonly string[];
  /** what is left of any volume, on all hosts: `dock01: session 1 ...` */
  leftovers(): readonly string[];
  /** what programs wrote on any host and what is not, and will not be, in the volume that they meant */
  lostData(): readonly LostData[];
  stop(): void;
}

const TARGET_NAME = 'iqn.2010-10.org.longshore.sim:array';
const DEFAULT_PORTALS = ['10.1.0.1:3260', '10.2.0.1:3260'];

/** Makes hosts that all may log in to one array, each with its own volumes at its own LUNs. */
export function createFleetModel(options: FleetModelOptions): FleetModel {
  const {
    hosts: count,
    namePrefix = 'dock',
    portals = DEFAULT_PORTALS,
    volumesPerHost = 1,
    sizeBytes = 2 ** 30,
  } = options;
  const clock = options.clock ?? realClock();
  const delays = { ...SHORT_DELAYS, ...options.delays };
  const array = new SimulatedArray();
  array.addTarget(TARGET_NAME, portals);
  const digits = Math.max(2, String(count).length);
  const hosts: SimulatedHost[] = [];
  const volumes: FleetVolume[] = [];
  for (let index = 1; index <= count; index += 1) {
    const name = `${namePrefix}${String(index).padStart(digits, '0')}`;
    const initiatorName = options.initiatorNameOf?.(index - 1) ?? `iqn.2004-10.org.longshore.sim:${name}`;
    const chap = (options.chap ?? true) ? { username: name, password: randomBytes(9).toString('base64url') } : null;
    array.allow(TARGET_NAME, initiatorName, chap);
    for (let lun = 1; lun <= volumesPerHost; lun += 1) {
      const wwid = wwidOf(`${name} ${lun}`);
      array.map(TARGET_NAME, initiatorName, lun, array.createVolume({ wwid, sizeBytes }));
      const data = {
        target_discovered: false,
        target_portals: portals,
        target_iqns: portals.map(() => TARGET_NAME),
        target_luns: portals.map(() => lun),
        ...(chap === null ? {} : { auth_method: 'CHAP', auth_username: chap.username, auth_password: chap.password }),
      };
      const volumeName = volumesPerHost === 1 ? 'data' : `data${lun}`;
      const connectionInfo = { driver_volume_type: 'iscsi', data } as const;
      volumes.push({ name: volumeName, host: name, lun, wwid, sizeBytes, connectionInfo });
    }
    const { findMultipaths } = options;
    hosts.push(
      new SimulatedHost({
        name,
        initiatorName,
        array,
        clock,
        delays,
        ...(findMultipaths === undefined ? {} : { findMultipaths }),
      }),
    );
  }
  return {
    array,
    hosts,
    volumes,
    targetName: TARGET_NAME,
    portals,
    leftovers: () => hosts.flatMap((host) => host.leftovers().map((one) => `${host.name}: ${one}`)),
    lostData: () =>
      hosts.flatMap((host) =>
        host.blocks.written
          .filter(({ state }) => state === 'lost' || state === 'misplaced')
          .map((written) => ({ ...written, host: host.name })),
      ),
    stop() {
      for (const host of hosts) host.stop();
      clock.stop();
    },
  };
}

/** LIO's form of an NAA identity: vendor 001405 and digits of the unit's serial. */
function wwidOf(serial: string): string {
  return `36001405${createHash('sha256').update(serial).digest('hex').slice(0, 25)}`;
}
