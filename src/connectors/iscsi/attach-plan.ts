import { LongshoreError } from '../../errors/longshore-error.js';
import { NODE_RECORDS } from '../../linux/node-records.js';
import type { ScsiDevice, StorageState, Unknown } from '../../linux/storage-state.js';
import { unknownsAbout } from '../../linux/unknowns.js';
import type { Plan } from '../engine/engine.js';
import type { History } from '../engine/history.js';
import type { Step, StepReport } from '../engine/step.js';
import { loginStep, mapStep, mapWaitStep, NODE_DATABASE_LANE, recordStep, scanStep, stepId } from './attach-steps.js';
import { bootRefusal, isBootSession } from './boot-guard.js';
import { capacityWork } from './capacity.js';
import type { IscsiGoal, TargetTriple } from './goal.js';
import { accessWork, linkWork, livePaths, tooFewPaths } from './attach-policy.js';
import { proveIdentity } from './identity.js';
import type { IscsiObservation } from './observation.js';
import { claimWarnings, claimWork, udevWaitStep } from './single-path.js';
import { removeSickRecordStep, sickRecords } from './sick-records.js';
import { diskName, isLive, type PathView, viewVolume, type VolumeView } from './volume-view.js';

/**
 * Remaining work of an attach (pure). Empty only when the volume is there with its identity proven live. `patienceMs` is what is left of
 * the soft deadline: when it is over and the paths are enough, no further one is tried.
 */
export function planAttach(
  goal: IscsiGoal,
  observation: IscsiObservation,
  history: History,
  first: IscsiObservation = observation,
  patienceMs: number | null = null,
): Plan {
  const { storage } = observation;
  const useMap = goal.multipath && storage.multipathd.usable;
  if (goal.multipath && !useMap && goal.enforceMultipath) return { kind: 'stop', error: multipathUnusable() };

  const view = viewVolume(storage, goal, goal.expectedWwid);
  const identity = proveIdentity(observation, view, goal);
  if (identity.kind === 'mismatch') return { kind: 'stop', error: identity.error };

  const up = livePaths(observation, view);
  const over = patienceMs !== null && patienceMs <= 0 && up >= goal.minPaths;
  const byBoot = view.paths.find(({ triple, sessions }) => sessions.length === 0 && isBootSession(storage, triple));
  if (byBoot !== undefined)
    return { kind: 'stop', error: bootRefusal(`the record of ${byBoot.triple.targetName} at ${byBoot.triple.portal}`) };
  const wanted = over ? [] : chosenPaths(goal, observation, view.paths, history, useMap);
  const login = wanted.filter((path) => path.sessions.length === 0 && mayLogIn(path, history));
  const scans = scanSteps(wanted, history, !goal.multipath && storage.multipathd.usable ? 'claim' : useMap, patienceMs);
  const blind = blindSpot(goal, observation, login);
  if (blind !== null) return { kind: 'look', why: `cannot read ${blind.subject}: ${blind.reason}` };
  if (login.length > 0 || scans.length > 0) {
    const logins = loginSteps(login, goal, history, patienceMs, storage, first.storage);
    return { kind: 'steps', steps: [...scans, ...logins], later: laterSteps(login, useMap) };
  }

  const live = view.devices.filter((device) => isLive(storage, device));
  if (live.length === 0) return { kind: 'stop', error: noPath(goal, history, downReasons(observation, view, history)) };
  if (up < goal.minPaths)
    return { kind: 'stop', error: tooFewPaths(goal, up, downReasons(observation, view, history)) };
  const sizing = capacityWork(live, history);
  if (sizing !== null) return sizing;
  if (identity.kind === 'unknown')
    return { kind: 'look', why: `identity of ${goal.volume} not proven: ${identity.why}` };
  const mapping = useMap
    ? mapWork(goal, observation, view, live, history)
    : claimWork(goal, observation, view, live, history);
  if (mapping !== null) return mapping;
  return (
    readWork(observation, view, live) ??
    accessWork(goal, observation, view, history, first) ??
    linkWork(goal, observation, view, history) ?? {
      kind: 'done',
      warnings: [
        ...attachWarnings(goal, observation, view, history, useMap),
        ...claimWarnings(goal, observation, view, live),
      ],
    }
  );
}

/**
 * What could not be read and may be a session or a node record of the volume: without it a login would be planned where there is a session, and a record made
 * anew that the operator has.
 */
