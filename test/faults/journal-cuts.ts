import type { VolumeResult } from '../../src/connectors/connector.js';
import { connectorFor } from '../../src/connectors/registry.js';
import { journaledExecutor } from '../../src/fleet/journaled-executor.js';
import { volumeTask } from '../../src/fleet/volume-task.js';
import { recordsFoundFirst } from '../../src/journal/first-found.js';
import { flushInDoubt } from '../../src/journal/flush-in-doubt.js';
import { JournalFile } from '../../src/journal/journal-file.js';
import { leftWork, type ResumeMode, type WorkItem } from '../../src/journal/left-work.js';
import { parseJournal } from '../../src/journal/read-journal.js';
import { RunJournal } from '../../src/journal/run-journal.js';
import { type RunRecord, runRecord } from '../../src/journal/run-record.js';
import { connectDirectly } from '../../src/simulator/direct-executor.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { ReconnectingExecutor } from '../../src/transport/reconnecting-executor.js';
import { header } from '../unit/journal/journals.js';
import { type Death, dyingDisk } from './dying-disk.js';
import { arranged, endOf } from './iscsi-cases.js';
import { leftOf, untrueAttach, untrueDetach } from './iscsi-truth.js';
import { isDone, type IscsiWorld, VERB_LIMIT_MS } from './iscsi-world.js';
import type { Beside } from './tenant.js';

type Verb = 'attach' | 'detach';

/** Where a controller's machine dies: after so many lines of the journal that it writes. */
export interface Cut {
  readonly lines: number;
  readonly death: Death;
}

/** The first controller dies at the first cut; those that resume its run at the others, until one lives. */
export interface CutRun {
  readonly verb: Verb;
  readonly beside: Beside;
  readonly mode: ResumeMode;
  readonly cuts: readonly Cut[];
  /** the array fails writes until the first controller is dead */
  readonly failsWrites?: boolean;
  /** default true */
  readonly multipath?: boolean;
}

export interface CutResult {
  readonly name: string;
  /** controllers that did; a resume whose journal is shorter than its cut lives */
  readonly died: number;
  readonly problems: readonly string[];
}

interface Work {
  readonly run: string;
  readonly verb: string;
  readonly item?: WorkItem;
  readonly recordsBefore?: ReturnType<typeof recordsFoundFirst>;
  readonly flushInDoubt?: boolean;
  readonly resumes?: { readonly run: string; readonly mode: ResumeMode };
}

const NEVER: Cut = { lines: Number.MAX_SAFE_INTEGER, death: 'at-next' };
const MAX_TRIES = 4;
const BETWEEN_TRIES_MS = 300_000;

/**
 * A run whose controller's machine dies with its journal at some line, and `longshore resume` of it. The changes on the host are those that the journal had let
 * leave by then. The last resume gets as far as it can: then the goal of the run is reached, or what was there before is back.
 */
export async function cutRun({
  verb,
  beside,
  mode,
  cuts,
  failsWrites = false,
  multipath = true,
}: CutRun): Promise<CutResult> {
  const world = await arranged({ verb, multipath, beside });
  const problems: string[] = [];
  const name = `${verb}/${beside}/${mode}/${cuts.map(({ lines, death }) => `${death}@${lines}`).join('+')}`;
  let died = 0;
  world.onArray.failsWrites = failsWrites;
  try {
    const [firstCut = NEVER, ...laterCuts] = cuts;
    const first = await journaled(world, { run: 'r1', verb }, firstCut);
    if (first.result === null) died += 1;
    world.onArray.failsWrites = false;
    problems.push(...untrue(world, verb, first.result));
    const record = recordOf(first.text, 'r1');
    const resumers: RunRecord[] = [];
    for (let tries = 1; ; tries += 1) {
      const cut = laterCuts[tries - 1];
      const resumed = await resume(world, record, resumers, mode, { run: `r${tries + 1}`, cut: cut ?? NEVER });
      if (resumed.how === 'nothing to do') {
        problems.push(...notAs(world, wantedWhenSkipped(verb, mode, resumed.why)));
        break;
      }
      problems.push(...untrue(world, resumed.verb, resumed.result));
      if (resumed.result === null) died += 1;
      if (resumed.result !== null && isDone(resumed.result)) break;
      if (tries >= cuts.length + MAX_TRIES) {
        problems.push(`not done after ${tries} resumes: ${resumed.result?.error?.message}`);
        break;
      }
      // what the dead controller had begun may still hold the lock
      await world.clock.advance(BETWEEN_TRIES_MS);
    }
    await world.clock.advance(1000);
    problems.push(...(await world.clock.drive(endOf(world, verb))));
    problems.push(...world.host.locks.held.map((lock) => `lock ${lock} is still held`));
  } finally {
    world.stop();
  }
  return { name, died, problems };
}

