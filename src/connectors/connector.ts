import type { Executor } from '../transport/executor.js';
import type { Deadline } from '../time/deadline.js';
import type { FoundRecord, FoundSession, VolumeJournal } from './change-journal.js';
import type { PropertyWishes } from './connector-properties.js';
import type { StepReport } from './engine/step.js';

/** A volume as the inventory or a file declares it, checked and with its secrets resolved. */
export interface VolumeSpec {
  readonly name: string;
  /** Cinder's `driver_volume_type`: which connector */
  readonly driverVolumeType: string;
  /** Cinder's `data`, as it was given, except that secret values are `Secret` */
  readonly data: Readonly<Record<string, unknown>>;
  /** expected identity, checked against every path's live answer */
  readonly wwid?: string;
  readonly sizeBytes?: number;
  /** override; by default more than one portal means multipath */
  readonly multipath?: boolean;
  readonly enforceMultipath?: boolean;
  /** live paths below which an attach fails and is undone. Default 1 */
  readonly minPaths?: number;
  /** paths to bring up; further portals stand in for those that fail. Default: one for each portal */
  readonly wantPaths?: number;
  /** seconds after which an attach ends with the paths that it has, if they are enough, instead of waiting for more */
  readonly softDeadlineS?: number;
  /** over Cinder's `data.access_mode` */
  readonly accessMode?: 'ro' | 'rw';
  /** it may be attached on several hosts at once: a cluster sees to it that they do not write over each other. Default false */
  readonly shared?: boolean;
  /** open-iscsi interface to log in by, such as iser or one bound to a network card. Default: `default` */
  readonly iface?: string;
}

/** os-brick's device info, in its shape. */
export interface DeviceInfo {
  readonly type: 'block';
  readonly path: string;
  readonly scsi_wwn: string;
  readonly multipath_id?: string;
}

/** ok: the goal already held; changed: it holds now. The rest is why it does not. */
export type Outcome = 'ok' | 'changed' | 'failed' | 'refused' | 'unreachable' | 'unknown';

export interface VolumePath {
  /** kernel name, such as sdb; '' for a path that is missing */
  readonly device: string;
  readonly hctl: string;
  readonly portal: string;
  /** `active` and `failed` as the map sees it, else the SCSI device's state; `missing` for a portal without a path */
  readonly state: string;
  /** how the identity was proven: asked of the device now, or what the kernel cached when it found it */
  readonly identity: 'live' | 'cached' | 'unknown';
  /** absent when it is not known */
  readonly wwid?: string;
}

/** What one verb did to one volume on one host. */
export interface VolumeResult {
  readonly outcome: Outcome;
  /** present when the volume is attached after the verb */
  readonly deviceInfo?: DeviceInfo;
  readonly sizeBytes?: number;
  readonly paths: readonly VolumePath[];
  /** degraded, left behind, identity from the cache: what the operator should know although it went well */
  readonly warnings: readonly string[];
  /** objects that this verb made or should have removed and that may be on the host still; absent: none */
  readonly left?: readonly string[];
  /** steps that were run, or with `planOnly` would be run first */
  readonly steps: readonly StepReport[];
  readonly error?: Error;
}

export interface VerbOptions {
  /** print the steps, change nothing: the executor given is read-only as well */
  readonly planOnly?: boolean;
  /** called as work goes on; for progress and logs */
  readonly onEvent?: (event: ConnectorEvent) => void;
  /** is told of each change before it is made; without it nothing is written down */
  readonly journal?: VolumeJournal;
  /** only for attach */
  readonly gate?: HostGate;
  /**
   * The records that were there before the run that this one resumes, from its journal: one that is not among them and has no mark was made by that
   * run, which died before it could mark it. Without it such a record is taken for the operator's, and stays.
   */
  readonly recordsBefore?: readonly FoundRecord[];
  /**
   * The run that this one resumes began a flush, and nothing was heard of its end. Whether all data is on the array is not known then, and is said: by a detach
   * whose flush goes well, by an attach that finds the volume there or brings it back.
   */
  readonly flushInDoubt?: boolean;
}

