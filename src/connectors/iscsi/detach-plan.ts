import { LongshoreError } from '../../errors/longshore-error.js';
import type { Wwid } from '../../linux/identifiers.js';
import type { IscsiSession, NodeRecord, StorageState } from '../../linux/storage-state.js';
import type { Plan } from '../engine/engine.js';
import { type History, UNHEARD_FLUSH } from '../engine/history.js';
import type { Step } from '../engine/step.js';
import { isBootSession } from './boot-guard.js';
import { pathlessWork } from './detach-recovery.js';
import { blindSpots, onlyOpen, refuse } from './detach-refusal.js';
import { type DetachScope, isKept, type ScopedView, viewScope } from './detach-scope.js';
import {
  detachStepId,
  discardMapStep,
  endRecordStep,
  flushMapStep,
  logoutStep,
  type ProvenDisk,
  removeDiskStep,
} from './detach-steps.js';
import { inDoubt } from './flush-doubt.js';
import { unfitForFlush } from './flush-gate.js';
import { forgetAtLast } from './forget-at-last.js';
import { forgetId, forgetStep } from './forget-step.js';
import { describe } from './identity.js';
import type { IscsiObservation } from './observation.js';
import { wasBefore } from './records-before.js';
import { noAnswerNote } from './removal-verdict.js';
import { afterFailedFlush, markedError, unmarkStep } from './unwritten-mark.js';
import { removeSickRecordStep, sickRecords } from './sick-records.js';
import { diskName, isLive } from './volume-view.js';

/** Observations, with growing pauses between them, before an opener without a name is a user. */
const LOOKS_AT_AN_OPENER = 5;

/** Remaining work of a detach, or of the undo of an attach (pure). Empty only when absence is proven. */
export function planDetach(
  scope: DetachScope,
  observation: IscsiObservation,
  history: History,
  first: IscsiObservation,
): Plan {
  const { storage } = observation;
  const wwid = volumeWwid(scope, observation) ?? volumeWwid(scope, first);
  const scoped = viewScope(scope, observation, wwid);
  const [blind] = blindSpots(storage, scoped, scope, wwid);
  if (blind !== undefined) return { kind: 'look', why: `cannot read ${blind.subject}: ${blind.reason}` };
  const early = scoped.unprobed[0];
  if (early !== undefined) return { kind: 'look', why: `${early.hctl} has no disk yet` };
  const refusal = refuse(scope, storage, scoped, wwid);
  if (refusal !== null && onlyOpen(storage, scoped) && history.observations < LOOKS_AT_AN_OPENER) {
    return { kind: 'look', why: refusal.message };
  }
  if (refusal !== null) return { kind: 'stop', error: refusal };
  const lost = afterFailedFlush(wwid, scoped, observation, history);
  if (lost !== null) return lost;
  const notNow = unfitForFlush(scope, observation, scoped, history);
  if (notNow !== null) return notNow;

  const mark = wwid === null || scope.keep !== null ? undefined : observation.unwritten?.get(wwid);
  const isThere = scoped.disks.length > 0 || scoped.maps.length > 0;
  if (mark !== undefined && wwid !== null && isThere && !scope.force)
    return { kind: 'stop', error: markedError(scope.goal.volume, wwid, mark) };

  const atFirst = viewScope(scope, first, wwid);
  const pathless = pathlessWork(scope, storage, scoped, history, atFirst.maps.length > 0);
  if (pathless !== null) return pathless;

  const steps = detachSteps(scope, storage, scoped, wwid, history, atFirst);
  if (steps.kind === 'stop') return steps;
  if (steps.steps.length > 0) return { kind: 'steps', steps: steps.steps };
  const unmark = mark === undefined || wwid === null ? null : unmarkStep(wwid);
  if (unmark !== null && !isDone(unmark, history)) return { kind: 'steps', steps: [unmark] };
  return (
    forgetAtLast(scope, observation, first, wwid, history) ?? {
      kind: 'done',
      warnings: [...detachWarnings(scope, storage, scoped, history), ...givenUp(first.unwritten?.get(wwid ?? ''))],
    }
  );
}

function isDone(step: Step, history: History): boolean {
  return history.succeeded.has(step.id) || history.failures.get(step.id)?.final === true;
}

/** The volume's identity: as it was told, else what the kernel says of the disks at its LUNs, if that is one answer. */
export function volumeWwid(scope: DetachScope, observation: IscsiObservation): Wwid | null {
  if (scope.expectedWwid !== null) return scope.expectedWwid;
  const { disks, maps } = viewScope(scope, observation, null);
  return maps[0]?.mapWwid ?? disks.find((device) => device.cachedWwid !== null)?.cachedWwid ?? null;
}

