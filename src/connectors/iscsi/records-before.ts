import type { NodeRecord } from '../../linux/storage-state.js';
import type { FoundRecord } from '../change-journal.js';
import type { IscsiObservation } from './observation.js';

/** The first look of a run that resumes another, with only those node records in it that were there before that other one. */
export function withRecordsBefore(
  first: IscsiObservation,
  recordsBefore: readonly FoundRecord[] | undefined,
): IscsiObservation {
  if (recordsBefore === undefined) return first;
  const nodeRecords = first.storage.nodeRecords.filter((record) => wasBefore(record, recordsBefore));
  return { ...first, storage: { ...first.storage, nodeRecords } };
}

export function wasBefore(record: NodeRecord, recordsBefore: readonly FoundRecord[]): boolean {
  return recordsBefore.some(
    ({ target, portal, iface = 'default' }) =>
      target === record.targetName && portal === record.portal && iface === record.iface,
  );
}
