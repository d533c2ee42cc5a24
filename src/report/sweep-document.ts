import { reportStep } from '../connectors/engine/show-command.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import { asLongshoreError } from '../fleet/outcome.js';
import type { HostSweep, RemovalResult, RemovalState } from '../sweep/apply-sweep.js';
import type { FleetAudit } from '../sweep/audit-fleet.js';
import { removalStep } from '../sweep/removal-steps.js';
import type { PlannedObject, PlannedState, SweepPlan } from '../sweep/sweep-plan.js';
import { errorDocument, resultDocument } from './result-document.js';
import type { SweepDocument } from './sweep-schema.js';

/** What a sweep would do, or did. */
export interface SweepReport {
  /** of the work, where there was any; else of the look */
  readonly result: FleetResult;
  readonly audit: FleetAudit;
  readonly plan: SweepPlan;
  /** the objects of the plan that were approved and ready */
  readonly chosen: readonly PlannedObject[];
  /** by host; null: nothing was approved, so nothing was changed */
  readonly swept: ReadonlyMap<string, HostSweep> | null;
  /** approved, and not to be found as they were approved: `HOST KEY` */
  readonly missing: readonly string[];
}

/** What became of a planned object: where it was worked on, that; else why it was not. */
export type ShownState = PlannedState | RemovalState | 'not-run';

export interface ShownObject {
  readonly object: PlannedObject;
  readonly state: ShownState;
  readonly error?: Error;
}

/** Every object of the plan with what became of it. */
export function shownObjects({ plan, chosen, swept }: SweepReport): readonly ShownObject[] {
  return plan.objects.map((object) => {
    if (swept === null || !chosen.includes(object)) return { object, state: object.state };
    const result = swept.get(object.host)?.results.find((one: RemovalResult) => one.object.key === object.key);
    if (result === undefined) return { object, state: 'not-run' };
    return { object, state: result.state, ...(result.error === undefined ? {} : { error: result.error }) };
  });
}

/** The change that removes an object, as a person would type it. */
export function removalCommand({ key, title, removal }: PlannedObject): {
  readonly what: string;
  readonly command: string;
} {
  const { what, command = '' } = reportStep(removalStep(key, title, removal, false));
  return { what, command };
}

/** The `--json` document of a sweep. */
export function sweepDocument(report: SweepReport): SweepDocument {
  const { result, plan, swept, missing } = report;
  const { run, interrupted, notRun, hosts, totals } = resultDocument(result);
  return {
    run,
    verb: 'sweep',
    plan: swept === null,
    ...(interrupted === undefined ? {} : { interrupted }),
    notRun,
    outage: plan.outage,
    hash: plan.hash,
    missing: [...missing],
    hosts: Object.fromEntries(Object.entries(hosts).map(([name, { volumes: _, ...host }]) => [name, host])),
    objects: shownObjects(report).map(({ object, state, error }) => ({
      host: object.host,
      kind: object.removal.kind === 'sick-record' ? 'record' : object.removal.kind,
      key: object.key,
      title: object.title,
      reasons: [...object.reasons],
      state,
      firstSeen: new Date(object.firstSeen).toISOString(),
      readyAt: new Date(object.readyAt).toISOString(),
      ...removalCommand(object),
      ...(object.why === undefined ? {} : { why: object.why }),
      ...(error === undefined ? {} : { error: errorDocument(asLongshoreError(error)) }),
    })),
    totals,
  };
}