function detachSteps(
  scope: DetachScope,
  storage: StorageState,
  scoped: ScopedView,
  wwid: Wwid | null,
  history: History,
  atFirst: ScopedView,
): { readonly kind: 'steps'; readonly steps: readonly Step[] } | { readonly kind: 'stop'; readonly error: Error } {
  const undo = scope.keep !== null;
  const proven = scoped.disks.map((device): ProvenDisk => ({
    device,
    live: !undo && isLive(storage, device) && !history.notes.has(noAnswerNote(device)),
  }));
  const unidentified = proven.find(({ device, live }) => !undo && !live && device.cachedWwid === null);
  if (unidentified !== undefined) {
    return {
      kind: 'stop',
      error: new LongshoreError(
        'E_IDENTITY_UNKNOWN',
        `${describe(unidentified.device)} does not answer, and the kernel has no identity of it`,
      ),
    };
  }
  const maps = mapSteps(scope, scoped, proven, wwid, history);
  if (maps.kind === 'stop') return maps;

  const hadMap = atFirst.maps.length > 0;
  const inMap = new Set(scoped.maps.flatMap((map) => map.slaves));
  const flushed = proven.filter(({ live }) => live);
  const removals = proven.map((disk) => {
    // A dead path beside a live one holds nothing that the live one does not; alone it is only given up by force.
    const mustFlush = !undo && !inMap.has(diskName(disk.device)) && (disk.live || (!hadMap && flushed.length === 0));
    const givenUp = scope.force && history.failures.get(detachStepId.remove(disk.device))?.final === true;
    // a member of the map is asked right before the map is flushed; with the map it loses all that could be written
    const known = inMap.has(diskName(disk.device)) ? { ...disk, live: false } : disk;
    return removeDiskStep(known, {
      wwid: undo ? disk.device.cachedWwid : wwid,
      flush: mustFlush && !givenUp,
      force: maps.forced,
      after: maps.steps.map((step) => step.id),
    });
  });
  const sessions = idleSessions(storage, scoped, scope);
  const logouts = sessions.map((session) =>
    logoutStep(
      session,
      removals.filter((_, index) => scoped.disks[index]?.sid === session.sid).map((step) => step.id),
    ),
  );
  const gone = new Set(sessions.map((session) => session.sid));
  const records = scoped.paths
    .filter(
      ({ record }) => record !== null && wasUsed(record, atFirst, scope, history) && !isBootSession(storage, record),
    )
    .filter(({ triple }) =>
      storage.sessions
        .filter((session) => session.targetName === triple.targetName && session.portal === triple.portal)
        .every((session) => gone.has(session.sid)),
    )
    .flatMap(({ record }) =>
      record === null
        ? []
        : [
            endRecordStep(
              record,
              logouts.map((step) => step.id),
            ),
          ],
    );
  // an undo leaves what was there before it; a detach takes what is left of a record of its own
  const sick = undo ? [] : sickRecords(storage, scope.goal);
  const empty = sick.map((filePath) =>
    removeSickRecordStep(
      filePath,
      logouts.map((step) => step.id),
    ),
  );
  const names = scoped.disks.map(diskName);
  const removed = removals.map((step) => step.id);
  const forget =
    names.length > 0 && !history.failures.has(forgetId('wait')) ? [forgetStep(names, removed, 'wait', !hadMap)] : [];
  const kept = (step: Step): boolean => history.failures.get(step.id)?.final !== true || scope.force;
  const all = [...maps.steps, ...removals, ...logouts, ...records, ...empty, ...forget];
  const failed = all.find((step) => !kept(step));
  if (failed !== undefined)
    return { kind: 'stop', error: history.failures.get(failed.id)?.error ?? new Error(failed.id) };
  const steps = triedOut(all, history, scope).map((step) => inDoubt(step, scope, history));
  return { kind: 'steps', steps };
}

/**
 * A record that Longshore marked, that the run to be resumed made and died before it marked it, by which there was a session when this began, or that belongs to a
 * volume which another than Longshore has attached: that would have marked each record that it used. Any other is the operator's, and so is one that was put back.
 */
