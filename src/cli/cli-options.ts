import type { Amount } from '../fleet/amount.js';
import type { TransportChoice } from '../transport/transport-choice.js';
import type { LogLevel } from './options.js';
import type { SweepCliOptions } from './sweep-options.js';

/** A command line that was parsed and checked; an option that a command does not have is at its default. */
export interface CliOptions extends SweepCliOptions {
  readonly inventory?: string;
  readonly limit?: string;
  readonly fanout: number;
  readonly timeoutMs: number;
  /** absent: what ssh_config says, else 10 s */
  readonly connectTimeoutMs?: number;
  readonly user?: string;
  readonly privateKey?: string;
  readonly sshConfig?: string;
  readonly knownHosts?: string;
  readonly record?: string;
  readonly replay?: string;
  readonly stateDir?: string;
  readonly acceptNewHostKeys: boolean;
  readonly transport?: TransportChoice;
  readonly become: boolean;
  readonly askPass: boolean;
  readonly askBecomePass: boolean;
  readonly json: boolean;
  /** file for the events of the run */
  readonly events?: string;
  readonly logLevel: LogLevel;
  readonly volumes: readonly string[];
  readonly plan: boolean;
  readonly force: boolean;
  readonly ignoreErrors: boolean;
  readonly attached: boolean;
  readonly last: number;
  readonly undo: boolean;
  readonly largestExit: boolean;
  readonly outDir?: string;
  /** of migrate and evacuate */
  readonly from?: string;
  readonly to?: string;
  /** of migrate, in words */
  readonly arrayCommand?: readonly string[];
  readonly arrayUndo?: readonly string[];
  readonly confirm: boolean;
  /** of evacuate */
  readonly evidence?: string;
  readonly acceptAttestation: boolean;
  readonly unrecorded?: string;
  /** of facts */
  readonly multipath: boolean;
  readonly enforceMultipath: boolean;
  readonly localAttach: boolean;
  /** sizes of batches; empty: all hosts at once */
  readonly serial: readonly Amount[];
  readonly maxFailures?: Amount;
  /** of plan and run */
  readonly playbook: string;
  readonly extraVars: readonly string[];
  readonly approve?: string;
  readonly yes: boolean;
  /** of report, runs and resume: id of a run, or `last`; '' when none was given */
  readonly run: string;
  readonly html?: string;
  readonly junit?: string;
  /** of the demo */
  readonly hosts: number;
  readonly serve?: string;
  readonly slow: number;
  /** what stood behind `--` */
  readonly command: readonly string[];
}
