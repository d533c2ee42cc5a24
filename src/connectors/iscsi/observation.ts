import type { Fact } from '../../linux/fact.js';
import { type LiveIdentity, liveIdentityRequest, parseLiveIdentity } from '../../linux/live-identity.js';
import { storageFact } from '../../linux/storage-observation.js';
import type { StorageState } from '../../linux/storage-state.js';
import type { LaneRequest } from '../../transport/executor.js';
import type { Clues } from '../engine/engine.js';
import type { IscsiGoal } from './goal.js';
import { diskName, isLive, viewVolume } from './volume-view.js';

/** One look at a host, for one volume. */
export interface IscsiObservation {
  readonly storage: StorageState;
  /** what disks answered when they were asked who they are, by kernel name; only those that were asked */
  readonly live: ReadonlyMap<string, LiveIdentity>;
  /** whether a direct read of the first block went well, by kernel name; only those that were tried */
  readonly readable: ReadonlyMap<string, boolean>;
}

/** Bound of one question to a disk, ms. A live path answers within a few; more would let a dead one delay the rest. */
const LIVE_READ_MS = 5000;

/** `.../block/sdb` and `.../block/sdb/holders/dm-0`, as the waits of attach steps find them. */
const MATCHED_NAMES = /\/block\/(?<disk>[a-z0-9]+)(?:\/holders\/(?<holder>dm-\d+))?$/;

/**
 * The whole of what an attach must know, in one sequence: the storage stack, and, for every disk that earlier reads
 * gave a reason to ask, its live identity and one direct read. A question that fails is an answer too.
 */
export function attachObservation(goal: IscsiGoal, clues: Clues<IscsiObservation>): Fact<IscsiObservation> {
  const { disks, maps } = namesToAsk(goal, clues);
  const before = clues.previous?.storage;
  const storage = storageFact({
    withMounts: false,
    withOpenCounts: false,
    // that the daemon runs is known from the first look, and once all are logged in no record matters
    withMultipathd: before === undefined,
    withNodeRecords: before === undefined || before.sessions.length < goal.targets.length,
  });
  const asks: LaneRequest[] = disks.map((name) => ({ ...liveIdentityRequest(name), okExits: 'any' }));
  const reads: LaneRequest[] = [...(maps.length > 0 ? maps : disks)].map(directRead);
  const readNames = maps.length > 0 ? maps : disks;
  return {
    requests: [...storage.requests, ...asks, ...reads],
    parse(replies) {
      const after = storage.requests.length;
      const live = new Map<string, LiveIdentity>();
      disks.forEach((name, index) => {
        const reply = replies[after + index];
        if (reply?.kind === 'run') live.set(name, parseLiveIdentity(reply));
      });
      const readable = new Map<string, boolean>();
      readNames.forEach((name, index) => {
        const reply = replies[after + disks.length + index];
        if (reply?.kind === 'run') readable.set(name, reply.exit === 0 && !reply.timedOut);
      });
      const now = storage.parse(replies.slice(0, after));
      const multipathd = before === undefined ? now.multipathd : before.multipathd;
      return { storage: { ...now, multipathd }, live, readable };
    },
  };
}

/**
 * What a detach must know; identities are asked in the step that acts on them. Who mounts what is read before the first change and
 * whenever a plan asks for it, but not to prove that nothing is left: without a disk there is nothing to be mounted.
 */
export function detachObservation(clues: Clues<IscsiObservation>): Fact<IscsiObservation> {
  const withMounts = clues.previous === null || clues.again;
  const storage = storageFact({ withMounts, withMultipathd: false, withMapPaths: false });
  return {
    requests: storage.requests,
    parse: (replies) => ({ storage: storage.parse(replies), live: new Map(), readable: new Map() }),
  };
}

function namesToAsk(goal: IscsiGoal, clues: Clues<IscsiObservation>): { disks: string[]; maps: string[] } {
  const disks = new Set<string>();
  const maps = new Set<string>();
  for (const match of clues.matches) {
    const groups = MATCHED_NAMES.exec(match)?.groups;
    if (groups?.['disk'] !== undefined) disks.add(groups['disk']);
    if (groups?.['holder'] !== undefined) maps.add(groups['holder']);
  }
  const previous = clues.previous?.storage;
  if (previous !== undefined) {
    const view = viewVolume(previous, goal, goal.expectedWwid);
    for (const device of view.devices) if (isLive(previous, device)) disks.add(diskName(device));
    for (const map of view.maps) maps.add(map.name);
  }
  return { disks: [...disks].sort(), maps: [...maps].sort() };
}

function directRead(name: string): LaneRequest {
  return {
    kind: 'run',
    argv: ['dd', `if=/dev/${name}`, 'of=/dev/null', 'bs=4096', 'count=1', 'iflag=direct'],
    timeoutMs: LIVE_READ_MS,
    okExits: 'any',
    readOnly: true,
  };
}
