import { INITIATOR_NAME_FILE } from './initiator-name.js';
import type { StorageState, Unknown } from './storage-state.js';

/** The objects that a decision is about. */
export interface Concern {
  readonly sids: readonly number[];
  readonly hctls: readonly string[];
  /** kernel names dm-N */
  readonly dmNames: readonly string[];
  readonly targetNames: readonly string[];
}

/**
 * The unknowns that a decision about these objects must not be made without. Left out are only those that are surely about another object: a
 * sick node record of another target or a disk of another volume without an identity must not block a detach for ever.
 */
export function unknownsAbout(state: StorageState, concern: Concern): readonly Unknown[] {
  return state.unknowns.filter(({ subject }) => {
    // what the host is called says nothing of what it has
    if (subject === INITIATOR_NAME_FILE) return false;
    const session = /^\/sys\/class\/iscsi_(?:session\/session|connection\/connection)(\d+)/.exec(subject)?.[1];
    if (session !== undefined) return sessionMatters(state, concern, subject, Number(session));
    const dmName = /^\/sys\/block\/(dm-\d+)(?:\/|$)/.exec(subject)?.[1];
    if (dmName !== undefined) return dmMatters(state, concern, dmName);
    const target = /^\/(?:etc|var\/lib)\/iscsi\/nodes\/([^/*]+)\//.exec(subject)?.[1];
    return target === undefined || concern.targetNames.includes(target.toLowerCase());
  });
}

/** A device that is in the state is told apart by its address; one that is not may be anything of its session. */
function sessionMatters(state: StorageState, concern: Concern, subject: string, sid: number): boolean {
  const hctl = /\/device\/target[^/]*\/([^/]+)/.exec(subject)?.[1];
  const device = state.scsiDevices.find((candidate) => candidate.sid === sid && candidate.hctl === hctl);
  if (device !== undefined) return concern.hctls.includes(device.hctl);
  // The target of a session that is not in the state is not known: it may be ours.
  return concern.sids.includes(sid) || !state.sessions.some((session) => session.sid === sid);
}

/** Also devices that sit on the ones in question, and those that cannot be told apart. */
function dmMatters(state: StorageState, concern: Concern, dmName: string): boolean {
  const dm = state.dmDevices.find((device) => device.name === dmName);
  if (concern.dmNames.includes(dmName) || dm === undefined) return true;
  const below = [
    ...concern.dmNames,
    ...state.scsiDevices.filter(({ hctl }) => concern.hctls.includes(hctl)).map(({ block }) => block?.name),
  ];
  return dm.slaves.length === 0 ? dm.dev === '' || dm.dmUuid === '' : dm.slaves.some((slave) => below.includes(slave));
}
