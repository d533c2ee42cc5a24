import { reach, type EngineResult, type Plan } from '../connectors/engine/engine.js';
import type { History } from '../connectors/engine/history.js';
import { engineOptions } from '../connectors/engine/verb-options.js';
import type { ConnectorContext, ConnectorEvent } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Fact } from '../linux/fact.js';
import type { Hctl } from '../linux/identifiers.js';
import type { Unknown } from '../linux/storage-state.js';
import { unknownsAbout } from '../linux/unknowns.js';
import type { LaneRequest } from '../transport/executor.js';
import { digestsOf } from './audit-fleet.js';
import type { Claim, PortalsDown } from './claims.js';
import { snapshotFact, type HostSnapshot } from './host-snapshot.js';
import { judgeHost } from './judge-host.js';
import { removalStep, stepId } from './removal-steps.js';
import type { Removal, SweepObject } from './sweep-object.js';
import type { PlannedObject } from './sweep-plan.js';
import { answerOf, identityRequest, supportRequest } from './unit-answers.js';

/** removed: by this sweep, and proven; gone: it was not there any more; changed: not as it was approved, so it was left; failed: it is still there. */
export type RemovalState = 'removed' | 'gone' | 'changed' | 'failed' | 'unknown';

export interface RemovalResult {
  readonly object: Approved;
  readonly state: RemovalState;
  readonly error?: Error;
}

/** An object that may be removed, as it was seen when it was approved. */
export type Approved = Pick<PlannedObject, 'host' | 'key' | 'title' | 'removal' | 'digest'>;

export interface HostSweep {
  /** in the order of the approved objects */
  readonly results: readonly RemovalResult[];
  /** why not all of it was done: the lock is held, the connection was lost, the host could not be read */
  readonly error?: Error;
}

export interface ApplyOptions {
  readonly claims: readonly Claim[];
  /** of the whole fleet, as it was looked at for this sweep */
  readonly portalsDown: PortalsDown;
  readonly onEvent?: (event: ConnectorEvent) => void;
}

/**
 * Removes the approved objects of one host: under its lock it is looked at again and judged as an audit does; only what is still the same
 * candidate is removed, each in a step that reads its identity and evidence once more; and what is gone afterwards is proven by another look.
 */
export async function applySweep(
  context: ConnectorContext,
  approved: readonly Approved[],
  options: ApplyOptions,
): Promise<HostSweep> {
  const judged = (snapshot: HostSnapshot): ReadonlyMap<string, SweepObject> =>
    new Map(judgeHost(snapshot, options.claims, options.portalsDown).map((object) => [object.key, object]));
  const { onEvent } = options;
  const run = await reach<HostSnapshot>(
    {
      observe: () => observation(approved),
      plan: (snapshot, history) => remaining(approved, snapshot, judged(snapshot), history),
    },
    context.executor,
    context.deadline,
    engineOptions(context, 'sweep', onEvent === undefined ? {} : { onEvent }),
  );
  const results = approved.map((object) => resultOf(object, run, judged));
  return { results, ...(run.error === undefined ? {} : { error: run.error }) };
}

/** The whole host, and the answers of the disks that the approved objects are about: all in one sequence. */
function observation(approved: readonly Approved[]): Fact<HostSnapshot> {
  const fact = snapshotFact();
  const hctls = [...new Set(approved.flatMap(({ removal }) => hctlsOf(removal)))];
  const asks = hctls.flatMap((hctl): LaneRequest[] => [identityRequest(hctl), supportRequest(hctl)]);
  return {
    requests: [...fact.requests, ...asks],
    parse(replies) {
      const at = fact.requests.length;
      const answers = hctls.map(
        (hctl, index) => [hctl, answerOf(replies[at + 2 * index], replies[at + 2 * index + 1])] as const,
      );
      return { ...fact.parse(replies.slice(0, at)), answers: new Map(answers) };
    },
  };
}

function hctlsOf(removal: Removal): readonly Hctl[] {
  switch (removal.kind) {
    case 'mapping':
    case 'map':
      return removal.disks.map(({ device }) => device.hctl);
    case 'device':
      return [removal.disk.device.hctl];
    default:
      return [];
  }
}