/** How many lines the journal of a run has that nothing happens to. */
export async function linesOf(verb: Verb, beside: Beside): Promise<number> {
  const world = await arranged({ verb, multipath: true, beside });
  try {
    const { text } = await journaled(world, { run: 'r1', verb }, NEVER);
    return text.split('\n').length - 1;
  } finally {
    world.stop();
  }
}

/** One controller, from the first line of its journal to the last, unless it dies before: then `result` is null. */
async function journaled(
  world: IscsiWorld,
  { run, verb, item, recordsBefore, flushInDoubt: isInDoubt = false, resumes }: Work,
  cut: Cut,
): Promise<{ readonly text: string; readonly result: VolumeResult | null }> {
  const { host, volume, clock } = world;
  let die: () => void = () => undefined;
  const killed = new Promise<null>((resolve) => (die = () => resolve(null)));
  const disk = dyingDisk(cut.lines, cut.death, () => {
    for (const link of [...host.network.links]) link.cut('killed');
    die();
  });
  const work = async (): Promise<VolumeResult | null> => {
    const start = header(run, [host.name], { verb, ...(resumes === undefined ? {} : { resumes }) });
    const journal = await RunJournal.on(new JournalFile(disk.handle, `${run}.jsonl`), start);
    const task = journal.task({ verb, options: {}, hosts: [{ name: host.name, volumes: [volume] }] });
    const own = task.host(host.name);
    own.started();
    const connect = () => connectDirectly(host);
    const executor = journaledExecutor(new ReconnectingExecutor(await connect(), { connect }), own);
    const findings = await volumeTask<{ name: string }>(verb as Verb, {
      volumesOf: () => [volume],
      connectorFor,
      keepSessionsOf: () => item?.keepSessions ?? [],
      recordsBeforeOf: () => recordsBefore,
      flushInDoubtOf: () => isInDoubt,
      // who was told that data is lost has to say that it no longer matters
      force: world.journal.toldOfLoss,
    })(host, {
      executor,
      deadline: deadlineIn(VERB_LIMIT_MS, undefined, clock),
      runId: run,
      emit: () => undefined,
      journal: own,
    });
    await executor.close();
    own.ended({ ...findings, durationMs: 0, roundTrips: 0, remoteProcesses: 0 });
    task.ended();
    await journal.end({ interrupted: false });
    return findings.volumes?.get(volume.name) ?? null;
  };
  const result = await clock.drive(Promise.race([work(), killed]));
  return { text: disk.text(), result };
}

type Resumed =
  | { readonly how: 'nothing to do'; readonly why: string | null }
  | { readonly how: 'ran'; readonly verb: Verb; readonly result: VolumeResult | null };

/** What `longshore resume` does with a run, as it decides by the journals alone. */
async function resume(
  world: IscsiWorld,
  record: RunRecord | null,
  resumers: RunRecord[],
  mode: ResumeMode,
  { run, cut }: { readonly run: string; readonly cut: Cut },
): Promise<Resumed> {
  if (record === null) return { how: 'nothing to do', why: 'nothing was written' };
  const { items, skipped } = leftWork(record, mode);
  const [item] = items;
  if (item === undefined)
    return { how: 'nothing to do', why: skipped[0]?.why ?? (record.tasks.length === 0 ? 'no task' : null) };
  const at = { host: item.host, volume: item.definition.name };
  const recordsBefore = recordsFoundFirst(record, resumers, mode, at);
  const resumes = { run: record.start.run, mode };
  const work = { run, verb: item.verb, item, recordsBefore, flushInDoubt: flushInDoubt(record, resumers, at), resumes };
  const { text, result } = await journaled(world, work, cut);
  const own = recordOf(text, run);
  if (own !== null) resumers.push(own);
  return { how: 'ran', verb: item.verb as Verb, result };
}

function recordOf(text: string, run: string): RunRecord | null {
  return runRecord(parseJournal(text, `${run}.jsonl`).lines, `${run}.jsonl`);
}

function untrue(world: IscsiWorld, verb: string, result: VolumeResult | null): readonly string[] {
  if (result === null) return [];
  const is = verb === 'attach' ? untrueAttach(world, result) : untrueDetach(world, result);
  return is.map((one) => `${verb} reported: ${one}`);
}

/** What a resume that does nothing claims by that. */
function wantedWhenSkipped(verb: Verb, mode: ResumeMode, why: string | null): Verb {
  const isAtGoal = mode === 'finish' ? why === null : why?.includes('ended well') === true;
  return isAtGoal === (verb === 'attach') ? 'attach' : 'detach';
}

function notAs(world: IscsiWorld, wanted: Verb): readonly string[] {
  if (wanted === 'detach') return leftOf(world).map((one) => `nothing to resume, but there is: ${one}`);
  const { host, wwid, volume } = world;
  const paths = host.scsi.units.filter(({ cachedWwid }) => cachedWwid === `naa.${wwid.slice(1)}`).length;
  const own = volume.multipath === true ? 2 : 1;
  return paths === own ? [] : [`nothing to resume, but the volume has ${paths} paths`];
}
