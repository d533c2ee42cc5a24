import { outcomeOfError } from '../connectors/outcome.js';
import { batchesOf } from '../fleet/batches.js';
import type { FleetResult, HostFindings, HostResult } from '../fleet/fleet-result.js';
import { joinedResult } from '../fleet/joined-result.js';
import { asLongshoreError, worstOutcome } from '../fleet/outcome.js';
import { type FleetOptions, type FleetRun, withFleetRun } from '../fleet/run-fleet.js';
import type { HostTask } from '../fleet/run-host.js';
import type { Inventory, InventoryHost } from '../inventory/inventory.js';
import type { MoveTools } from '../moves/move-services.js';
import { readOnlyExecutor } from '../transport/read-only-executor.js';
import { canonicalWork, hashOf, stableText } from './canonical.js';
import { dirtyRefusalOf } from './dirty-hosts.js';
import { Follows } from './follows.js';
import type { PlannedPlay, RunbookPlan, StoredWork } from './plan.js';
import type { Play, PlayStep, Runbook } from './playbook.js';
import { refuseStepConflicts } from './refuse-conflicts.js';
import type { PlannedWork, Recheck, StepKind } from './steps/step-kind.js';

export interface PlanOptions extends FleetOptions<InventoryHost> {
  readonly inventory: Inventory;
  readonly moves: MoveTools;
  readonly stateDirectory?: string;
}

const NOTHING_TO_RECHECK: Recheck = () => Promise.resolve();

/** Looks at every host that the runbook is about and says what each step would do there. Nothing here is able to change a host (rule S13). */
export async function planRunbook(
  runbook: Runbook,
  options: PlanOptions,
): Promise<{ readonly plan: RunbookPlan; readonly result: FleetResult }> {
  refuseStepConflicts(runbook, options.inventory);
  const follows = new Follows();
  const plays: PlannedPlay[] = [];
  const result = await withFleetRun(runbook.hosts, { ...options, changesHosts: false }, async (run) => {
    const seen = new Map<string, HostResult>();
    const notRun = new Set<string>();
    for (const play of runbook.plays) {
      const planned = new PlayPlanner(play, run, options, follows);
      plays.push(await planned.plan());
      for (const [name, one] of planned.results) seen.set(name, joinedResult(seen.get(name), one));
      for (const name of planned.notRun) notRun.add(name);
    }
    return { hosts: seen, notRun: [...notRun].filter((name) => !seen.has(name)) };
  });
  const { filePath: playbook, digest } = runbook;
  const plan = { playbook, digest, plays };
  return { plan: { hash: planHash(plan), ...plan }, result };
}

/** The hash over what an approval covers; texts for people have no part in it. */
export function planHash({ digest, plays }: Pick<RunbookPlan, 'digest' | 'plays'>): string {
  return hashOf([
    digest,
    plays.map(({ name, batches, steps, unseen }) => [
      name,
      batches,
      steps.map(({ kind, title, works }) => [
        kind,
        title,
        works.map((work) => [work.host, work.follows, canonicalWork(work)]),
      ]),
      unseen.map(({ host, code }) => [host, code]),
    ]),
  ]);
}

class PlayPlanner {
  readonly results = new Map<string, HostResult>();
  readonly notRun: string[] = [];
  readonly #play: Play;
  readonly #run: FleetRun<InventoryHost>;
  readonly #options: PlanOptions;
  readonly #follows: Follows;
  readonly #works = new Map<PlayStep, PlannedWork[]>();
  /** hosts whose steps were planned to the end */
  readonly #planned = new Set<string>();

  constructor(play: Play, run: FleetRun<InventoryHost>, options: PlanOptions, follows: Follows) {
    this.#play = play;
    this.#run = run;
    this.#options = options;
    this.#follows = follows;
  }

