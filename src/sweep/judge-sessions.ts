import { portalAddress, portalPort } from '../linux/identifiers.js';
import type { IscsiSession, NodeRecord, StorageState } from '../linux/storage-state.js';
import { unknownsAbout } from '../linux/unknowns.js';
import { claimOfTarget, type Claim, type PortalsDown } from './claims.js';
import { BOOT, describer } from './device-context.js';
import type { HostSnapshot } from './host-snapshot.js';
import type { SweepObject } from './sweep-object.js';

/** Sessions: one that carries anything is left to whoever that belongs to. */
export function judgeSessions(
  snapshot: HostSnapshot,
  claims: readonly Claim[],
  portalsDown: PortalsDown,
): readonly SweepObject[] {
  return snapshot.storage.sessions.map((session) => judgeSession(snapshot, session, claims, portalsDown));
}

function judgeSession(
  { storage, bootTargets }: HostSnapshot,
  session: IscsiSession,
  claims: readonly Claim[],
  portalsDown: PortalsDown,
): SweepObject {
  const { sid, targetName, portal, state } = session;
  const where = `${targetName} at ${portal ?? 'an unknown portal'}`;
  const object = describer(
    'session',
    `session:${targetName}@${portal ?? 'unknown'}#${sid}`,
    `session ${sid} to ${where}`,
  );
  const records = recordsOf(storage, session);
  if (bootTargets.has(targetName) || records.some(({ startup }) => startup === 'onboot'))
    return object('foreign', [BOOT]);
  const carried = storage.scsiDevices.filter((device) => device.sid === sid);
  if (carried.length > 0) {
    const devices = carried.map(({ hctl, block }) => `${block?.name ?? 'a device'} (${hctl})`).join(', ');
    return object('foreign', [`it is ${state} and carries ${devices}`]);
  }
  const claim = claimOfTarget(claims, targetName);
  if (claim !== undefined)
    return object('owned', [`volume ${claim.volume}, which is declared for this host, is at this target`]);
  const blind = unknownsAbout(storage, { sids: [sid], hctls: [], dmNames: [], targetNames: [targetName] });
  if (blind.length > 0)
    return object(
      'unknown',
      blind.map(({ subject, reason }) => `${subject}: ${reason}`),
    );
  if (portal === null || session.scsiHost === null)
    return object('unknown', ['the kernel does not show its portal or host']);
  if (state === 'LOGGED_IN') {
    if (!records.some(({ mark }) => mark !== undefined)) {
      return object('foreign', ['it is logged in, and nothing says that Longshore made it']);
    }
    const why = 'it is logged in and carries nothing; its node record is one that Longshore made or used';
    return object('candidate', [why, NOT_DECLARED], { kind: 'session', session });
  }
  const missed = portalsDown.get(portal) ?? 0;
  if (missed > 0) {
    const others = missed === 1 ? 'another session' : `${missed} other sessions`;
    return object('unknown', [
      `it is ${state}, and so ${missed === 1 ? 'is' : 'are'} ${others} through ${portal} that somebody misses: an outage`,
    ]);
  }
  return object('candidate', [`it is ${state} and carries nothing`, NOT_DECLARED], { kind: 'session', session });
}

const NOT_DECLARED = 'no volume at this target is declared for this host';

/** Node records: only what Longshore left in one tells that it may go; files without a record are put aside. */
export function judgeRecords(snapshot: HostSnapshot, claims: readonly Claim[]): readonly SweepObject[] {
  const { storage } = snapshot;
  const sick = storage.unknowns.filter(({ subject, reason }) => SICK.test(subject) && !UNREAD.test(reason));
  return [
    ...storage.nodeRecords.map((record) => judgeRecord(snapshot, record, claims)),
    ...sick.map(({ subject, reason }) => judgeSick(snapshot, subject, reason, claims)),
  ];
}

const SICK = /^\/(?:etc|var\/lib)\/iscsi\/nodes\/([^/*]+)\/([^/*]+),(\d+)(?:,-?\d+)?(?:\/[^/*]+)?$/;
/** grep's words for a file that it could not read */
const UNREAD = /^(?:Permission denied|Input\/output error|Is a directory)/;

function judgeRecord(
  { storage, bootTargets }: HostSnapshot,
  record: NodeRecord,
  claims: readonly Claim[],
): SweepObject {
  const { targetName, portal, startup, mark, filePath } = record;
  const object = describer('record', `record:${filePath}`, `node record of ${targetName} at ${portal}`);
  if (bootTargets.has(targetName) || startup === 'onboot') return object('foreign', [BOOT]);
  const session = storage.sessions.find(
    (one) => one.targetName === targetName && (one.portal === portal || one.portal === null),
  );
  if (session !== undefined) return object('foreign', [`session ${session.sid} is logged in by it`]);
  const claim = claimOfTarget(claims, targetName);
  if (claim !== undefined)
    return object('owned', [`volume ${claim.volume}, which is declared for this host, is at this target`]);
  // sick files beside it are objects of their own; whether there is a session must be certain
  const blind = unknownsAbout(storage, { sids: [], hctls: [], dmNames: [], targetNames: [] });
  if (blind.length > 0)
    return object(
      'unknown',
      blind.map(({ subject, reason }) => `${subject}: ${reason}`),
    );
  const twins = storage.nodeRecords.filter((one) => one.targetName === targetName && one.portal === portal);
  if (mark === undefined) {
    const boots = startup === 'automatic' ? '; it logs in again when the host starts' : '';
    return object('foreign', [`nothing says that Longshore made it${boots}`]);
  }
  if (twins.length > 1) return object('unknown', ['there are several records of this target and portal']);
  const why = mark === 'made' ? 'Longshore made it' : 'Longshore used it, and has not put it back as it was';
  return object('candidate', [why, 'there is no session', NOT_DECLARED], { kind: 'record', record });
}

function judgeSick(
  { storage, bootTargets }: HostSnapshot,
  filePath: string,
  reason: string,
  claims: readonly Claim[],
): SweepObject {
  const object = describer('record', `record:${filePath}`, `file ${filePath}`);
  const [, target = '', address = '', port = ''] = SICK.exec(filePath) ?? [];
  const targetName = target.toLowerCase();
  if ([...bootTargets].some((name) => name === targetName)) return object('foreign', [BOOT]);
  const session = storage.sessions.find(
    (one) =>
      one.targetName === targetName &&
      (one.portal === null || (portalAddress(one.portal) === address && portalPort(one.portal) === Number(port))),
  );
  if (session !== undefined) return object('unknown', [reason, `but session ${session.sid} is at its place`]);
  const claim = claims.find(({ targets }) => targets.some((triple) => triple.targetName === targetName));
  if (claim !== undefined)
    return object('owned', [reason, `the next attach of volume ${claim.volume} takes care of it`]);
  const why = [reason, 'it makes other calls of iscsiadm fail', 'there is no session at its place'];
  return object('candidate', why, { kind: 'sick-record', filePath });
}

function recordsOf({ nodeRecords }: StorageState, session: IscsiSession): readonly NodeRecord[] {
  return nodeRecords.filter((record) => record.targetName === session.targetName && record.portal === session.portal);
}
