import { compareIdentity } from '../linux/live-identity.js';
import { unmangled } from '../linux/dm-status.js';
import type { DmDevice, ScsiDevice } from '../linux/storage-state.js';
import type { HostSnapshot } from './host-snapshot.js';
import type { DeadDisk, DeadEvidence } from './sweep-object.js';

/** What is known of a disk's life. Only a positive answer counts: silence is an outage until proven otherwise (rule S8). */
export type Life =
  | { readonly kind: 'alive'; readonly why: string }
  | { readonly kind: 'dead'; readonly evidence: DeadEvidence; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

export function lifeOfDisk({ storage, answers }: HostSnapshot, device: ScsiDevice): Life {
  const session = storage.sessions.find(({ sid }) => sid === device.sid);
  if (session === undefined) return { kind: 'unknown', why: 'its session is not known' };
  if (session.state !== 'LOGGED_IN') {
    return { kind: 'unknown', why: `its session is ${session.state}: an outage until proven otherwise` };
  }
  if (device.state !== 'running') return { kind: 'unknown', why: `it is ${device.state}, and so cannot be asked` };
  if (device.cachedWwid === null) return { kind: 'unknown', why: 'the kernel has no identity of it' };
  const answer = answers.get(device.hctl);
  if (answer === undefined) return { kind: 'unknown', why: 'it was not asked who it is' };
  if (answer.kind === 'unknown') return { kind: 'unknown', why: answer.reason };
  if (answer.kind === 'not-supported') {
    const why = `the array answers that it has nothing at LUN ${device.lun} for this host`;
    return { kind: 'dead', evidence: answer, why };
  }
  switch (compareIdentity(device.cachedWwid, answer.wwid)) {
    case 'match':
      return { kind: 'alive', why: `it answers as ${answer.wwid}` };
    case 'mismatch':
      return {
        kind: 'dead',
        evidence: { kind: 'other-identity', wwid: answer.wwid },
        why: `it was ${device.cachedWwid} when the kernel found it, and answers as ${answer.wwid} now: the LUN was given to another volume`,
      };
    case 'unknown':
      return {
        kind: 'unknown',
        why: `it answers as ${answer.wwid}, which cannot be compared with ${device.cachedWwid}`,
      };
  }
}

/** Whether a multipath map has lost its volume for good; `disks` are its paths, `gone` those that are not there. Says nothing of who uses it. */
export type MapLife =
  | {
      readonly kind: 'dead';
      readonly disks: readonly DeadDisk[];
      readonly gone: readonly string[];
      readonly why: readonly string[];
    }
  | { readonly kind: 'alive'; readonly why: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: readonly string[] };

export function lifeOfMap(snapshot: HostSnapshot, map: DmDevice): MapLife {
  const { storage, blockNumbers, dependencies } = snapshot;
  const devs = dependencies?.get(unmangled(map.dmName));
  if (devs === undefined || blockNumbers === null) return unknown('what it is made of could not be read');
  // sysfs keeps the link to a path that is gone: the numbers in the table, and which of them there are, tell
  const left = devs.filter((dev) => blockNumbers.has(dev));
  const gone = devs.filter((dev) => !blockNumbers.has(dev));
  const lost = gone.length === 0 ? [] : [`its paths ${gone.join(', ')} are gone`];
  if (left.length === 0) return { kind: 'dead', disks: [], gone, why: devs.length === 0 ? ['it has no paths'] : lost };
  const disks = left.map((dev) => storage.scsiDevices.find(({ block }) => block?.dev === dev));
  const lives = disks.map((device) => (device === undefined ? null : { device, life: lifeOfDisk(snapshot, device) }));
  if (lives.includes(null)) return unknown('a path of it is no iSCSI disk');
  const known = lives.filter((one) => one !== null);
  const told = known.map(({ device, life }) => `path ${device.block?.name ?? ''} (${device.hctl}): ${life.why}`);
  if (known.some(({ life }) => life.kind === 'alive')) return { kind: 'alive', why: told };
  if (known.some(({ life }) => life.kind === 'dead' && life.evidence.kind === 'other-identity')) {
    return { kind: 'unknown', why: ['its paths lead to another volume now: such a map is never changed', ...told] };
  }
  const dead = known.flatMap(({ device, life }): DeadDisk[] =>
    life.kind === 'dead' ? [{ device, evidence: life.evidence }] : [],
  );
  if (dead.length < known.length) {
    return { kind: 'unknown', why: ['no path works, which is an outage until proven otherwise', ...told] };
  }
  if (map.mapPaths === null || map.mapPaths.some(({ active }) => active)) {
    return { kind: 'unknown', why: ['the kernel has not given up all its paths yet', ...told] };
  }
  return { kind: 'dead', disks: dead, gone, why: ['every path has failed', ...lost, ...told] };
}

function unknown(why: string): MapLife {
  return { kind: 'unknown', why: [why] };
}
