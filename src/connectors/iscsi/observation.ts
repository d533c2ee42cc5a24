import { combineFacts, type Fact } from '../../linux/fact.js';
import { freeMemoryFact, type Memory } from '../../linux/free-memory.js';
import { type LiveIdentity, liveIdentityRequest, parseLiveIdentity } from '../../linux/live-identity.js';
import { type MultipathClaim, multipathClaimRequest, parseMultipathClaim } from '../../linux/multipath-claim.js';
import { type StorageLook, storageLook } from '../../linux/storage-observation.js';
import { canBeScoped, type StorageScope } from '../../linux/storage-scope.js';
import type { StorageState } from '../../linux/storage-state.js';
import { writtenFact } from '../../linux/write-counts.js';
import type { LaneReply, LaneRequest, RunRequest } from '../../transport/executor.js';
import type { Clues, Plan } from '../engine/engine.js';
import type { IscsiGoal } from './goal.js';
import { PRIVATE_LINKS } from './private-link.js';
import { unwrittenFact } from './unwritten-mark.js';
import { diskName, viewVolume } from './volume-view.js';

/** One look at a host, for one volume. */
export interface IscsiObservation {
  readonly storage: StorageState;
  /** the look was at the volume only, and this of it is elsewhere on the host, for people; absent when nothing is */
  readonly beyond?: readonly string[];
  /** the look was at the whole host */
  readonly whole?: true;
  /** what disks answered when they were asked who they are, by kernel name; only those that were asked */
  readonly live: ReadonlyMap<string, LiveIdentity>;
  /** whether a direct read of the device that is to be handed out went well; null when there was none to try */
  readonly readable: boolean | null;
  /** what a flush has to do with; read before one, absent or null when it is not known */
  readonly memory?: Memory | null;
  /** whether multipathd will take the disk of a single-path volume into a map; null when it is not known; absent when it does not matter */
  readonly claim?: MultipathClaim | null;
  /** volumes of which an earlier detach could not write the data, by WWID; absent when it does not matter */
  readonly unwritten?: ReadonlyMap<string, string>;
  /** whether anything may have been written to a device, by kernel name; absent when it was not looked at */
  readonly written?: ReadonlyMap<string, boolean>;
  /** SCSI disks that multipathd tracks and that are not there (any more); absent when it was not asked, or did not say */
  readonly stalePaths?: readonly string[];
  /** private links of encrypted volumes, and where they lead; absent when they do not matter */
  readonly links?: ReadonlyMap<string, string>;
}

/** Bound of one question to a disk, ms. A live path answers within a few; more would let a dead one delay the rest. */
const LIVE_READ_MS = 5000;

/**
 * The whole of what an attach must know, in one sequence: the storage stack; then, for each session that earlier looks have shown, the live
 * identity of the wanted LUN's disk; and one direct read of what will be handed out. A question that fails is an answer too. Disks are
 * named by the host at that moment, from their place under the session.
 */
export function attachObservation(goal: IscsiGoal, clues: Clues<IscsiObservation>): Fact<IscsiObservation> {
  const before = clues.previous?.storage;
  const scope = scopeOf(goal, goal.expectedWwid, clues);
  const storage = storageLook({
    scope,
    withMounts: false,
    withOpenCounts: false,
    // that the daemon runs is known from the first look, and once all are logged in no record matters
    withMultipathd: before === undefined,
    withNodeRecords: before === undefined || before.sessions.length < goal.targets.length,
  });
  const places = before === undefined ? [] : placesOf(goal, before);
  const asks = places.map(({ disk }): LaneRequest => ({ ...liveIdentityRequest('{}'), nameFrom: [disk] }));
  const read: LaneRequest[] =
    places.length === 0
      ? []
      : [directRead([...places.map(({ disk }) => `${disk}/holders/dm-*`), ...places.map(({ disk }) => disk)])];
  const links: LaneRequest[] =
    goal.encrypted && before !== undefined ? [{ kind: 'list', patterns: [PRIVATE_LINKS], resolve: true }] : [];
  const claim: LaneRequest[] =
    goal.multipath || before?.multipathd.usable !== true || places.length === 0
      ? []
      : [multipathClaimRequest(places.map(({ disk }) => disk))];
  return {
    requests: [...storage.requests, ...asks, ...read, ...claim, ...links],
    parse(replies) {
      const after = storage.requests.length;
      const { state: now, beyond } = storage.parse(replies.slice(0, after));
      const live = new Map<string, LiveIdentity>();
      places.forEach(({ sid, lun }, index) => {
        const reply = replies[after + index];
        const device = now.scsiDevices.find((one) => one.sid === sid && one.lun === lun && one.block !== null);
        if (reply?.kind === 'run' && reply.exit !== null && device !== undefined) {
          live.set(diskName(device), parseLiveIdentity(reply));
        }
      });
      const reply = replies[after + places.length];
      const multipathd = before === undefined ? now.multipathd : before.multipathd;
      return {
        storage: { ...now, multipathd },
        ...reachOf(scope, beyond),
        live,
        readable: reply?.kind === 'run' && reply.exit !== null ? reply.exit === 0 && !reply.timedOut : null,
        ...(claim.length === 0 ? {} : { claim: parseMultipathClaim(replies[after + places.length + 1]) }),
        ...(links.length === 0 ? {} : linksOf(replies.at(-1))),
      };
    },
  };
}

