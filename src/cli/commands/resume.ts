import { connectorFor } from '../../connectors/registry.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import type { FleetResult } from '../../fleet/fleet-result.js';
import { volumeTask } from '../../fleet/volume-task.js';
import type { InventoryHost } from '../../inventory/inventory.js';
import { requireSecrets } from '../../inventory/hosts/secrets.js';
import { foldNames } from '../../inventory/patterns/fold-names.js';
import { selectHosts } from '../../inventory/patterns/select-hosts.js';
import { readVolumeFile } from '../../inventory/volumes/read-volume-file.js';
import { recordsFoundFirst } from '../../journal/first-found.js';
import { flushInDoubt } from '../../journal/flush-in-doubt.js';
import { isResumable, type LeftWork, leftWork, type ResumeMode, type SkippedItem } from '../../journal/left-work.js';
import { laterWork } from '../../journal/later-work.js';
import type { RunRecord } from '../../journal/run-record.js';
import { runState } from '../../journal/run-state.js';
import { readRuns, runIds } from '../../journal/run-store.js';
import { gather } from '../../report/gather.js';
import { refusingTaken } from '../../moves/dirty/refuse-dirty.js';
import { plural } from '../../report/units.js';
import { planText, volumeTable } from '../../report/volume-text.js';
import type { Command, CommandContext } from '../command.js';
import { hostConnector } from '../connect-host.js';
import { controllerState } from '../controller.js';
import { exitCodeOfRun } from '../exit-codes.js';
import { recordNamed } from '../known-runs.js';
import { moveTools } from '../move-tools.js';
import { usageError } from '../parse-options.js';
import { performVerb } from '../perform-verb.js';
import { presentResult } from '../present-result.js';
import { resumePlaybook } from '../resume-playbook.js';
import { resumeOptions } from '../resume-options.js';
import { type ResumedVolume, volumesNow } from '../resume-volumes.js';
import { loadInventory, prepareHosts } from '../select-hosts.js';
import { stateDirectory } from '../state-directory.js';
import { wayOn } from '../way-on.js';
import { withOwners } from '../with-owners.js';

/**
 * Finishes what a dead or interrupted controller has left, or undoes it. The journal says where to look and what was there before; what is
 * there now, the hosts say.
 */
export const resume: Command = async (context) => {
  const { options } = context;
  const mode = options.undo ? 'undo' : 'finish';
  const directory = stateDirectory(context);
  const record = await recordNamed(directory, options.run);
  checkEnded(record);
  const own: CommandContext = { ...context, options: resumeOptions(options, record) };
  if (record.start.verb === 'run') return resumePlaybook(own, record);
  checkResumable(record, mode);
  const work = leftWork(record, mode);
  const result =
    work.items.length === 0 ? nothingLeft(record, mode) : await perform(own, record, mode, work, directory);
  tell(own, record, mode, work, result);
  if (work.items.length > 0 || options.json) presentResult(own, result, own.options.plan ? planText : volumeTable);
  return exitCodeOfRun(result);
};

/** Throws `E_USAGE` for a run that goes on still, and for one that is itself a resume. */
function checkEnded(record: RunRecord): void {
  const { run, resumes, controller } = record.start;
  if (runState(record, controllerState(controller)) === 'running') {
    throw usageError(
      `run ${run} is still going on: ${controller.user}, pid ${controller.pid} on this machine`,
      'Let it end, or interrupt it with Ctrl-C where it runs.',
    );
  }
  if (resumes !== undefined) {
    throw usageError(
      `run ${run} has itself resumed ${resumes.run}: resume that one`,
      `longshore resume ${resumes.run}`,
    );
  }
}

/** Throws `E_USAGE` for what cannot be resumed. */
function checkResumable(record: RunRecord, mode: ResumeMode): void {
  const { run, verb } = record.start;
  if (!isResumable(verb)) {
    throw usageError(
      `run ${run} was ${verb}: only attach, detach and extend can be resumed, and playbooks`,
      `longshore runs ${run} shows what it has done where. ${wayOn(record)}`,
    );
  }
  if (mode === 'undo' && verb === 'extend') {
    throw usageError('an extend cannot be undone: the array has grown the volume', 'Without --undo it is finished.');
  }
}

