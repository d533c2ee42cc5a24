import { isLive } from '../connectors/iscsi/volume-view.js';
import type { Hctl, Wwid } from '../linux/identifiers.js';
import { liveIdentityRequest, parseLiveIdentity } from '../linux/live-identity.js';
import type { ScsiDevice, StorageState } from '../linux/storage-state.js';
import { parseUnitState, unitStateRequest } from '../linux/unit-state.js';
import type { Deadline } from '../time/deadline.js';
import type { Executor, LaneReply, LaneRequest, RunRequest } from '../transport/executor.js';

/** What a disk said when it was asked just now. */
export type UnitAnswer =
  | { readonly kind: 'identity'; readonly wwid: Wwid }
  /** the array answered that it has nothing at this LUN; `exit` of the command that found out */
  | { readonly kind: 'not-supported'; readonly exit: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** The name of a disk, found by the host at the moment of asking. */
function diskPlace(hctl: Hctl): string {
  return `/sys/class/scsi_device/${hctl}/device/block/*`;
}

/** Asks a disk who it is, whatever its name is then. */
export function identityRequest(hctl: Hctl): RunRequest {
  return { ...liveIdentityRequest('{}'), nameFrom: [diskPlace(hctl)] };
}

/** Asks the array whether there is still a unit behind a disk. */
export function supportRequest(hctl: Hctl): RunRequest {
  return { ...unitStateRequest(), nameFrom: [diskPlace(hctl)] };
}

/** The answer in both replies; the second is looked at only when the first has no identity. */
export function answerOf(identity: LaneReply | undefined, support: LaneReply | undefined): UnitAnswer {
  const live = parseLiveIdentity(identity);
  if (live.kind === 'match-source') return { kind: 'identity', wwid: live.wwid };
  const state = parseUnitState(support);
  switch (state.kind) {
    case 'not-supported':
      return state;
    case 'ready':
      return { kind: 'unknown', reason: `it is ready, but ${live.reason}` };
    case 'unknown':
      return { kind: 'unknown', reason: `${live.reason}; ${state.reason}` };
  }
}

/** Asks every disk that can be expected to answer, each in a sequence of its own so that one that hangs holds up no other. */
export async function askUnits(
  executor: Executor,
  deadline: Deadline,
  storage: StorageState,
): Promise<ReadonlyMap<Hctl, UnitAnswer>> {
  const disks = storage.scsiDevices.filter((device) => device.block !== null && isLive(storage, device));
  const ask = async (asked: readonly ScsiDevice[], request: (hctl: Hctl) => LaneRequest): Promise<LaneReply[]> => {
    const replies = await Promise.all(asked.map(({ hctl }) => executor.sequence(deadline, [request(hctl)])));
    return replies.map(([reply]) => reply);
  };
  const identities = await ask(disks, identityRequest);
  const mute = disks.filter((_, index) => parseLiveIdentity(identities[index]).kind === 'unknown');
  const supports = await ask(mute, supportRequest);
  return new Map(
    disks.map((device, index) => [device.hctl, answerOf(identities[index], supports[mute.indexOf(device)])]),
  );
}
