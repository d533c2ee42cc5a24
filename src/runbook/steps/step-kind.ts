import type { z } from 'zod';
import type { Outcome, VolumeResult, VolumeSpec } from '../../connectors/connector.js';
import type { StepReport } from '../../connectors/engine/step.js';
import type { LongshoreError } from '../../errors/longshore-error.js';
import type { AttachGate } from '../../fleet/attach-gate.js';
import type { AttachMemory } from '../../fleet/attach-memory.js';
import type { FleetEvent } from '../../fleet/fleet-event.js';
import type { CommandFinding, HostResult } from '../../fleet/fleet-result.js';
import type { HostContext, HostTask } from '../../fleet/run-host.js';
import type { Inventory, InventoryHost } from '../../inventory/inventory.js';
import type { MoveTools } from '../../moves/move-services.js';

/*
 * How to add a kind of step:
 *
 * 1. One file here that exports `defineStep({...})`: name, options (a strict zod object), `plan` and `run`.
 * 2. One line in `registry.ts`. The schema for editors, the reader, near-miss hints and the order of docs follow from there.
 * 3. Think of hosts that are dirty after an evacuation: without `bearsDirty` they are refused.
 * 4. A section in docs/playbooks.md, and a playbook or a test that validates, plans and runs it.
 *
 * `scope: 'host'` is for work on one host at a time: it is called once for each host of a batch, over that host's connection, all such steps
 * of a play in a row. `scope: 'fleet'` is called once for each batch, when every host of it has done the steps before: for questions to a
 * person, for work that needs two hosts (`onHosts` gives connections, and may be nested), for conclusions from many hosts.
 *
 * `plan` gets an executor that refuses every change. `run` calls `recheck` right before it changes a subject, with a function that looks
 * again; it rejects with `E_PLAN_CHANGED` when that is not what was approved. Without an approved plan it looks at nothing.
 */

/** What a step would do to one subject, from one observation. The parts that an approval covers have no times and no kernel names. */
export interface PlannedWork {
  /** inventory's name; '' for a step that is about no host */
  readonly host: string;
  /** name of a volume, or what else the step is about; '' for the host itself */
  readonly subject: string;
  /** ok: nothing to do; changed: it would change; the rest is why it would not go */
  readonly outcome: Outcome;
  /** one line for people */
  readonly why: string;
  /** identities seen or expected: WWIDs */
  readonly identity: readonly string[];
  /** what was seen of the subject, one fact a line: paths and their states, sizes */
  readonly observed: readonly string[];
  /** the changes, in order; empty when there is nothing to do */
  readonly steps: readonly StepReport[];
  readonly error?: LongshoreError;
}

/** What became of one subject of a step. */
export interface WorkResult {
  readonly host: string;
  readonly subject: string;
  readonly outcome: Outcome;
  /** one line for people: what was done, or found */
  readonly message: string;
  readonly warnings: readonly string[];
  readonly error?: LongshoreError;
  readonly volume?: VolumeResult;
  readonly command?: CommandFinding;
}

/** Rejects with `E_PLAN_CHANGED` when what `look` sees is not what was approved for this subject. */
export type Recheck = (host: string, subject: string, look: () => Promise<PlannedWork>) => Promise<void>;

/** What a step is given for one host, beside what any task of a fleet is: in `plan`, its executor refuses every change. */
export interface HostStepContext extends HostContext {
  readonly host: InventoryHost;
  /** those that the option `volume` names; without the option the host's only one. Empty for kinds that take none */
  readonly volumes: readonly VolumeSpec[];
  readonly recheck: Recheck;
  /** where the hosts of the play meet before this step changes the first of them; only for `run` of kinds that log in */
  readonly gate?: AttachGate;
  /** what attaches of the run have put where; only for `run` */
  readonly memory?: AttachMemory;
}

