import { iscsiGoal, type IscsiGoal } from '../connectors/iscsi/goal.js';
import { deviceOfPrivateLink } from '../connectors/iscsi/private-link.js';
import { viewVolume } from '../connectors/iscsi/volume-view.js';
import type { ConnectorContext, VolumeSpec } from '../connectors/connector.js';
import { unmangled } from '../linux/dm-status.js';
import { unknownsAbout } from '../linux/unknowns.js';
import type { DmDevice, Unknown } from '../linux/storage-state.js';
import { lookAtHost, type HostSnapshot } from './host-snapshot.js';

/** What a host still has of one volume. */
export interface VolumeTraces {
  /** the proof of absence: nothing of it is there, and nothing that may be of it could not be read */
  readonly absent: boolean;
  /** one line each, from the top of the stack down; for people */
  readonly found: readonly string[];
  /** what could not be read and may be of this volume */
  readonly unknowns: readonly Unknown[];
}

/**
 * Looks for one volume on one host, by its WWID and by its place at the target; changes nothing. This is the sweep of a source after its
 * volume has moved: success only with `absent`.
 *
 * @throws LongshoreError E_VOLUME for connection info that is no iSCSI volume's, and what looking throws
 */
export async function auditVolume(
  { executor, deadline }: Pick<ConnectorContext, 'executor' | 'deadline'>,
  volume: VolumeSpec,
): Promise<VolumeTraces> {
  const goal = iscsiGoal(volume, { credentials: false });
  return volumeTraces(await lookAtHost(executor, deadline), goal);
}

/**
 * What a snapshot shows of one volume (pure). A session that carries other volumes too is not of it, and neither is a node record of such
 * a session; one that carries nothing is.
 */
export function volumeTraces(snapshot: HostSnapshot, goal: IscsiGoal): VolumeTraces {
  const { storage } = snapshot;
  const wwid = goal.expectedWwid;
  const { devices: seen, maps, paths } = viewVolume(storage, goal, wwid);
  // at the volume's LUN there may be another one by now
  const devices = seen.filter(({ hctl, cachedWwid }) => {
    const answer = snapshot.answers.get(hctl);
    const says = answer?.kind === 'identity' ? answer.wwid : null;
    return wwid === null || cachedWwid === null || cachedWwid === wwid || says === wwid;
  });
  const names = devices.flatMap(({ block }) => block?.name ?? []);
  const base = maps.filter((map) => map.mapWwid === wwid || map.slaves.some((slave) => names.includes(slave)));
  const upper = mappingsOver(snapshot, [
    ...devices.map(({ block }) => block?.dev ?? ''),
    ...base.map(({ dev }) => dev),
  ]);
  const hctls = devices.map(({ hctl }) => hctl);
  const isIdle = (sid: number): boolean =>
    storage.scsiDevices.every((device) => device.sid !== sid || hctls.includes(device.hctl));
  const sessions = paths.flatMap((path) => path.sessions).filter(({ sid }) => isIdle(sid));
  const records = paths.flatMap(({ record, sessions: own }) =>
    record !== null && own.every(({ sid }) => isIdle(sid)) ? [record] : [],
  );
  const nodes = [...names, ...[...base, ...upper].map(({ name }) => name)];
  const links = snapshot.privateLinks.filter(({ linkPath }) =>
    nodes.some((name) => deviceOfPrivateLink(linkPath) === `/dev/${name}`),
  );
  const found = [
    ...upper.map((dm) => `mapping ${dm.dmName} (${dm.name}) on it`),
    ...base.map((map) => `map ${map.dmName} (${map.name})`),
    ...devices.map((device) => `disk ${device.block?.name ?? '-'} (${device.hctl}, ${device.state})`),
    ...sessions.map((session) => `session ${session.sid} to ${session.targetName} at ${session.portal ?? 'no portal'}`),
    ...records.map((record) => `node record ${record.filePath}`),
    ...links.map(({ linkPath }) => `link ${linkPath}`),
  ];
  const unknowns = [
    ...unknownsAbout(storage, {
      sids: paths.flatMap((path) => path.sessions.map(({ sid }) => sid)),
      hctls,
      dmNames: [...base, ...upper].map(({ name }) => name),
      targetNames: goal.targets.map(({ targetName }) => targetName),
    }),
    ...unidentified(snapshot),
    ...(snapshot.blockNumbers === null || snapshot.dependencies === null ? snapshot.unknowns : []),
  ];
  return { absent: found.length === 0 && unknowns.length === 0, found, unknowns };
}

/** A disk whose identity the kernel does not know may be a disk of any volume, unless it says now who it is. */
function unidentified({ storage, answers }: HostSnapshot): readonly Unknown[] {
  return storage.scsiDevices
    .filter(
      ({ block, cachedWwid, hctl }) => block !== null && cachedWwid === null && answers.get(hctl)?.kind !== 'identity',
    )
    .map(({ hctl }) => ({ subject: `disk ${hctl}`, reason: 'has no identity: it may be a disk of this volume' }));
}

/** Mapped devices that are made of these, also through others: LUKS, LVM, partitions. */
function mappingsOver({ storage, dependencies }: HostSnapshot, devs: readonly string[]): readonly DmDevice[] {
  const below = new Set(devs.filter((dev) => dev !== ''));
  const found = new Set<DmDevice>();
  for (let grown = true; grown;) {
    const next = storage.dmDevices.filter(
      (dm) =>
        !found.has(dm) &&
        !below.has(dm.dev) &&
        (dependencies?.get(unmangled(dm.dmName)) ?? []).some((dev) => below.has(dev)),
    );
    for (const dm of next) {
      found.add(dm);
      below.add(dm.dev);
    }
    grown = next.length > 0;
  }
  return [...found];
}
