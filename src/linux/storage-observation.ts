import { bootTargetsFact } from './boot-targets.js';
import { dmDevicesFact } from './dm-devices.js';
import { combineFacts, type Fact, type Learnt } from './fact.js';
import { heldDevicesFact } from './held-devices.js';
import { initiatorNameFact } from './initiator-name.js';
import { iscsiSessionsFact } from './iscsi-sessions.js';
import { mountsFact } from './mounts.js';
import { multipathdFact } from './multipathd.js';
import { nodeRecordsFact } from './node-records.js';
import { scsiDevicesFact } from './scsi-devices.js';
import type { StorageState } from './storage-state.js';
import { swapsFact } from './swaps.js';

export interface StorageFactOptions {
  /** mounts of all mount namespaces: one process that reads as many files as the host has processes. Default true */
  readonly withMounts?: boolean;
  /** ask multipathd which paths it tracks. Default true */
  readonly withMultipathd?: boolean;
  /** open-iscsi's node records: one process where there are any. Default true */
  readonly withNodeRecords?: boolean;
  /** open counts of dm devices: one process where there are any. Default true */
  readonly withOpenCounts?: boolean;
  /** which paths of a map are active: one process where there are maps. Default true */
  readonly withMapPaths?: boolean;
}

/**
 * Everything in StorageState, in one sequence: at most five processes on the host (grep for the node records, two dmsetup, awk
 * for the mounts, multipathd), the rest is read by the shell. None of them fails the sequence: what could not be learnt is among the
 * unknowns. So is `mounts` when they were not asked for, lest their absence be taken for proof.
 */
export function storageFact(options: StorageFactOptions = {}): Fact<StorageState> {
  const { withMounts = true, withMultipathd = true, withNodeRecords = true } = options;
  const { withOpenCounts = true, withMapPaths = true } = options;
  const fact = combineFacts(
    iscsiSessionsFact(),
    scsiDevicesFact(),
    heldDevicesFact(),
    swapsFact(),
    bootTargetsFact(),
    initiatorNameFact(),
    withNodeRecords ? nodeRecordsFact() : notAsked([], 'iSCSI node records'),
    dmDevicesFact({ withOpenCounts, withMapPaths }),
    withMounts ? mountsFact() : notAsked([], 'mounts'),
    withMultipathd ? multipathdFact() : given({ usable: false, paths: null }),
  );
  return {
    requests: fact.requests,
    parse(replies) {
      const parts = fact.parse(replies);
      const [
        sessions,
        scsiDevices,
        held,
        swaps,
        bootTargets,
        initiatorName,
        nodeRecords,
        dmDevices,
        mounts,
        multipathd,
      ] = parts;
      return {
        sessions: sessions.value,
        nodeRecords: nodeRecords.value,
        scsiDevices: scsiDevices.value,
        dmDevices: dmDevices.value,
        mounts: mounts.value,
        swaps: swaps.value,
        ...(bootTargets.value.length === 0 ? {} : { bootTargets: bootTargets.value }),
        fileSystems: held.value.fileSystems,
        loops: held.value.loops,
        multipathd: multipathd.value,
        initiatorName: initiatorName.value,
        unknowns: parts.flatMap((part) => part.unknowns),
      };
    },
  };
}

function given<T>(value: T): Fact<Learnt<T>> {
  return { requests: [], parse: () => ({ value, unknowns: [] }) };
}

function notAsked<T>(value: T, subject: string): Fact<Learnt<T>> {
  return { requests: [], parse: () => ({ value, unknowns: [{ subject, reason: 'was not asked for' }] }) };
}