/** What a host's first look shows of it that matters to other hosts. */
export interface HostSight {
  readonly initiatorName: string | null;
  /** of all volumes that the look has seen there */
  readonly wwids: readonly string[];
}

/** Lets one host be compared with others before it is changed. */
export interface HostGate {
  arrived(sight: HostSight): void;
  /** Rejects with `E_CONFLICT` when it must not be changed. */
  mayChange(): Promise<void>;
}

export type ConnectorEvent =
  | { readonly type: 'step-started'; readonly volume: string; readonly step: string; readonly what: string }
  | { readonly type: 'step-ended'; readonly volume: string; readonly step: string; readonly ok: boolean };

export interface DisconnectOptions extends VerbOptions {
  /**
   * os-brick's meaning: without it the first failed flush ends the detach and nothing is removed; with it every step is still tried, and
   * the errors are reported at the end. Never overrides identity or use.
   */
  readonly force?: boolean;
  /** only with `force`: report those errors as warnings */
  readonly ignoreErrors?: boolean;
  /** sessions that stay also when nothing is left on them: they were there before the attach that this detach undoes */
  readonly keepSessions?: readonly FoundSession[];
}

/** What a connector is given for one host. */
export interface ConnectorContext {
  readonly executor: Executor;
  readonly deadline: Deadline;
  /** for lock owners and logs */
  readonly runId: string;
  /** who runs it, for whoever finds the host's lock held: user, machine, process */
  readonly controller?: string;
}

/**
 * A storage protocol on one host: os-brick's initiator connector, with the host behind an `Executor`.
 *
 * `connectionProperties` is what Cinder hands over, either `{driver_volume_type, data}` or just `data`. The methods that
 * os-brick has return or throw as os-brick does (with `LongshoreError` codes); `attach`, `detach` and `status` are the same
 * work with the whole story in the result.
 */
export interface InitiatorConnector {
  /** machine architecture, and operating system, that it is for */
  readonly platform: string;
  readonly osType: string;

  attach(volume: VolumeSpec, options?: VerbOptions): Promise<VolumeResult>;
  detach(volume: VolumeSpec, deviceInfo: DeviceInfo | null, options?: DisconnectOptions): Promise<VolumeResult>;
  /** makes the host see a grown volume's size; `sizeBytes` of the result is what every layer shows */
  extend(volume: VolumeSpec, options?: VerbOptions): Promise<VolumeResult>;
  /** all volumes in one observation */
  status(volumes: readonly VolumeSpec[]): Promise<ReadonlyMap<string, VolumeResult>>;
  /** Proves that the volume is attached: live identity of every live path, and a direct read. Changes nothing. */
  verify(volume: VolumeSpec): Promise<VolumeResult>;
  /**
   * Waits on the host until the volume may be attached or absent, for someone who then looks; false when the time was over first. What it
   * waits for proves nothing.
   */
  waitFor(volume: VolumeSpec, state: 'attached' | 'absent', timeoutMs: number): Promise<boolean>;

  connectVolume(connectionProperties: unknown): Promise<DeviceInfo>;
  disconnectVolume(
    connectionProperties: unknown,
    deviceInfo: DeviceInfo | null,
    options?: { readonly force?: boolean; readonly ignoreErrors?: boolean },
  ): Promise<void>;
  /** new size in bytes */
  extendVolume(connectionProperties: unknown): Promise<number>;
  getVolumePaths(connectionProperties: unknown): Promise<readonly string[]>;
  getSearchPath(): string;
  getAllAvailableVolumes(): Promise<readonly string[]>;
  checkValidDevice(devicePath: string): Promise<boolean>;
  getConnectorProperties(wishes?: PropertyWishes): Promise<Readonly<Record<string, unknown>>>;
  /** os-brick's check of an opened volume's handle, here: is that device path readable and what it claims to be */
  checkIOHandleValid(devicePath: string): Promise<boolean>;
}