  async plan(): Promise<PlannedPlay> {
    const { name, hosts, serial, steps } = this.#play;
    const refusal = dirtyRefusalOf(this.#play, await this.#options.moves.ledger.entries());
    const asked = steps.some(({ kind }) => kind.scope === 'host')
      ? hosts
      : hosts.filter((host) => refusal(host) !== null);
    if (asked.length > 0) {
      const done = await this.#run.work(asked, this.#hostTask(), { ...this.#fanout(), refusal });
      for (const [host, result] of done.hosts) this.results.set(host, result);
      this.notRun.push(...done.notRun);
    }
    const unseen = [...this.results].flatMap(([host, { outcome, error }]) =>
      error === undefined || this.#planned.has(host)
        ? []
        : [{ host, outcome, code: error.code, message: error.message }],
    );
    const lost = new Set([...unseen.map(({ host }) => host), ...this.notRun]);
    const reached = hosts.filter((host) => !lost.has(host.name));
    for (const step of steps) if (step.kind.scope === 'fleet') await this.#planFleetStep(step, reached);
    return {
      name,
      batches: batchesOf(hosts, serial).map((batch) => batch.length),
      steps: steps.map((step) => ({ kind: step.kind.name, title: step.title, works: this.#storedWorks(step, hosts) })),
      unseen,
    };
  }

  #fanout(): { readonly fanout?: number } {
    const { fanout } = this.#play;
    return fanout === undefined ? {} : { fanout };
  }

  #hostTask(): HostTask<InventoryHost> {
    return async (host, inner): Promise<HostFindings> => {
      const executor = readOnlyExecutor(inner.executor);
      const all: PlannedWork[] = [];
      for (const step of this.#play.steps) {
        const { kind } = step;
        if (kind.scope !== 'host') continue;
        inner.deadline.check();
        const { options, volumes } = step.on(host.name);
        const context = { ...inner, host, executor, volumes, recheck: NOTHING_TO_RECHECK };
        const works = await worksOf(kind, host.name, () => kind.plan(options, context));
        this.#note(step, works);
        all.push(...works);
      }
      this.#planned.add(host.name);
      return { outcome: worstOutcome(all.map(({ outcome }) => outcome)) };
    };
  }

  #note(step: PlayStep, works: readonly PlannedWork[]): void {
    this.#works.set(step, [...(this.#works.get(step) ?? []), ...works]);
  }

  async #planFleetStep(step: PlayStep, hosts: readonly InventoryHost[]): Promise<void> {
    const { kind } = step;
    if (kind.scope !== 'fleet' || hosts.length === 0 || this.#run.isInterrupted) return;
    const { options } = step.on('');
    const context = {
      hosts,
      inventory: this.#options.inventory,
      runId: this.#options.run,
      ...stateOf(this.#options),
      volumesOf: (host: InventoryHost) => step.on(host.name).volumes,
      onHosts: async (some: readonly InventoryHost[], task: HostTask<InventoryHost>) => {
        const lookOnly: HostTask<InventoryHost> = (host, inner) =>
          task(host, { ...inner, executor: readOnlyExecutor(inner.executor) });
        const { hosts: found } = await this.#run.work(some, lookOnly, this.#fanout());
        for (const [name, result] of found) this.results.set(name, joinedResult(this.results.get(name), result));
        return found;
      },
      emit: this.#run.emit,
      recheck: NOTHING_TO_RECHECK,
      ask: () => Promise.resolve(true),
      moves: this.#options.moves,
    };
    this.#note(step, await worksOf(kind, '', () => kind.plan(options, context)));
  }

  /** In the order of the hosts, each with what goes before it. */
  #storedWorks(step: PlayStep, hosts: readonly InventoryHost[]): StoredWork[] {
    const order = new Map(hosts.map(({ name }, index) => [name, index]));
    const works = (this.#works.get(step) ?? []).toSorted(
      (a, b) => (order.get(a.host) ?? -1) - (order.get(b.host) ?? -1),
    );
    return works.map((work) => storedWork(work, this.#follows.take(step, work)));
  }
}

async function worksOf(
  kind: StepKind,
  host: string,
  plan: () => Promise<readonly PlannedWork[]>,
): Promise<readonly PlannedWork[]> {
  try {
    return await plan();
  } catch (thrown) {
    const error = asLongshoreError(thrown, host === '' ? undefined : host);
    // a host that is gone is gone for all of its steps
    if (host !== '' && (error.code === 'E_UNREACHABLE' || error.code === 'E_INTERRUPTED')) throw error;
    const why = `${kind.name} could not be planned: ${error.message}`;
    return [{ host, subject: '', outcome: outcomeOfError(error), why, identity: [], observed: [], steps: [], error }];
  }
}

function storedWork({ error, steps, ...work }: PlannedWork, follows: string | null): StoredWork {
  return {
    host: work.host,
    subject: work.subject,
    outcome: work.outcome,
    why: work.why,
    identity: [...work.identity],
    observed: work.observed.map(stableText),
    steps: steps.map(({ id, what, changes, command, guards }) => ({
      id,
      what,
      changes: [...changes],
      ...(command === undefined ? {} : { command }),
      ...(guards === undefined ? {} : { guards: [...guards] }),
    })),
    error: error === undefined ? null : { code: error.code, message: error.message },
    follows,
  };
}

function stateOf({ stateDirectory }: PlanOptions): { readonly stateDirectory?: string } {
  return stateDirectory === undefined ? {} : { stateDirectory };
}
