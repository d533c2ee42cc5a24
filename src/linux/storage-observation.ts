import { bootTargetsFact } from './boot-targets.js';
import { dmDevicesFact } from './dm-devices.js';
import { combineFacts, type Fact, type Learnt } from './fact.js';
import { heldDevicesFact } from './held-devices.js';
import { initiatorNameFact } from './initiator-name.js';
import { iscsiSessionsFact } from './iscsi-sessions.js';
import { mountsFact } from './mounts.js';
import { multipathdFact } from './multipathd.js';
import { NODE_RECORDS, nodeRecordsFact } from './node-records.js';
import { scsiDevicesFact } from './scsi-devices.js';
import { type StorageScope, surroundingsFact, beyondScope, WITHIN } from './storage-scope.js';
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
  /** look at one volume only; `beyond` tells whether that was all of it. Default: at the whole host */
  readonly scope?: StorageScope | null;
}

/** The storage stack as one look showed it. */
export interface StorageLook {
  readonly state: StorageState;
  /** what belongs to the volume and was not read, for people; empty for a look at the whole host */
  readonly beyond: readonly string[];
}

/**
 * Everything in StorageState, in one sequence: at most five processes on the host (grep for the node records, two dmsetup, awk
 * for the mounts, multipathd), the rest is read by the shell. None of them fails the sequence: what could not be learnt is among the
 * unknowns. So is `mounts` when they were not asked for, lest their absence be taken for proof.
 */
export function storageFact(options: Omit<StorageFactOptions, 'scope'> = {}): Fact<StorageState> {
  const fact = storageLook(options);
  return { requests: fact.requests, parse: (replies) => fact.parse(replies).state };
}

/** The same, of the whole host or of one volume: then what the look costs does not depend on what else the host carries. */
export function storageLook(options: StorageFactOptions = {}): Fact<StorageLook> {
  const { withMounts = true, withMultipathd = true, withNodeRecords = true } = options;
  const { withOpenCounts = true, withMapPaths = true, scope = null } = options;
  const within = scope === null ? null : WITHIN;
  const surroundings = scope === null ? null : surroundingsFact(scope);
  const fact = combineFacts(
    iscsiSessionsFact(within?.sessions),
    scsiDevicesFact(within?.devices),
    heldDevicesFact(within?.blocks),
    swapsFact(),
    bootTargetsFact(),
    initiatorNameFact(),
    withNodeRecords ? nodeRecordsFact(scope?.targetNames) : notAsked([], NODE_RECORDS),
    dmDevicesFact({ withOpenCounts, withMapPaths, ...(within === null ? {} : { within: within.maps }) }),
    withMounts ? mountsFact(within?.blocks) : notAsked([], 'mounts'),
    withMultipathd ? multipathdFact() : given({ usable: false, paths: null }),
  );
  const finds = surroundings?.requests ?? [];
  return {
    requests: [...finds, ...fact.requests],
    parse(replies) {
      const parts = fact.parse(replies.slice(finds.length));
      const around = surroundings?.parse(replies.slice(0, finds.length)) ?? null;
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
      const state: StorageState = {
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
        ...(around === null ? {} : { neighbours: around.neighbours }),
        unknowns: [...(around?.unknowns ?? []), ...parts.flatMap((part) => part.unknowns)],
      };
      return { state, beyond: around === null ? [] : beyondScope(state, around) };
    },
  };
}

function given<T>(value: T): Fact<Learnt<T>> {
  return { requests: [], parse: () => ({ value, unknowns: [] }) };
}

function notAsked<T>(value: T, subject: string): Fact<Learnt<T>> {
  return { requests: [], parse: () => ({ value, unknowns: [{ subject, reason: 'was not asked for' }] }) };
}
