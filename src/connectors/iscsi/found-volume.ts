import type { FoundRecord, FoundSession, VolumeFound } from '../change-journal.js';
import type { IscsiGoal } from './goal.js';
import type { IscsiObservation } from './observation.js';
import { attachedPart } from './volume-result.js';
import { viewVolume } from './volume-view.js';

/** What an observation shows of a volume, for the journal: its device and paths, and the sessions and records at its portals. */
export function foundVolume(goal: IscsiGoal, observation: IscsiObservation): VolumeFound {
  const { deviceInfo, sizeBytes, paths } = attachedPart(goal, observation);
  const ways = viewVolume(observation.storage, goal, goal.expectedWwid).paths;
  return {
    attached: deviceInfo !== undefined,
    ...(deviceInfo === undefined ? {} : { deviceInfo }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    paths: deviceInfo === undefined ? [] : paths,
    sessions: ways.flatMap(({ sessions }) =>
      sessions.map(({ targetName, portal, iface }): FoundSession => ({
        target: targetName,
        portal: portal ?? '',
        iface,
      })),
    ),
    records: ways.flatMap(({ record }): FoundRecord[] => {
      if (record === null) return [];
      const { targetName, portal, iface, mark } = record;
      return [{ target: targetName, portal, iface, ...(mark === undefined ? {} : { mark }) }];
    }),
  };
}