function wasUsed(record: NodeRecord, atFirst: ScopedView, scope: DetachScope, history: History): boolean {
  if (history.succeeded.has(detachStepId.record(record))) return false;
  const before = atFirst.paths.find(({ record: old }) => old?.filePath === record.filePath)?.record;
  // put back by a step of whose end nothing was heard
  if (before?.mark === 'used' && record.mark === undefined) return false;
  if (scope.keep !== null || record.mark !== undefined) return true;
  if (scope.recordsBefore !== undefined) return !wasBefore(record, scope.recordsBefore);
  const connected = atFirst.paths.filter(({ sessions }) => sessions.length > 0);
  if (connected.some(({ record: old }) => old?.filePath === record.filePath)) return true;
  return connected.length > 0 && atFirst.paths.every(({ record: old }) => old?.mark === undefined);
}

/** With force, steps that were given up are left out so that the others get their turn. */
function triedOut(steps: readonly Step[], history: History, scope: DetachScope): readonly Step[] {
  return steps.filter((step) => {
    const failure = history.failures.get(step.id);
    return failure?.final !== true || (scope.force && step.id.startsWith('remove ') && failure.attempts < 4);
  });
}

function mapSteps(
  scope: DetachScope,
  scoped: ScopedView,
  proven: readonly ProvenDisk[],
  wwid: Wwid | null,
  history: History,
):
  | { readonly kind: 'steps'; readonly steps: readonly Step[]; readonly forced: boolean }
  | { readonly kind: 'stop'; readonly error: Error } {
  const steps: Step[] = [];
  let forced = false;
  for (const map of scoped.maps) {
    const disks = proven.filter(({ device }) => map.slaves.includes(diskName(device)));
    const identity = scope.keep === null ? wwid : map.mapWwid;
    if (identity === null)
      return { kind: 'stop', error: new LongshoreError('E_IDENTITY_UNKNOWN', `map ${map.dmName} has no WWID`) };
    const flushFailed = history.failures.get(detachStepId.flushMap(map))?.final === true;
    const noPath = !disks.some((disk) => disk.live);
    if (scope.force && (noPath || flushFailed)) {
      forced = true;
      steps.push(discardMapStep(map));
    } else {
      steps.push(flushMapStep(map, identity, disks, scope.keep === null, scope.force));
    }
  }
  return {
    kind: 'steps',
    steps: steps.filter((step) => history.failures.get(step.id)?.final !== true || !scope.force),
    forced,
  };
}

/** Sessions through which the volume came and that carry nothing else: every device counts, whatever its type. */
function idleSessions(storage: StorageState, scoped: ScopedView, scope: DetachScope): readonly IscsiSession[] {
  const names = new Set(scope.goal.targets.map((triple) => triple.targetName));
  const own = new Set(scoped.paths.flatMap((path) => path.sessions).map((session) => session.sid));
  if (scope.keep === null) {
    const through = new Set(scoped.disks.map((device) => device.sid));
    for (const session of storage.sessions)
      if (through.has(session.sid) && names.has(session.targetName)) own.add(session.sid);
  }
  return storage.sessions.filter(
    (session) =>
      own.has(session.sid) &&
      !isKept(scope, session) &&
      !isBootSession(storage, session) &&
      othersOn(storage, scoped, session).length === 0,
  );
}

/** SCSI devices of a session that are not the volume's, for people: all of them, or some where there are many. */
function othersOn(storage: StorageState, { disks }: ScopedView, { sid }: IscsiSession): readonly string[] {
  const read = storage.scsiDevices.filter((device) => device.sid === sid);
  const others = read.filter((device) => !disks.includes(device));
  const unread = (storage.neighbours ?? []).filter(
    (one) => one.sid === sid && !read.some(({ hctl }) => hctl === one.hctl),
  );
  return [
    ...others.map((device) => (device.block === null ? device.hctl : describe(device))),
    ...unread.map(({ hctl }) => hctl),
  ];
}

function givenUp(mark: string | undefined): readonly string[] {
  return mark === undefined ? [] : [`data was lost before: ${mark.trim()}`];
}

function detachWarnings(
  scope: DetachScope,
  storage: StorageState,
  scoped: ScopedView,
  history: History,
): readonly string[] {
  if (scope.keep !== null) return [];
  const kept = scoped.paths.flatMap(({ sessions }) =>
    sessions.map((session) => {
      const others = othersOn(storage, scoped, session);
      const carries = `it carries ${others.join(', ')}`;
      const idle = isKept(scope, session) ? 'it was there before' : 'the host boots by it';
      const why = others.length === 0 ? idle : carries;
      return `session ${session.sid} to ${session.portal ?? session.targetName} stays: ${why}`;
    }),
  );
  const cached = [...history.notes]
    .filter((note) => note !== UNHEARD_FLUSH)
    .map((note) => `${note}: its identity was taken from what the kernel had cached`);
  return [...kept, ...cached];
}
