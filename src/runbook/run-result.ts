import type { FleetResult } from '../fleet/fleet-result.js';
import type { WorkResult } from './steps/step-kind.js';

/** What a run of a playbook did. As a fleet result, each host has its worst outcome and its last word on each volume. */
export interface RunbookResult extends FleetResult {
  readonly plays: readonly PlayResult[];
  /** hosts that were begun, and have steps left that were not done although nothing failed there */
  readonly unfinished: readonly string[];
}

export interface PlayResult {
  readonly name: string;
  readonly batches: readonly BatchResult[];
}

export interface BatchResult {
  readonly hosts: readonly string[];
  readonly steps: readonly StepResult[];
}

export interface StepResult {
  readonly kind: string;
  readonly title: string;
  readonly works: readonly WorkResult[];
}
