import type { ConnectorEvent, Outcome } from '../connectors/connector.js';
import type { LongshoreError } from '../errors/longshore-error.js';

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
  | { readonly type: 'run-interrupted' }
  | { readonly type: 'run-ended'; readonly durationMs: number };