function blindSpot(goal: IscsiGoal, { storage }: IscsiObservation, login: readonly PathView[]): Unknown | null {
  if (login.length === 0) return null;
  const targetNames = goal.targets.map((triple) => triple.targetName);
  const sick = sickRecords(storage, goal);
  const about = unknownsAbout(storage, { sids: [], hctls: [], dmNames: [], targetNames });
  const matters = ({ subject }: Unknown): boolean =>
    subject === NODE_RECORDS ||
    subject.startsWith('/sys/class/iscsi_') ||
    (/^\/(?:etc|var\/lib)\/iscsi\/nodes\//.test(subject) && !sick.includes(subject));
  return about.find(matters) ?? null;
}

/** The paths to bring up: all of them, or as many as are wanted, those first that are up, then those that have not been given up. */
function chosenPaths(
  goal: IscsiGoal,
  { storage }: IscsiObservation,
  paths: readonly PathView[],
  history: History,
  useMap: boolean,
): readonly PathView[] {
  const count = useMap ? (goal.wantPaths ?? paths.length) : 1;
  if (count >= paths.length && useMap) return paths;
  // a single path is not brought up beside a dead one: two disks of one volume without a map are of no use
  const up = paths.filter(({ devices }) =>
    useMap ? devices.some((device) => isLive(storage, device)) : devices.length > 0,
  );
  const next = paths.filter((path) => {
    const { triple, sessions } = path;
    const scanned = sessions.some((session) => gaveUp(history, stepId.scan(triple, session)));
    return (sessions.length > 0 || mayLogIn(path, history)) && !scanned;
  });
  return [...up, ...next.filter((path) => !up.includes(path))].slice(0, Math.max(count, useMap ? up.length : 1));
}

function loginSteps(
  paths: readonly PathView[],
  goal: IscsiGoal,
  history: History,
  patienceMs: number | null,
  storage: StorageState,
  before: StorageState,
): readonly Step[] {
  const empty =
    paths.length === 0 ? [] : sickRecords(storage, goal).map((filePath) => removeSickRecordStep(filePath, []));
  const records = paths
    .filter(({ record }) => record?.mark === undefined || goal.chap !== null || record.scan !== 'manual')
    .filter(({ triple }) => !history.succeeded.has(stepId.record(triple)))
    .map(({ triple, record }) => {
      // a first look that could not read the records says nothing of what was there
      const wasRead = !before.unknowns.some(({ subject }) => subject === NODE_RECORDS);
      const isNew = record === null || (wasRead && !before.nodeRecords.some((old) => old.filePath === record.filePath));
      return recordStep(triple, record, goal.chap, goal.iface, isNew && record?.mark === undefined);
    });
  const written = records.map((step) => step.id);
  const way = { iface: goal.iface, mutual: goal.chap !== null && goal.chap.mutual !== null, patienceMs };
  // A secret that no target has accepted yet is tried once, at one portal, before the others (S34). For each portal that was tried and does
  // not answer, one more at once: several dead ones do not cost one wait each (incident D7).
  const proven = goal.chap === null || goal.targets.some((one) => history.succeeded.has(stepId.login(one)));
  const dead = goal.targets.filter((one) => gaveUp(history, stepId.login(one))).length;
  const first = proven ? paths : paths.slice(0, dead + 1);
  const lane = first.length === 1 && (!proven || paths.length === 1) ? NODE_DATABASE_LANE : undefined;
  const tried = first.map(({ triple, record }) => loginStep(triple, record, way, written, lane));
  const accepted = [...written, ...tried.map((step) => step.id)];
  const rest = paths.slice(first.length).map(({ triple, record }) => loginStep(triple, record, way, accepted));
  return [...empty, ...records, ...tried, ...rest];
}

function scanSteps(
  paths: readonly PathView[],
  history: History,
  map: boolean | 'claim',
  patienceMs: number | null,
): readonly Step[] {
  const todo = paths.flatMap(({ triple, sessions, devices }) =>
    sessions
      .filter((session) => session.state === 'LOGGED_IN' && !devices.some((device) => device.sid === session.sid))
      .filter((session) => !gaveUp(history, stepId.scan(triple, session)))
      .flatMap((session) => (session.scsiHost === null ? [] : [{ triple, session, scsiHost: session.scsiHost }])),
  );
  const present = paths.filter(({ devices }) => devices.length > 0).length;
  const scans = todo.map((target) => scanStep(target, patienceMs));
  if (map === 'claim') return [...scans, ...todo.map((target) => udevWaitStep(target, patienceMs))];
  const mapWait = map ? mapWaitStep(todo, todo.length + present, patienceMs) : null;
  return mapWait === null ? scans : [...scans, mapWait];
}

/** What must still happen between multipathd and the volume, or null when its map is right. */
function mapWork(
  goal: IscsiGoal,
  observation: IscsiObservation,
  view: VolumeView,
  live: readonly ScsiDevice[],
  history: History,
): Plan | null {
  const wwid = observation.live.get(diskName(live[0] as ScsiDevice));
  if (wwid === undefined || wwid.kind === 'unknown') return { kind: 'look', why: 'the identity of a path is unknown' };
  if (view.maps.length > 1) {
    const names = view.maps.map((map) => `${map.dmName} (${map.name})`).join(', ');
    return {
      kind: 'stop',
      error: new LongshoreError('E_IDENTITY_MISMATCH', `several maps hold paths of this volume: ${names}`),
    };
  }
  const map = view.maps[0];
  const known = new Set(view.devices.map(diskName));
  const foreign = map?.slaves.find((slave) => !known.has(slave));
  if (map !== undefined && foreign !== undefined) {
    return {
      kind: 'stop',
      error: new LongshoreError(
        'E_IDENTITY_MISMATCH',
        `map ${map.dmName} also holds ${foreign}, which is not a known path of this volume`,
      ),
    };
  }
  const outside = live.filter((device) => map?.slaves.includes(diskName(device)) !== true);
  if (outside.length === 0)
    return map?.suspended === true ? { kind: 'look', why: `map ${map.dmName} is suspended` } : null;
  const step = mapStep(wwid.wwid, outside);
  const failure = history.failures.get(step.id);
  if (failure?.final !== true) return { kind: 'steps', steps: [step] };
  return map === undefined && goal.enforceMultipath ? { kind: 'stop', error: failure.error } : null;
}

/** Readiness is more than existence: the device that is handed out has answered a direct read. */
function readWork(observation: IscsiObservation, view: VolumeView, live: readonly ScsiDevice[]): Plan | null {
  const name = view.maps[0]?.name ?? diskName(live[0] as ScsiDevice);
  return observation.readable === true ? null : { kind: 'look', why: `/dev/${name} does not answer a direct read` };
}

function attachWarnings(
  goal: IscsiGoal,
  observation: IscsiObservation,
  view: VolumeView,
  history: History,
  useMap: boolean,
): readonly string[] {
  const warnings: string[] = [];
  if (goal.multipath && !useMap) warnings.push('multipathd is not usable on this host: attached with a single path');
  if (!goal.multipath) return warnings;
  const up = livePaths(observation, view);
  const wanted = Math.min(goal.wantPaths ?? view.paths.length, view.paths.length);
  if (up < wanted && useMap) {
    warnings.push(`degraded: ${up} of ${wanted} paths; ${downReasons(observation, view, history).join('; ')}`);
  }
  if (useMap && view.maps.length === 0)
    warnings.push('multipathd made no map: the volume is attached through a single path');
  return warnings;
}

function downReasons({ storage }: IscsiObservation, view: VolumeView, history: History): readonly string[] {
  return view.paths
    .filter(({ devices }) => !devices.some((device) => isLive(storage, device)))
    .map((path) => `${path.triple.portal}: ${whyDown(path, history)}`);
}

function whyDown({ triple, sessions }: PathView, history: History): string {
  const ids = [stepId.record(triple), stepId.login(triple), ...sessions.map((session) => stepId.scan(triple, session))];
  const failure = ids.map((id) => history.failures.get(id)).find((one) => one !== undefined);
  if (failure !== undefined) return failure.error.message;
  if (sessions.length === 0)
    return history.succeeded.has(stepId.login(triple))
      ? 'the login went well, but no session shows'
      : 'it has no session';
  const session = sessions.find((one) => one.state !== 'LOGGED_IN');
  return session === undefined ? 'its disk is not running' : `its session is ${session.state}`;
}

function noPath(goal: IscsiGoal, history: History, reasons: readonly string[]): Error {
  const causes = [...history.failures.values()].map((failure) => failure.error);
  const first = causes[0];
  if (first !== undefined && causes.length === 1) return first;
  const why = first === undefined ? reasons : causes.map((cause) => cause.message);
  return new LongshoreError(
    first instanceof LongshoreError ? first.code : 'E_DEVICE_NOT_FOUND',
    `no path to ${goal.volume} came up: ${why.join('; ')}`,
    first === undefined ? {} : { cause: first },
  );
}

function multipathUnusable(): LongshoreError {
  return new LongshoreError(
    'E_MULTIPATH_UNUSABLE',
    'enforce_multipath is set, but multipathd does not answer on this host',
    {
      remedy: 'start multipathd on the host; nothing was changed',
    },
  );
}

/** Not where it was given up, nor where a login went well and no session shows: another would make no difference (os-brick loops here). */
function mayLogIn({ triple }: PathView, history: History): boolean {
  const login = stepId.login(triple);
  return !gaveUp(history, login) && !gaveUp(history, stepId.record(triple)) && !history.succeeded.has(login);
}

function gaveUp(history: History, id: string): boolean {
  return history.failures.get(id)?.final === true;
}

/** For people who read a plan of a host without sessions: what follows the logins. */
function laterSteps(login: readonly PathView[], useMap: boolean): readonly StepReport[] {
  const scans = login.map(({ triple }: { triple: TargetTriple }): StepReport => ({
    id: `scan LUN ${triple.lun} via ${triple.portal}`,
    what: `then scan LUN ${triple.lun} on the new session at ${triple.portal}, and nothing else`,
    changes: [`device of LUN ${triple.lun} via ${triple.portal}`],
  }));
  if (!useMap || login.length === 0) return scans;
  return [
    ...scans,
    {
      id: 'map',
      what: 'then wait until multipathd has all paths in one map, and prove their identity',
      changes: ['map'],
    },
  ];
}
