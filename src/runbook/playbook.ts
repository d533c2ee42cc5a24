import type { VolumeSpec } from '../connectors/connector.js';
import type { Amount } from '../fleet/amount.js';
import type { FailureLimits } from '../fleet/stop-rules.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { SourcePosition } from '../inventory/source/problems.js';
import type { StepKind } from './steps/step-kind.js';

/** A playbook together with its inventory, read and checked as a whole: ready to plan and run. */
export interface Runbook {
  /** as the user gave it */
  readonly filePath: string;
  readonly plays: readonly Play[];
  /** every host of any play, once, in the inventory's order */
  readonly hosts: readonly InventoryHost[];
  /** changes with the text of the playbook, and with anything of inventory and variables that the plays depend on */
  readonly digest: string;
}

export interface Play {
  readonly name: string;
  /** the pattern as it is written, variables filled in */
  readonly pattern: string;
  /** empty when --limit leaves none of them */
  readonly hosts: readonly InventoryHost[];
  /** sizes of the batches; empty: all hosts at once */
  readonly serial: readonly Amount[];
  readonly limits: FailureLimits;
  /** hosts worked on at once; absent: as the command line says */
  readonly fanout?: number;
  readonly steps: readonly PlayStep[];
}

export interface PlayStep {
  readonly kind: StepKind;
  /** for people: the step's own name, or what it does, such as `attach data` */
  readonly title: string;
  readonly position: SourcePosition;
  /** what the step is given on a host; for a kind of scope `fleet`, the same for all */
  readonly on: (host: string) => StepInput;
}

export interface StepInput {
  /** checked by the kind's schema */
  readonly options: unknown;
  readonly volumes: readonly VolumeSpec[];
}
