import type { Outcome, VolumeResult } from '../connectors/connector.js';
import type { LongshoreError } from '../errors/longshore-error.js';
import type { StopReason } from './stop-rules.js';

/** What a run did on many hosts. Plain values; `report/` makes text and JSON of it. */
export interface FleetResult {
  /** identifies the run in logs, lock files and reports */
  readonly run: string;
  readonly verb: string;
  /** hosts that were begun, in the order they were given */
  readonly hosts: ReadonlyMap<string, HostResult>;
  /** hosts on which nothing was done because the run was interrupted or stopped before their turn */
  readonly notRun: readonly string[];
  readonly interrupted: boolean;
  /** why it ended before its last host, when it was not by an interrupt */
  readonly stopped?: StopReason;
  readonly durationMs: number;
  /** the run whose work this one has finished or undone */
  readonly resumes?: { readonly run: string; readonly mode: 'finish' | 'undo' };
  /** why the run's journal is not complete; absent: it is, or there is none */
  readonly journalError?: LongshoreError;
}

/** What a run did on one host, and what that cost. */
export interface HostResult extends HostFindings {
  readonly roundTrips: number;
  readonly remoteProcesses: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** from the start of connecting until the connection was closed again */
  readonly durationMs: number;
}

/** What one host's work found out; which fields are there depends on the verb. */
export interface HostFindings {
  readonly outcome: Outcome;
  /** the worst error, also when it is one volume's */
  readonly error?: LongshoreError;
  readonly volumes?: ReadonlyMap<string, VolumeResult>;
  readonly command?: CommandFinding;
  readonly ping?: PingFinding;
  /** connector properties; they come from the host */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** What `exec` ran. Its output comes from the host: escape it before a terminal sees it. */
export interface CommandFinding {
  /** null when it could not be started in time */
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly truncated: boolean;
}

export interface PingFinding {
  /** from the start of connecting until the first lane answered */
  readonly connectMs: number;
  /** one request and its reply on a warm lane */
  readonly latencyMs: number;
  /** as `uname -r` and `uname -m` print them */
  readonly kernel: string;
  readonly architecture: string;
}
