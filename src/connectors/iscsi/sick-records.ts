import { portalAddress, portalPort } from '../../linux/identifiers.js';
import type { StorageState } from '../../linux/storage-state.js';
import { NODE_DATABASE_LANE } from './attach-steps.js';
import type { Step } from '../engine/step.js';
import type { IscsiGoal } from './goal.js';

/**
 * Files of node records that hold none, at the very places of the goal's records: what a power cut leaves of a record that was just written
 * (seen with open-iscsi 2.1.8 on ext4). One such file makes other calls of iscsiadm fail (incident G3), and iscsiadm does not delete it.
 */
export function sickRecords(storage: StorageState, goal: IscsiGoal): readonly string[] {
  const places = goal.targets.map(
    ({ targetName, portal }) => `/iscsi/nodes/${targetName}/${portalAddress(portal)},${portalPort(portal)}`,
  );
  return storage.unknowns
    .filter(({ reason }) => reason === 'holds no node record')
    .map(({ subject }) => subject)
    .filter((subject) => places.some((place) => subject.endsWith(place) || subject.includes(`${place},`)));
}

/** Removes such a file, if it is still empty at that moment. */
export function removeSickRecordStep(filePath: string, after: readonly string[]): Step {
  return {
    id: `remove empty record ${filePath}`,
    what: `remove the empty node record ${filePath}`,
    changes: [`file ${filePath}`],
    after,
    lane: NODE_DATABASE_LANE,
    requests: [
      { kind: 'wait', contents: [{ filePath, values: [''] }], timeoutMs: 0 },
      { kind: 'run', argv: ['rm', '-f', '--', filePath], timeoutMs: 10_000 },
    ],
    main: 1,
    maxAttempts: 2,
  };
}
