import type { RunRecord, VolumeRecord } from './run-record.js';
import { mayHaveChanged } from './run-state.js';
import type { VolumeDefinition } from './volume-definition.js';

/** attached: the last run that had to do with it says so; uncertain: it may be there, wholly or in part */
export type AttachmentState = 'attached' | 'uncertain';

/** A volume on a host, as the journals of all runs tell it. The host itself may have gone on since. */
export interface Attachment {
  readonly host: string;
  readonly volume: string;
  readonly wwid: string | null;
  readonly state: AttachmentState;
  /** when it was attached; with `before` 'attached' it was there already then */
  readonly since: string;
  /** the run that attached it, or found it attached */
  readonly run: string;
  /** what that run found before it did anything */
  readonly before: 'attached' | 'not attached';
  /** the last run that had to do with it, and what that says about a doubtful state */
  readonly lastRun: string;
  readonly why: string | null;
  readonly device: string | null;
  readonly paths: number;
}

/** Names a volume on one host across runs: its WWID where it is declared, else the ways to it. */
export function volumeKey(host: string, { driverVolumeType, data, wwid, name }: VolumeDefinition): string {
  if (wwid !== undefined) return JSON.stringify([host, wwid]);
  const ways = Object.entries(data)
    .filter(([key]) => /^target_(?:iqn|lun|portal|wwn|nqn)s?$/.test(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([host, driverVolumeType, ways.length === 0 ? name : ways]);
}

/** What is attached where, by the runs in the order in which they began (pure). */
export function attachments(runs: readonly RunRecord[]): readonly Attachment[] {
  const known = new Map<string, Attachment>();
  for (const run of runs) {
    for (const task of run.tasks) {
      for (const host of task.hosts.values()) {
        for (const volume of host.volumes.values()) {
          const key = volumeKey(host.name, volume.definition);
          const now = after(known.get(key), run.start.run, task.start.verb, host.name, volume);
          known.delete(key);
          if (now !== null) known.set(key, now);
        }
      }
    }
  }
  return [...known.values()];
}

/** What is known of a volume after one more verb on it; null: it is not attached. */
function after(
  old: Attachment | undefined,
  run: string,
  verb: string,
  host: string,
  volume: VolumeRecord,
): Attachment | null {
  const { ended, found, changes, definition } = volume;
  const wasThere = found?.found.attached === true;
  const touched = mayHaveChanged(changes);
  const base: Attachment = old ?? {
    ...{ host, volume: volume.name, wwid: definition.wwid ?? null, state: 'attached', run, lastRun: run, why: null },
    since: found?.t ?? '',
    before: wasThere ? 'attached' : 'not attached',
    device: found?.found.deviceInfo?.path ?? null,
    paths: found?.found.paths.length ?? 0,
  };
  const isGood = ended?.outcome === 'ok' || ended?.outcome === 'changed';
  // what was reported says it, whichever verb did it: in a playbook or a move one volume is attached here and detached there
  if (ended !== null && isGood && (verb === 'detach' || ended.deviceInfo === null)) return null;
  if (ended !== null && isGood) {
    const since = old?.state === 'attached' || wasThere ? base.since : ended.t;
    const live = ended.paths.filter(({ device }) => device !== '').length;
    const device = ended.deviceInfo?.path ?? base.device;
    return {
      ...base,
      since,
      wwid: ended.wwid ?? base.wwid,
      state: 'attached',
      lastRun: run,
      why: null,
      device,
      paths: live,
    };
  }
  // nothing was done: as it was found, if that is known
  if (!touched) return found === null ? (old ?? null) : wasThere ? { ...base, state: 'attached', why: null } : null;
  if (ended !== null && ended.left.length === 0 && ended.outcome !== 'unknown' && verb === 'attach' && !wasThere)
    return null;
  if (verb === 'extend') return { ...base, lastRun: run };
  const how = ended === null ? 'did not end' : `ended ${ended.outcome}`;
  return { ...base, state: 'uncertain', lastRun: run, why: `${verb} ${how}` };
}