/**
 * What a detach must know; identities are asked in the step that acts on them. Who mounts what is read before the first change and
 * whenever a plan asks for it, but not to prove that nothing is left: without a disk there is nothing to be mounted.
 */
export function detachObservation(
  goal: IscsiGoal,
  identity: StorageScope['identity'],
  clues: Clues<IscsiObservation>,
): Fact<IscsiObservation> {
  const withMounts = clues.previous === null || clues.again;
  // multipathd tells of all disks, so it is compared with all disks
  const scope = clues.again ? null : scopeOf(goal, identity, clues);
  const storage = storageLook({ scope, withMounts, withMultipathd: clues.again });
  const seen = ({ state, beyond }: StorageLook): IscsiObservation => ({
    storage: state,
    ...reachOf(scope, beyond),
    live: new Map(),
    readable: null,
  });
  if (!withMounts) {
    const two = combineFacts(storage, unwrittenFact());
    return {
      requests: two.requests,
      parse(replies) {
        const [found, unwritten] = two.parse(replies);
        return { ...seen(found), unwritten };
      },
    };
  }
  const both = combineFacts(storage, unwrittenFact(), freeMemoryFact(), writtenFact(clues.again));
  return {
    requests: both.requests,
    parse(replies) {
      const [found, unwritten, memory, written] = both.parse(replies);
      return { ...seen(found), unwritten, memory, ...(clues.again ? { written, ...stalePathsOf(found.state) } : {}) };
    },
  };
}

/**
 * Nothing is decided on a look that did not reach all of the volume: the whole host is looked at then, as if it were the first time, and from there
 * on.
 */
export function lookFurther({ beyond = [] }: IscsiObservation): Plan | null {
  return beyond.length === 0 ? null : { kind: 'look', why: beyond.join('; '), afresh: true };
}

/** What a look has to read, whatever else the host carries; null for all. */
function scopeOf(
  { targets }: IscsiGoal,
  identity: StorageScope['identity'],
  { previous }: Clues<IscsiObservation>,
): StorageScope | null {
  const scope: StorageScope = {
    targetNames: [...new Set(targets.map(({ targetName }) => targetName))],
    luns: [...new Set(targets.map(({ lun }) => lun))],
    identity,
  };
  const mustBeWhole = previous?.whole === true || previous?.beyond !== undefined;
  return mustBeWhole || !canBeScoped(scope) ? null : scope;
}

function reachOf(scope: StorageScope | null, beyond: readonly string[]): Pick<IscsiObservation, 'beyond' | 'whole'> {
  return { ...(scope === null ? { whole: true } : {}), ...(beyond.length === 0 ? {} : { beyond }) };
}

function stalePathsOf({ multipathd, scsiDevices, unknowns }: StorageState): Pick<IscsiObservation, 'stalePaths'> {
  const disks = new Set(scsiDevices.map((device) => device.block?.name));
  if (multipathd.paths !== null) {
    return { stalePaths: multipathd.paths.filter((name) => /^sd[a-z]+$/.test(name) && !disks.has(name)) };
  }
  // a daemon that is not there tracks nothing; one that does not answer may
  return unknowns.some(({ subject }) => subject === 'multipathd') ? {} : { stalePaths: [] };
}

function linksOf(reply: LaneReply | undefined): Pick<IscsiObservation, 'links'> {
  return reply?.kind === 'list' ? { links: reply.resolved } : {};
}

/** Where disks of the volume show up: the wanted LUN on each session to a wanted portal, and what other sessions have of its WWID. */
function placesOf(goal: IscsiGoal, storage: StorageState): { sid: number; lun: number; disk: string }[] {
  const view = viewVolume(storage, goal, goal.expectedWwid);
  const wanted = view.paths.flatMap(({ triple, sessions }) => sessions.map(({ sid }) => ({ sid, lun: triple.lun })));
  const further = view.devices.filter(
    (device) => !wanted.some(({ sid, lun }) => sid === device.sid && lun === device.lun),
  );
  return [...wanted, ...further].map(({ sid, lun }) => ({ sid, lun, disk: diskPattern(sid, lun) }));
}

/** A disk of one LUN in sysfs, whatever its name: the last part of an HCTL is the LUN in decimal. */
export function diskPattern(sid: number, lun: number): string {
  return `/sys/class/iscsi_session/session${sid}/device/target*/*:*:*:${lun}/block/*`;
}

/** Reads the first block of the first of these devices, past the page cache; not through a link that has taken the node's place (A17). */
export function directRead(nameFrom: readonly string[]): RunRequest {
  return {
    kind: 'run',
    argv: ['dd', 'if=/dev/{}', 'of=/dev/null', 'bs=4096', 'count=1', 'iflag=direct,nofollow'],
    nameFrom,
    timeoutMs: LIVE_READ_MS,
    okExits: 'any',
    readOnly: true,
  };
}