/** What a step is given for all hosts of a batch. */
export interface FleetStepContext {
  /** hosts of the batch that have not failed */
  readonly hosts: readonly InventoryHost[];
  readonly inventory: Inventory;
  readonly runId: string;
  /** where what outlives a run is kept; absent: nowhere */
  readonly stateDirectory?: string;
  readonly volumesOf: (host: InventoryHost) => readonly VolumeSpec[];
  /**
   * Does a task on hosts of the inventory, of this batch or not, with the play's fanout, timeouts and interrupt. Hosts that an interrupt
   * came before are not in the result. In `plan` the executors refuse every change.
   */
  readonly onHosts: (
    hosts: readonly InventoryHost[],
    task: HostTask<InventoryHost>,
  ) => Promise<ReadonlyMap<string, HostResult>>;
  readonly emit: (event: FleetEvent) => void;
  readonly recheck: Recheck;
  /** Asks a person yes or no; true without asking with --yes, rejects with `E_DECLINED` where nobody can be asked. */
  readonly ask: (question: string) => Promise<boolean>;
  /** the ledger of owners and this machine's commands, for steps that move volumes between hosts */
  readonly moves: MoveTools;
  /** what attaches of the run have put where; only for `run` */
  readonly memory?: AttachMemory;
}

/** For the order of steps: what a volume must be before the step, and is after it. */
export interface StepEffect {
  readonly needs?: 'attached' | 'absent';
  readonly leaves?: 'attached' | 'absent';
}

/** Volumes that a step moves between hosts which it names, whether or not they are of the batch. */
export interface StepMoves {
  readonly from: string;
  /** each volume goes to one of them */
  readonly to: readonly string[];
  /** names that the source declares */
  readonly volumes: readonly string[] | 'all';
}

interface AnyStepKind<O> {
  /** the key in a playbook */
  readonly name: string;
  /** one line for editors and docs */
  readonly summary: string;
  /** a strict object; checked after variables are filled in */
  readonly options: z.ZodType<O>;
  /** the option that a bare value stands for: `attach: data` */
  readonly shorthand?: string;
  /**
   * Whether the option `volume` (`volumeOption`) is resolved for each host and checked against the inventory. always: without the option it
   * is the host's only volume; named: only when it is given
   */
  readonly volumes: 'always' | 'named' | 'never';
  /** its volumes' secrets are needed: without them a run does not begin */
  readonly logsIn?: true;
  /** nothing: looks only; subject: changes what it plans for, and nothing else; host: may change anything there */
  readonly changes: (options: O) => 'nothing' | 'subject' | 'host';
  readonly effect?: (options: O) => StepEffect;
  /** what it moves between hosts; absent: it works on hosts of the play only */
  readonly moves?: (options: O) => StepMoves;
  /**
   * Whether it may be done on a host that is dirty after an evacuation (rule S23): it only looks, takes away what was not taken from the host, or checks
   * by itself the hosts that it names. Absent: such a host does nothing of a play with this step
   */
  readonly bearsDirty?: (options: O) => boolean;
}

export interface HostStepKind<O> extends AnyStepKind<O> {
  readonly scope: 'host';
  plan(options: O, context: HostStepContext): Promise<readonly PlannedWork[]>;
  /** Stops at the first subject that is neither ok nor changed, or goes on with the others, as is safe. May throw. */
  run(options: O, context: HostStepContext): Promise<readonly WorkResult[]>;
}

export interface FleetStepKind<O> extends AnyStepKind<O> {
  readonly scope: 'fleet';
  plan(options: O, context: FleetStepContext): Promise<readonly PlannedWork[]>;
  /** May throw: then all hosts of the batch have failed with that error. */
  run(options: O, context: FleetStepContext): Promise<readonly WorkResult[]>;
}

/** A kind whose options were checked by its own schema before they reach it. */
export type StepKind = HostStepKind<unknown> | FleetStepKind<unknown>;

/** Forgets the type of the options, which nobody but the kind itself looks at. */
export function defineStep<O>(kind: HostStepKind<O> | FleetStepKind<O>): StepKind {
  return kind as StepKind;
}
