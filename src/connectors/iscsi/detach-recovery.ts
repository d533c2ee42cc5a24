import { LongshoreError } from '../../errors/longshore-error.js';
import type { DmDevice, ScsiDevice, StorageState } from '../../linux/storage-state.js';
import type { LaneRequest } from '../../transport/executor.js';
import type { Plan } from '../engine/engine.js';
import type { History } from '../engine/history.js';
import type { Step } from '../engine/step.js';
import type { DetachScope, ScopedView } from './detach-scope.js';
import { describe } from './identity.js';
import { noAnswerNote } from './removal-verdict.js';
import { diskName, isLive, sessionOf } from './volume-view.js';

/**
 * How long a detach waits for a session that iscsid is logging in again, ms: iscsid tries every few seconds, and one try may wait for its
 * login timeout of 10 to 15 s.
 */
const RECOVERY_MS = 30_000;
/**
 * How long after that multipathd may take to find the path well and give it back to its map, ms: it looks every 5 to 20 s. Until then the map fails
 * what is written, once its queue has been given up.
 */
const REINSTATED_MS = 30_000;

/**
 * What to do about a volume without a path that can be written through: what is in the host's memory only cannot be known to be nothing, and a flush now
 * would fail and lose it. So it is waited, for a bounded time, for what comes back by itself; then it is said what is missing. null when there is a
 * path, or nothing to be written: undone attaches, forced detaches, disks whose map was flushed. A path of a map counts when the kernel's map takes it.
 */
export function pathlessWork(
  scope: DetachScope,
  storage: StorageState,
  scoped: ScopedView,
  history: History,
  hadMap: boolean,
): Plan | null {
  const { disks, maps } = scoped;
  const isThere = maps.length > 0 || (disks.length > 0 && !hadMap);
  if (scope.keep !== null || scope.force || !isThere) return null;
  const silent = (device: ScsiDevice): boolean => history.notes.has(noAnswerNote(device));
  const dead = maps.filter((map) => map.mapPaths?.every(({ active }) => !active) === true);
  if (dead.length === 0 && disks.some((device) => isLive(storage, device) && !silent(device))) return null;
  const steps = disks
    .filter((device) => comesBack(storage, device) && !(isLive(storage, device) && silent(device)))
    .map((device) => recoveryStep(stateOf(storage, device), device, mapOf(maps, device)));
  const waiting = steps.filter((step) => !history.failures.has(step.id) && !history.succeeded.has(step.id));
  if (waiting.length > 0) return { kind: 'steps', steps: waiting };
  return { kind: 'stop', error: pathlessError(storage, scoped, silent, steps.length > 0) };
}

function mapOf(maps: readonly DmDevice[], device: ScsiDevice): DmDevice | undefined {
  return maps.find((map) => map.slaves.includes(diskName(device)));
}

/** By itself: its session is being logged in again, or has been and the kernel has not let the disk go on yet. An operator's `offline` stays. */
function comesBack(storage: StorageState, device: ScsiDevice): boolean {
  const session = sessionOf(storage, device);
  return session !== undefined && ['running', 'blocked', 'transport-offline'].includes(device.state);
}

/** Waits for a disk's session, and then until its map uses it. `shown` is the disk's state, for people. */
export function recoveryStep(shown: string, device: ScsiDevice, map: DmDevice | undefined): Step {
  const taken: LaneRequest = {
    kind: 'wait',
    outputLacks: {
      argv: ['multipathd', 'show', 'paths', 'raw', 'format', '%d=%t'],
      words: [`${diskName(device)}=failed`],
    },
    timeoutMs: REINSTATED_MS,
  };
  const what = `wait up to ${RECOVERY_MS / 1000} s until it can be written again through ${shown}`;
  return {
    id: `recovery of ${device.hctl}`,
    what,
    changes: [],
    after: [],
    requests: [
      {
        kind: 'wait',
        contents: [
          { filePath: `/sys/class/iscsi_session/session${device.sid}/state`, values: ['LOGGED_IN'] },
          { filePath: `/sys/class/scsi_device/${device.hctl}/device/state`, values: ['running'] },
        ],
        timeoutMs: RECOVERY_MS,
      },
      ...(map === undefined ? [] : [taken]),
    ],
    main: 0,
    maxAttempts: 1,
  };
}

function pathlessError(
  storage: StorageState,
  { disks, maps }: ScopedView,
  silent: (device: ScsiDevice) => boolean,
  waited: boolean,
): LongshoreError {
  const what = maps.map((map) => `map ${map.dmName} (${map.name})`).join(', ') || 'the volume';
  const states = disks.map((device) =>
    silent(device)
      ? `${describe(device)} does not answer`
      : `${stateOf(storage, device)}${isLive(storage, device) ? ', but multipathd has not given it back to the map' : ''}`,
  );
  const shown = states.length === 0 ? '' : `: ${states.join('; ')}`;
  const time = waited ? `; waited ${RECOVERY_MS / 1000} s for it to come back` : '';
  return new LongshoreError(
    'E_FLUSH_FAILED',
    `${what} has no live path, so what is not written yet cannot be written${shown}${time}`,
    {
      remedy:
        'nothing was removed; bring a path back and run this again, or use --force when the data no longer matters',
    },
  );
}

function stateOf(storage: StorageState, device: ScsiDevice): string {
  const session = sessionOf(storage, device);
  const where =
    session === undefined ? 'no session' : `session ${session.sid} to ${session.portal ?? session.targetName}`;
  const state = session === undefined ? '' : ` is ${session.state}`;
  return `${diskName(device)} (${device.hctl}, ${device.state}; ${where}${state})`;
}
