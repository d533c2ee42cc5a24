import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { AttachGate } from '../fleet/attach-gate.js';
import { AttachMemory } from '../fleet/attach-memory.js';
import { batchesOf } from '../fleet/batches.js';
import type { HostResult } from '../fleet/fleet-result.js';
import { joinedResult } from '../fleet/joined-result.js';
import { type FleetOptions, type FleetRun, withFleetRun } from '../fleet/run-fleet.js';
import { isFailure, StopRules } from '../fleet/stop-rules.js';
import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import type { TaskJournal } from '../journal/task-journal.js';
import type { RunbookPlan } from './plan.js';
import type { Play, PlayStep, Runbook } from './playbook.js';
import type { Resumed } from './resumed.js';
import { refuseStepConflicts } from './refuse-conflicts.js';
import { BatchRun } from './run-batch.js';
import type { BatchResult, PlayResult, RunbookResult } from './run-result.js';
import type { FleetStepContext } from './steps/step-kind.js';

export interface RunOptions extends FleetOptions<InventoryHost> {
  readonly inventory: Inventory;
  readonly stateDirectory?: string;
  /** the plan that was approved: a subject that is seen otherwise is refused. null: nothing is compared */
  readonly approved: RunbookPlan | null;
  readonly ask: FleetStepContext['ask'];
  readonly moves: FleetStepContext['moves'];
  /** what earlier runs have done of it; absent: nothing */
  readonly resumed?: Resumed;
  /** gives the journal for some steps of a play on some of its hosts; absent: nothing is written down */
  readonly journalOf?: (part: PlayPart) => TaskJournal;
}

/** Steps that are done in a row on hosts of one batch. All numbers count from 1. */
export interface PlayPart {
  readonly name: string;
  readonly play: number;
  readonly batch: number;
  /** of the batch; the host has done the play when it has ended the last one well */
  readonly part: number;
  readonly parts: number;
  /** work inside a step that is about the whole batch: it does not end the part for its hosts */
  readonly within?: true;
  readonly hosts: readonly { readonly name: string; readonly volumes: readonly VolumeSpec[] }[];
}

/** What one run of a runbook has come to so far. */
export interface Progress {
  readonly results: Map<string, HostResult>;
  /** hosts that are out for the rest of the run */
  readonly failed: Set<string>;
  readonly unfinished: Set<string>;
  /** what its attaches have put where */
  readonly memory: AttachMemory;
}

/**
 * Runs a runbook: play after play, batch after batch, in each batch step after step. A host that failed is out for the rest of the run. Never
 * rejects because of a host. Throws `E_PLAN_CHANGED` before anything is connected to when the approved plan is one of another runbook,
 * and `E_CONFLICT` when it would attach one volume on several hosts.
 */
export async function runRunbook(runbook: Runbook, options: RunOptions): Promise<RunbookResult> {
  requireSame(runbook, options.approved);
  refuseStepConflicts(runbook, options.inventory);
  return withFleetRun(runbook.hosts, options, async (run) => {
    const progress: Progress = {
      results: new Map(),
      failed: new Set(),
      unfinished: new Set(),
      memory: new AttachMemory(),
    };
    const plays: PlayResult[] = [];
    let stopped: RunbookResult['stopped'];
    for (const [index, play] of runbook.plays.entries()) {
      if (stopped !== undefined || run.isInterrupted) {
        for (const { name } of play.hosts) if (!progress.failed.has(name)) progress.unfinished.add(name);
        continue;
      }
      const rules = new StopRules(play.limits, play.hosts.length);
      run.emit({
        type: 'play-started',
        play: index + 1,
        plays: runbook.plays.length,
        name: play.name,
        hosts: namesOf(play.hosts),
      });
      plays.push({ name: play.name, batches: await runPlay(play, index, run, rules, progress, options) });
      const failed = play.hosts.filter(({ name }) => progress.failed.has(name)).length;
      run.emit({ type: 'play-ended', play: index + 1, ok: play.hosts.length - failed, failed });
      if (rules.stop !== null) {
        stopped = rules.stop;
        run.emit({ type: 'run-stopped', reason: rules.stop });
      }
    }
    const begun = progress.results;
    return {
      hosts: begun,
      notRun: namesOf(runbook.hosts).filter((name) => !begun.has(name)),
      unfinished: namesOf(runbook.hosts).filter((name) => begun.has(name) && progress.unfinished.has(name)),
      plays,
      ...(stopped === undefined ? {} : { stopped }),
    };
  });
}

/** Throws `E_PLAN_CHANGED` when a plan was made of another playbook, inventory, or of other variables. */
export function requireSame(runbook: Runbook, approved: RunbookPlan | null): void {
  if (approved === null || approved.digest === runbook.digest) return;
  throw new LongshoreError('E_PLAN_CHANGED', 'playbook, inventory or variables are not those of the approved plan', {
    remedy: 'Plan again with `longshore plan`, with the same options as the run, and approve that plan.',
  });
}

async function runPlay(
  play: Play,
  playIndex: number,
  run: FleetRun<InventoryHost>,
  rules: StopRules,
  progress: Progress,
  options: RunOptions,
): Promise<readonly BatchResult[]> {
  const done: BatchResult[] = [];
  const gates = new Map<PlayStep, AttachGate>();
  const batches = batchesOf(play.hosts, play.serial);
  for (const [index, all] of batches.entries()) {
    const hosts = all.filter(({ name }) => !progress.failed.has(name));
    if (rules.stop !== null || run.isInterrupted) {
      for (const { name } of hosts) progress.unfinished.add(name);
      continue;
    }
    if (hosts.length === 0) continue;
    rules.beginBatch(hosts.length);
    run.emit({ type: 'batch-started', batch: index + 1, batches: batches.length, hosts: namesOf(hosts) });
    const { memory } = progress;
    const batch = new BatchRun({ play, playIndex, batchIndex: index, hosts, run, rules, options, gates, memory });
    done.push(await batch.toTheEnd());
    for (const [name, result] of batch.results) {
      progress.results.set(name, joinedResult(progress.results.get(name), result));
      if (isFailure(result.outcome)) progress.failed.add(name);
    }
    for (const name of batch.unfinished) progress.unfinished.add(name);
    const failed = hosts.filter(({ name }) => progress.failed.has(name)).length;
    run.emit({ type: 'batch-ended', batch: index + 1, ok: hosts.length - failed, failed });
  }
  return done;
}

function namesOf(hosts: readonly InventoryHost[]): readonly string[] {
  return hosts.map(({ name }) => name);
}
