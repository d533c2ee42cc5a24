import type { FindRequest, LaneReply, LaneRequest } from '../transport/executor.js';
import { type Fact, listedPaths } from './fact.js';
import type { Iqn, Wwid } from './identifiers.js';
import { ISCSI_DEVICES } from './scsi-devices.js';
import type { Neighbour, StorageState, Unknown } from './storage-state.js';
import { wwidToSysfs } from './wwid.js';

/** One volume, as the places where a host shows it. */
export interface StorageScope {
  readonly targetNames: readonly Iqn[];
  readonly luns: readonly number[];
  /**
   * whose other disks and maps are looked for on the whole host: those of an identity, those of whatever identity the disks have at these LUNs, or of none
   */
  readonly identity: Wwid | 'of the disks' | null;
}

/** Names of the finds; patterns of what matters. */
export const WITHIN = { sessions: '{session}', devices: '{device}', maps: '{map}', blocks: '{block}' } as const;

/** Partitions of iSCSI disks; levels of devices on top of each other that are read (map, its partition, crypt, LVM). */
const PARTITIONS = 'sd*';
const LEVELS = 4;
/** Devices of a session that are named beside those of the volume. */
const NEIGHBOURS = 4;

/** What a scoped look shows of the rest of the host. */
export interface Surroundings {
  readonly neighbours: readonly Neighbour[];
  readonly unknowns: readonly Unknown[];
  /** disks of the volume's identity, by HCTL, wherever they are */
  readonly carriers: readonly string[];
}

/** An identity as it is that no file of sysfs can be searched for by its text: then the whole host has to be looked at. */
export function canBeScoped({ identity }: StorageScope): boolean {
  return identity === null || identity === 'of the disks' || wwidToSysfs(identity) !== null;
}

/**
 * Finds, on the host itself, what belongs to one volume, for the facts behind it in the same sequence: sessions to its targets, the SCSI devices at
 * its LUNs under these, their disks and partitions, and all device-mapper devices on them or of the volume's identity. Sessions whose target cannot
 * be read count in. Other disks of the identity are looked for everywhere (incident A15), and only named.
 */
export function surroundingsFact({ targetNames, luns, identity }: StorageScope): Fact<Surroundings> {
  const find = (name: string, patterns: readonly string[], holding?: FindRequest['holding']): FindRequest => ({
    kind: 'find',
    name,
    patterns,
    ...(holding === undefined ? {} : { holding }),
  });
  const on = Array.from({ length: LEVELS }, (_, level) => '/holders/dm-*'.repeat(level + 1));
  const known = identity === null || identity === 'of the disks' ? null : identity;
  const text = known === null ? null : wwidToSysfs(known);
  const requests: LaneRequest[] = [
    find('session', ['/sys/class/iscsi_session/session*'], {
      file: 'targetname',
      values: targetNames,
      orUnreadable: true,
    }),
    find(
      'device',
      luns.map((lun) => `{session}/device/target*/*:*:*:${lun}`),
    ),
    find('disk', ['{device}/block/*', `{device}/block/*/${PARTITIONS}`]),
    ...(known === null ? [] : [find('known', ['/sys/block/dm-*'], { file: 'dm/uuid', values: [`mpath-${known}`] })]),
    find('map', [
      ...on.map((above) => `{disk}${above}`),
      ...(known === null ? [] : ['{known}', ...on.map((above) => `{known}${above}`)]),
    ]),
    find('block', ['{disk}', '{map}']),
    {
      kind: 'list',
      patterns: ['{session}/device/target*/*:*:*:*'],
      atMost: luns.length + NEIGHBOURS,
    },
  ];
  const search =
    identity === null
      ? []
      : [
          find('carrier', [ISCSI_DEVICES], {
            file: 'wwid',
            values: text === null ? [] : [text],
            valuesOf: text === null ? ['{device}/wwid'] : [],
          }),
        ];
  return {
    requests: [...requests, ...search],
    parse(replies) {
      const listed = listedPaths(replies[requests.length - 1], '/sys/class/iscsi_session');
      return {
        neighbours: listed.value.flatMap(neighbourOf),
        unknowns: [...listed.unknowns, ...unfound(replies.slice(0, requests.length - 1))],
        carriers: pathsOf(replies[requests.length]).map((path) => path.slice(path.lastIndexOf('/') + 1)),
      };
    },
  };
}

/** What belongs to the volume and was not read, because it is where the scope does not reach: then all of the host has to be looked at. */
export function beyondScope(state: StorageState, { carriers }: Surroundings): readonly string[] {
  const disks = new Set<string>(state.scsiDevices.map(({ block }) => block?.name ?? ''));
  const hctls = new Set<string>(state.scsiDevices.map(({ hctl }) => hctl));
  const maps = state.dmDevices.filter(({ mapWwid }) => mapWwid !== null);
  const read = new Set(state.dmDevices.map(({ name }) => name));
  const above = [
    ...state.dmDevices.flatMap(({ holders }) => holders),
    ...state.scsiDevices.flatMap(({ block }) => block?.holders ?? []),
  ];
  return [
    ...carriers.filter((hctl) => !hctls.has(hctl)).map((hctl) => `disk ${hctl} has the same identity`),
    ...maps.flatMap(({ dmName, slaves }) =>
      slaves.filter((slave) => !disks.has(slave)).map((slave) => `map ${dmName} holds ${slave}`),
    ),
    ...(maps.length > 1 ? ['there are several maps'] : []),
    ...above.filter((name) => name.startsWith('dm-') && !read.has(name)).map((name) => `${name} is on top`),
  ];
}

function neighbourOf(path: string): readonly Neighbour[] {
  const [, sid, hctl = ''] = /\/session(\d+)\/device\/target[^/]*\/([^/]+)$/.exec(path) ?? [];
  return sid === undefined ? [] : [{ sid: Number(sid), hctl }];
}

function pathsOf(reply: LaneReply | undefined): readonly string[] {
  return reply?.kind === 'find' ? reply.paths : [];
}

/** A find that was not run has left nothing, which must not be taken for nothing there. */
function unfound(replies: readonly LaneReply[]): readonly Unknown[] {
  return replies.some((reply) => reply.kind !== 'find')
    ? [{ subject: '/sys/class/iscsi_session', reason: 'was not looked through' }]
    : [];
}