async function perform(
  context: CommandContext,
  record: RunRecord,
  mode: ResumeMode,
  work: LeftWork,
  directory: string,
): Promise<FleetResult> {
  const { options, terminal } = context;
  const { run } = record.start;
  const names = new Set(work.items.map(({ host }) => host));
  const inventory = await loadInventory(context);
  const within =
    options.limit === undefined ? null : new Set(selectHosts(inventory, options.limit).map(({ name }) => name));
  const wanted = [...names].filter((name) => within === null || within.has(name));
  const gone = wanted.filter((name) => !inventory.hosts.has(name));
  if (gone.length > 0) {
    throw new LongshoreError(
      'E_INVENTORY',
      `${inventory.filePath}: no longer has ${foldNames(gone)}, which run ${run} worked on`,
      { remedy: 'name the inventory that has them with -i, or leave them out with --limit' },
    );
  }
  const hosts = await prepareHosts(
    wanted.flatMap((name) => inventory.hosts.get(name) ?? []),
    context,
  );
  if (hosts.length === 0) throw usageError(`run ${run} has left nothing on the hosts of --limit`);
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const items = work.items.filter(({ host }) => byName.has(host));
  const { volumeFiles } = record.start;
  const files = await Promise.all(
    volumeFiles.map((filePath) => readVolumeFile(filePath, { env: terminal.env, secrets: 'deferred' })),
  );
  const resumed = volumesNow(items, byName, new Map(files.flatMap((file) => [...file])), run);
  const later = await laterRuns(directory, run);
  refuseLaterWork(record, items, later);
  const resumers = later.filter(({ start }) => start.resumes?.run === run);

  const volumes = new Map<string, readonly ResumedVolume[]>(
    hosts.map(({ name }) => [name, resumed.filter(({ host }) => host === name)]),
  );
  const volumesOf = ({ name }: InventoryHost) => (volumes.get(name) ?? []).map(({ volume }) => volume);
  const verb = resumed[0]?.verb ?? 'attach';
  if (verb === 'attach') {
    requireSecrets(hosts.map((host) => ({ ...host, volumes: new Map(volumesOf(host).map((one) => [one.name, one])) })));
  }
  const resumes = { run, mode };
  // what an undo takes away was never handed out on purpose, but it may be in use by now: no force
  const overrides = mode === 'finish' && options.force ? (record.tasks[0]?.start.overrides ?? []) : [];
  // without a reason on record nothing is forced
  const force = overrides.length > 0;
  const task = volumeTask<InventoryHost>(verb, {
    volumesOf,
    connectorFor,
    planOnly: options.plan,
    force,
    ignoreErrors: force && options.ignoreErrors,
    keepSessionsOf: ({ name }, volume) =>
      volumes.get(name)?.find((one) => one.volume.name === volume.name)?.keepSessions ?? [],
    recordsBeforeOf: ({ name }, volume) =>
      recordsFoundFirst(record, resumers, mode, { host: name, volume: volume.name }),
    flushInDoubtOf: ({ name }, volume) => flushInDoubt(record, resumers, { host: name, volume: volume.name }),
  });
  const wwidsOf = (host: InventoryHost) => volumesOf(host).map(({ wwid }) => wwid);
  const entries = await moveTools(context, verb).ledger.entries();
  const result = await performVerb(context, {
    verb,
    hosts,
    task: verb === 'detach' ? refusingTaken(task, entries, wwidsOf) : task,
    connect: hostConnector(context),
    changesHosts: !options.plan,
    refusesDirty: verb !== 'detach',
    journaled: {
      options: verb === 'detach' ? { force, 'ignore-errors': force && options.ignoreErrors } : {},
      overrides,
      volumesOf,
      volumeFiles,
      resumes,
    },
  });
  const owned = options.plan ? result : await withOwners(context, result, hosts, volumesOf);
  return { ...owned, resumes };
}

/** All runs since this one, the oldest first. Throws `E_JOURNAL` for one that cannot be read. */
async function laterRuns(directory: string, run: string): Promise<readonly RunRecord[]> {
  const later = (await runIds(directory)).filter((id) => id > run);
  const { runs, problems } = await readRuns(directory, later);
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  return runs;
}

/** A goal that somebody has overtaken is no longer the goal. Throws `E_USAGE`. */
function refuseLaterWork(record: RunRecord, items: LeftWork['items'], later: readonly RunRecord[]): void {
  const conflicts = laterWork(record, items, later);
  if (conflicts.length === 0) return;
  const lines = gather(
    conflicts.map((one) => [one.host, `${one.volume}: run ${one.run} (${one.verb}) has worked on it since`] as const),
    (what) => what,
  ).map(({ names, value }) => `${foldNames(names)} ${value}`);
  throw usageError(
    lines.join('\n'),
    'What that run wanted counts. Use attach or detach, or leave these hosts out with --limit.',
  );
}

function nothingLeft({ start }: RunRecord, mode: ResumeMode): FleetResult {
  const { run, verb } = start;
  return { run, verb, hosts: new Map(), notRun: [], interrupted: false, durationMs: 0, resumes: { run, mode } };
}

function tell(
  { options, terminal }: CommandContext,
  { start }: RunRecord,
  mode: ResumeMode,
  { items, skipped }: LeftWork,
  { verb, hosts, notRun }: FleetResult,
): void {
  if (options.json) return;
  const what =
    items.length === 0 ? `nothing to ${mode}` : `${mode} by ${verb} on ${plural(hosts.size + notRun.length, 'host')}`;
  terminal.stderr.write(`run ${start.run} (${start.verb}): ${what}\n`);
  for (const { names, value } of gather(skipped.map(entryOf), (text) => text)) {
    terminal.stderr.write(`    ${foldNames(names)} ${value}\n`);
  }
}

function entryOf({ host, volume, why }: SkippedItem): readonly [string, string] {
  return [host, `${volume}: ${why}`];
}
