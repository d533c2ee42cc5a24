import type { ConnectorEvent, Outcome } from '../connectors/connector.js';
import type { StopReason } from './stop-rules.js';
import type { LongshoreError } from '../errors/longshore-error.js';

interface PlayStepPlace {
  readonly host: string;
  /** play and step count from 1 */
  readonly play: number;
  readonly step: number;
  readonly kind: string;
  readonly title: string;
}

/** What happens while a run goes on; for progress, logs and journals. Listeners must not throw. */
export type FleetEvent =
  | { readonly type: 'run-started'; readonly run: string; readonly verb: string; readonly hosts: readonly string[] }
  | { readonly type: 'host-started'; readonly host: string }
  | {
      /** the connection was dropped before login; it is tried again after `delayMs` */
      readonly type: 'host-dropped';
      readonly host: string;
      readonly attempt: number;
      readonly delayMs: number;
      /** connects that may be under way through the same sshd from now on */
      readonly atOnce: number;
    }
  | { readonly type: 'host-connected'; readonly host: string; readonly connectMs: number }
  /** a change that is no step of a plan, such as the command of an exec, is in the journal and leaves */
  | { readonly type: 'change-leaves'; readonly host: string; readonly what: string }
  | (ConnectorEvent & { readonly host: string })
  | {
      readonly type: 'host-ended';
      readonly host: string;
      readonly outcome: Outcome;
      readonly durationMs: number;
      readonly error?: LongshoreError;
    }
  | { readonly type: 'host-not-run'; readonly host: string }
  | {
      /** one wave of a rolling run begins */
      readonly type: 'batch-started';
      /** counts from 1 */
      readonly batch: number;
      readonly batches: number;
      readonly hosts: readonly string[];
    }
  | { readonly type: 'batch-ended'; readonly batch: number; readonly ok: number; readonly failed: number }
  | {
      /** of a playbook */
      readonly type: 'play-started';
      /** counts from 1 */
      readonly play: number;
      readonly plays: number;
      readonly name: string;
      readonly hosts: readonly string[];
    }
  | { readonly type: 'play-ended'; readonly play: number; readonly ok: number; readonly failed: number }
  | ({
      /** a step of a playbook, on a host or, with host '', for a whole batch */
      readonly type: 'play-step-started';
    } & PlayStepPlace)
  | ({
      /** once for each subject of the step */
      readonly type: 'play-step-ended';
      /** name of the volume; '' for the host itself */
      readonly subject: string;
      readonly outcome: Outcome;
      readonly message: string;
      readonly durationMs: number;
      readonly error?: LongshoreError;
    } & PlayStepPlace)
  | { readonly type: 'run-stopped'; readonly reason: StopReason }
  | { readonly type: 'run-interrupted' }
  | { readonly type: 'run-ended'; readonly durationMs: number };