/** What is left to do (pure): a step for each approved object that is still there as it was approved, and was not given up. */
function remaining(
  approved: readonly Approved[],
  snapshot: HostSnapshot,
  objects: ReadonlyMap<string, SweepObject>,
  history: History,
): Plan {
  const digests = digestsOf([...objects.values()], snapshot.identities.bootId);
  const [blind] = approved.flatMap((one) => (isDone(one, objects) ? blindSpots(one.removal, snapshot) : []));
  if (blind !== undefined) return { kind: 'look', why: `cannot read ${blind.subject}: ${blind.reason}` };
  const todo = approved.filter(
    (one) =>
      !isDone(one, objects) &&
      digests.get(one.key) === one.digest &&
      history.failures.get(stepId(one.key))?.final !== true,
  );
  if (todo.length === 0) return { kind: 'done', warnings: [] };
  const { usable } = snapshot.storage.multipathd;
  return { kind: 'steps', steps: todo.map(({ key, title, removal }) => removalStep(key, title, removal, usable)) };
}

/** It is not there; a record that was only used is done when it is as it was before. */
function isDone({ key, removal }: Approved, objects: ReadonlyMap<string, SweepObject>): boolean {
  const now = objects.get(key);
  if (now === undefined) return true;
  return (
    removal.kind === 'record' && removal.record.mark === 'used' && now.removal === undefined && now.class === 'foreign'
  );
}

/** What could not be read, and might hide the object: then its absence is no proof. */
function blindSpots(removal: Removal, { storage, unknowns }: HostSnapshot): readonly Unknown[] {
  const concern = { sids: [] as number[], hctls: [] as string[], dmNames: [] as string[], targetNames: [] as string[] };
  switch (removal.kind) {
    case 'mapping':
    case 'map':
      concern.dmNames.push(removal.dm.name);
      break;
    case 'device':
      concern.hctls.push(removal.disk.device.hctl);
      concern.sids.push(removal.disk.device.sid);
      break;
    case 'session':
      concern.sids.push(removal.session.sid);
      break;
    case 'record':
      concern.targetNames.push(removal.record.targetName);
      break;
    case 'sick-record':
      break;
    case 'link':
      return unknowns.filter(({ subject }) => subject.startsWith('/dev/'));
  }
  return unknownsAbout(storage, concern).filter(({ reason }) => reason !== 'holds no node record');
}

function resultOf(
  object: Approved,
  run: EngineResult<HostSnapshot>,
  judged: (snapshot: HostSnapshot) => ReadonlyMap<string, SweepObject>,
): RemovalResult {
  const unknown: RemovalResult = { object, state: 'unknown', ...(run.error === undefined ? {} : { error: run.error }) };
  if (run.first === null || run.last === null) return unknown;
  const wasTried = run.steps.some(({ id }) => id === stepId(object.key));
  const objects = judged(run.last);
  if (isDone(object, objects)) {
    // without the end of the run nothing says that what could not be read was not this
    if (!run.reached) return unknown;
    return { object, state: isDone(object, judged(run.first)) || !wasTried ? 'gone' : 'removed' };
  }
  if (!run.reached && wasTried) return unknown;
  const failure = run.failures.find(
    (error) => error instanceof LongshoreError && error.details.step === stepId(object.key),
  );
  if (failure !== undefined) {
    const isChanged = failure instanceof LongshoreError && failure.code === 'E_PLAN_CHANGED';
    return { object, state: isChanged ? 'changed' : 'failed', error: failure };
  }
  if (!run.reached) return { object, state: 'unknown', ...(run.error === undefined ? {} : { error: run.error }) };
  const now = objects.get(object.key);
  const error = new LongshoreError(
    'E_PLAN_CHANGED',
    `${object.title} is not as it was approved: it is ${now?.class ?? 'gone'} now (${now?.reasons.join('; ') ?? ''}); it was left alone`,
    { remedy: 'look again with `longshore audit`' },
  );
  return { object, state: 'changed', error };
}
