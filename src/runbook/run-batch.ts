import type { VolumeSpec } from '../connectors/connector.js';
import { AttachGate } from '../fleet/attach-gate.js';
import type { AttachMemory } from '../fleet/attach-memory.js';
import type { HostFindings, HostResult } from '../fleet/fleet-result.js';
import { joinedResult } from '../fleet/joined-result.js';
import { asLongshoreError } from '../fleet/outcome.js';
import type { FleetRun } from '../fleet/run-fleet.js';
import type { HostTask } from '../fleet/run-host.js';
import { isFailure, type StopRules } from '../fleet/stop-rules.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { TaskJournal } from '../journal/task-journal.js';
import { recheckOf } from './approval.js';
import { dirtyRefusalOf } from './dirty-hosts.js';
import type { Play, PlayStep } from './playbook.js';
import type { BatchResult } from './run-result.js';
import type { RunOptions } from './run-runbook.js';
import { segmentsOf } from './segments.js';
import type { FleetStepKind, WorkResult } from './steps/step-kind.js';
import { findingsOf, resultsOf } from './work-results.js';

interface Batch {
  readonly play: Play;
  /** counts from 0 */
  readonly playIndex: number;
  readonly batchIndex: number;
  readonly hosts: readonly InventoryHost[];
  readonly run: FleetRun<InventoryHost>;
  readonly rules: StopRules;
  readonly options: RunOptions;
  /** of the play: what the batches before this one have shown, by the step that attaches */
  readonly gates: Map<PlayStep, AttachGate>;
  /** of the run */
  readonly memory: AttachMemory;
}

/** The steps of one play on the hosts of one batch. */
export class BatchRun {
  readonly results = new Map<string, HostResult>();
  /** hosts with steps left, although nothing failed there */
  readonly unfinished = new Set<string>();
  readonly #batch: Batch;
  readonly #works = new Map<PlayStep, WorkResult[]>();

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  async toTheEnd(): Promise<BatchResult> {
    const { play, hosts, rules, run } = this.#batch;
    const segments = segmentsOf(play.steps);
    for (const [index, segment] of segments.entries()) {
      const isOver = (): boolean => rules.stop !== null || run.isInterrupted;
      const journalOf = (some: readonly InventoryHost[], within = false): TaskJournal | undefined =>
        this.#journalOf({ segment, part: index + 1, parts: segments.length, hosts: some, within });
      const left = hosts.filter(({ name }) => !this.#hasFailed(name) && !this.unfinished.has(name));
      const able = isOver() ? left : await this.#withoutDirty(left, journalOf);
      if (able.length === 0) break;
      if (isOver()) {
        for (const { name } of able) this.unfinished.add(name);
        break;
      }
      const [first] = segment;
      if (first?.kind.scope === 'fleet') await this.#fleetStep(first, first.kind, able, journalOf);
      else await this.#hostSteps(segment, able, journalOf(able));
    }
    const steps = play.steps.map((step) => {
      return { kind: step.kind.name, title: step.title, works: this.#works.get(step) ?? [] };
    });
    return { hosts: hosts.map(({ name }) => name), steps };
  }

  #journalOf({ segment, part, parts, hosts, within }: JournaledPart): TaskJournal | undefined {
    const { play, playIndex, batchIndex, options } = this.#batch;
    return options.journalOf?.({
      name: `${play.name}: ${segment.map(({ title }) => title).join(', ')}`,
      play: playIndex + 1,
      batch: batchIndex + 1,
      part,
      parts,
      ...(within ? { within: true as const } : {}),
      hosts: hosts.map(({ name, volumes }) => ({
        name,
        // a step that moves volumes names them itself, at whichever host
        volumes: distinctVolumes(
          segment.flatMap(({ kind, on }) =>
            within && kind.moves !== undefined ? [...volumes.values()] : on(name).volumes,
          ),
        ),
      })),
    });
  }

  #hasFailed(host: string): boolean {
    const result = this.results.get(host);
    return result !== undefined && isFailure(result.outcome);
  }

