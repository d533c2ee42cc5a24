import type { DeviceInfo, VolumePath } from './connector.js';
import type { Step } from './engine/step.js';

/** A way of a volume into its host that was there before a verb began, such as an iSCSI session. */
export interface FoundSession {
  /** the storage's name for itself: an IQN, a WWPN, an NQN */
  readonly target: string;
  /** '' where the protocol has none, or it could not be read */
  readonly portal: string;
  /** the initiator's interface, when the protocol has several */
  readonly iface?: string | undefined;
}

/** What the host had stored about a way to the volume, such as an open-iscsi node record. */
export interface FoundRecord extends FoundSession {
  /** what a Longshore had written into it: made by it, or there before and used by it; absent: nothing */
  readonly mark?: 'made' | 'used';
}

/** What there was of a volume before a verb began. This is what an undo leaves alone, or brings back. */
export interface VolumeFound {
  /** a device of the volume was there */
  readonly attached: boolean;
  readonly deviceInfo?: DeviceInfo;
  readonly sizeBytes?: number;
  readonly paths: readonly VolumePath[];
  readonly sessions: readonly FoundSession[];
  readonly records: readonly FoundRecord[];
}

/** unknown: it may have run, wholly or in part; not-run: nothing of it has */
export type ChangeResult = 'ok' | 'failed' | 'unknown' | 'not-run';

/** A change that was announced. It gets one outcome; whatever is said later is not heard. */
export interface Intent {
  ended(result: ChangeResult, error?: Error): void;
}

/** Where a verb announces what it is about to change for one volume on one host, and tells what came of it (rule S15). */
export interface VolumeJournal {
  /** What the host showed before anything was done; before the first intent. */
  found(found: VolumeFound): void;
  /**
   * Resolves, with an intent for each step, when it is on disk that these are about to be run. Rejects with `E_JOURNAL` when
   * that cannot be: then none of them may leave.
   */
  intend(steps: readonly Step[]): Promise<readonly Intent[]>;
}