  /**
   * Refuses hosts that are dirty after an evacuation and gives the others, unless the play is one for such hosts. The marks are read now: this
   * run itself may have made some. Marks that cannot be read may be there.
   */
  async #withoutDirty(
    hosts: readonly InventoryHost[],
    journalOf: (hosts: readonly InventoryHost[]) => TaskJournal | undefined,
  ): Promise<readonly InventoryHost[]> {
    const { play, run, rules, options } = this.#batch;
    const refusal = await options.moves.ledger.entries().then(
      (entries) => dirtyRefusalOf(play, entries),
      (thrown: unknown) => () => asLongshoreError(thrown),
    );
    const dirty = hosts.filter((host) => refusal(host) !== null);
    if (dirty.length === 0) return hosts;
    const journal = journalOf(dirty);
    const done = await run.work(dirty, () => Promise.resolve({ outcome: 'ok' }), {
      refusal,
      ...(journal === undefined ? {} : { journal }),
      onResult: (host, result) => {
        this.#take(host, result);
        rules.note(host, result);
      },
    });
    for (const name of done.notRun) this.unfinished.add(name);
    journal?.ended();
    return hosts.filter((host) => !dirty.includes(host));
  }

  /** All steps of a segment on each host, over one connection. */
  async #hostSteps(
    steps: readonly PlayStep[],
    hosts: readonly InventoryHost[],
    journal: TaskJournal | undefined,
  ): Promise<void> {
    const { play, playIndex, run, rules, options, memory } = this.#batch;
    const gates = this.#gatesOf(steps, hosts);
    const gateOf = (step: PlayStep): { gate?: AttachGate } => {
      const gate = gates.get(step);
      return gate === undefined ? {} : { gate };
    };
    const task: HostTask<InventoryHost> = async (host, context): Promise<HostFindings> => {
      const all: WorkResult[] = [];
      for (const step of steps) {
        const { kind } = step;
        if (kind.scope !== 'host') continue;
        context.deadline.check();
        const { options: wanted, volumes } = step.on(host.name);
        const index = play.steps.indexOf(step);
        const changesHost = kind.changes(wanted) === 'host';
        if (changesHost && options.resumed?.hasRun(playIndex, host.name, index) === true) {
          this.#keep(step, [doneBefore(host.name)]);
          continue;
        }
        const recheck = recheckOf(options.approved, playIndex, index, options.resumed?.begun);
        const works = await this.#worksOf(step, host.name, () =>
          kind.run(wanted, { ...context, host, volumes, recheck, memory, ...gateOf(step) }),
        );
        for (const work of works) context.journal?.stepEnded({ step: index + 1, title: step.title }, work);
        all.push(...works);
        if (works.some(({ outcome }) => isFailure(outcome))) break;
      }
      return findingsOf(all);
    };
    const { fanout } = play;
    const done = await run.work(hosts, task, {
      ...(fanout === undefined ? {} : { fanout }),
      ...(journal === undefined ? {} : { journal }),
      mayBegin: () => rules.stop === null,
      onResult: (host, result) => {
        for (const gate of gates.values()) gate.left(host);
        this.#take(host, result);
        rules.note(host, result);
      },
    });
    for (const name of done.notRun) this.unfinished.add(name);
    journal?.ended();
  }

  /** Where the hosts meet before a step attaches: those that are begun together wait for each other there. */
  #gatesOf(steps: readonly PlayStep[], hosts: readonly InventoryHost[]): ReadonlyMap<PlayStep, AttachGate> {
    const { play, run, gates, memory } = this.#batch;
    const together = hosts.slice(0, Math.min(play.fanout ?? run.fanout, run.fanout)).map(({ name }) => name);
    const own = new Map<PlayStep, AttachGate>();
    for (const step of steps.filter(({ kind }) => kind.logsIn === true)) {
      own.set(step, (gates.get(step) ?? new AttachGate([], { memory })).next(together));
    }
    for (const [step, gate] of own) gates.set(step, gate);
    return own;
  }

  async #fleetStep(
    step: PlayStep,
    kind: FleetStepKind<unknown>,
    hosts: readonly InventoryHost[],
    journalOf: (hosts: readonly InventoryHost[], within?: boolean) => TaskJournal | undefined,
  ): Promise<void> {
    const { play, playIndex, run, rules, options, memory } = this.#batch;
    const touched = new Map<string, HostResult>();
    const { fanout } = play;
    const context = {
      hosts,
      inventory: options.inventory,
      runId: options.run,
      ...(options.stateDirectory === undefined ? {} : { stateDirectory: options.stateDirectory }),
      volumesOf: (host: InventoryHost) => step.on(host.name).volumes,
      onHosts: async (some: readonly InventoryHost[], task: HostTask<InventoryHost>) => {
        const journal = journalOf(some, true);
        const done = await run.work(some, task, {
          ...(fanout === undefined ? {} : { fanout }),
          ...(journal === undefined ? {} : { journal }),
        });
        journal?.ended();
        for (const [name, result] of done.hosts) touched.set(name, joinedResult(touched.get(name), result));
        return done.hosts;
      },
      emit: run.emit,
      recheck: recheckOf(options.approved, playIndex, play.steps.indexOf(step), options.resumed?.begun),
      ask: options.ask,
      moves: options.moves,
      memory,
    };
    const works = await this.#worksOf(step, '', () => kind.run(step.on('').options, context));
    // of a host that is not of the batch, such as the dead source of an evacuation, the step itself says what its failure means
    const own = new Set(hosts.map(({ name }) => name));
    for (const [host, result] of touched) if (own.has(host) || !isFailure(result.outcome)) this.#take(host, result);
    const declined = works.find(({ error }) => error?.code === 'E_DECLINED')?.error;
    if (declined !== undefined) {
      rules.end({ kind: 'declined', message: declined.message });
      for (const { name } of hosts) this.unfinished.add(name);
      return;
    }
    // what is about no host is about all of them
    const general = works.filter(({ host }) => host === '');
    const journal = journalOf(hosts);
    for (const { name } of hosts) {
      const own = [...general, ...works.filter(({ host }) => host === name)];
      const findings = { ...NO_COST, ...findingsOf(own) };
      const log = journal?.host(name);
      for (const work of own) log?.stepEnded({ step: play.steps.indexOf(step) + 1, title: step.title }, work);
      log?.ended(findings);
      if (own.length > 0 && (isFailure(findings.outcome) || this.results.has(name))) this.#take(name, findings);
      const result = this.results.get(name);
      if (result !== undefined) rules.note(name, result);
    }
    journal?.ended();
  }

  #take(host: string, result: HostResult): void {
    this.results.set(host, joinedResult(this.results.get(host), result));
  }

  #keep(step: PlayStep, works: readonly WorkResult[]): void {
    this.#works.set(step, [...(this.#works.get(step) ?? []), ...works]);
  }

  async #worksOf(
    step: PlayStep,
    host: string,
    work: () => Promise<readonly WorkResult[]>,
  ): Promise<readonly WorkResult[]> {
    const { emit } = this.#batch.run;
    const at = { play: this.#batch.playIndex + 1, step: this.#batch.play.steps.indexOf(step) + 1, title: step.title };
    emit({ type: 'play-step-started', host, ...at, kind: step.kind.name });
    const began = performance.now();
    const works = await resultsOf(host, work);
    this.#keep(step, works);
    const durationMs = performance.now() - began;
    for (const { host: about, subject, outcome, message, error } of works) {
      emit({
        type: 'play-step-ended',
        host: about,
        ...at,
        kind: step.kind.name,
        subject,
        outcome,
        message,
        durationMs,
        ...(error === undefined ? {} : { error }),
      });
    }
    return works;
  }
}

interface JournaledPart {
  readonly segment: readonly PlayStep[];
  readonly part: number;
  readonly parts: number;
  readonly hosts: readonly InventoryHost[];
  readonly within: boolean;
}

function doneBefore(host: string): WorkResult {
  return { host, subject: '', outcome: 'ok', message: 'was done by the run that this one resumes', warnings: [] };
}

function distinctVolumes(volumes: readonly VolumeSpec[]): readonly VolumeSpec[] {
  return [...new Map(volumes.map((volume) => [volume.name, volume])).values()];
}

const NO_COST = { roundTrips: 0, remoteProcesses: 0, bytesIn: 0, bytesOut: 0, durationMs: 0 } as const;
