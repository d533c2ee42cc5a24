import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LedgerFile } from '../../src/moves/ledger/ledger-file.js';
import { resultSchema } from '../../src/report/result-schema.js';
import { runsSchema, type RunsDocument } from '../../src/report/runs-schema.js';
import { type FleetFiles, startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { type Ended, longshore, startLongshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

let fleet: SimulatedFleet;
let files: FleetFiles;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;
let state: string;

beforeAll(async () => {
  scratch = await scratchDirectory();
  // scans and logouts that take long enough to die in their middle
  fleet = await startSimulatedFleet({ hosts: 3, delays: { loginMs: 400, logoutMs: 400, scanMs: 1_500 } });
  files = await fleet.writeFiles(scratch.directoryPath);
});

beforeEach(async () => {
  await run('detach');
  expect(fleet.leftovers()).toEqual([]);
  state = (await scratchDirectory()).directoryPath;
});

afterAll(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
});

/** A command on the fleet, with the journals of this test. */
function args(verb: string, ...more: readonly string[]): string[] {
  return [verb, '-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, ...more];
}

const env = () => (state === undefined ? {} : { env: { LONGSHORE_STATE_DIR: state } });
const run = (verb: string, ...more: readonly string[]): Promise<Ended> => longshore(args(verb, ...more), env());
/** without -i and --known-hosts: those are in the journal */
const alone = (...words: readonly string[]): Promise<Ended> => longshore(words, env());

async function told(...words: readonly string[]): Promise<RunsDocument> {
  const { stdout, stderr } = await alone('runs', ...words, '--json');
  expect(stderr).toBe('');
  return runsSchema.parse(JSON.parse(stdout));
}

/** Starts a verb on one host after the other, kills it while `step` is at work, and gives the run's id. */
async function killed(verb: string, step: string, ...more: readonly string[]): Promise<string> {
  const running = startLongshore(args(verb, '--fanout', '1', '--log-level', 'debug', ...more), env());
  await running.stderrHas(`"step":"${step}`);
  running.signal('SIGKILL');
  await running.ended;
  const [last] = (await readdir(join(state, 'runs'))).sort().slice(-1);
  return (last ?? '').replace('.jsonl', '');
}

/** What an evacuation of dock01 writes down, and what a clean does. */
async function mark(as: 'dirty' | 'clean'): Promise<void> {
  const volumes = [{ volume: 'data', wwid: fleet.volumes[0]?.wwid ?? '' }];
  await new LedgerFile(state, 'test').add({ kind: 'host-mark', host: 'dock01', mark: as, volumes, why: 'evacuated' });
}

describe('an attach whose controller was killed', () => {
  it('is told by runs as died, with what it was doing, and resume finishes it', async () => {
    const id = await killed('attach', 'scan');
    const list = await told();
    expect(list.runs).toHaveLength(1);
    expect(list.runs?.[0]).toMatchObject({
      run: id,
      verb: 'attach',
      state: 'died',
      hosts: { unfinished: 1, 'not run': 2 },
    });
    const { run: one } = await told(id);
    const volume = one?.tasks[0]?.hosts['dock01']?.volumes['data'];
    expect(volume).toMatchObject({ state: 'unfinished', before: 'not attached' });
    const open = volume?.changes.filter(({ result }) => result === null).map(({ step }) => step.split(' ')[0]);
    expect(open?.toSorted()).toEqual(['map', 'scan', 'scan']);
    const text = await alone('runs', id);
    expect(text.stdout).toMatch(/^dock01 +data +unfinished +not attached +4 steps done\n +not known: scan LUN 1 of/m);
    expect(text.stderr).toContain(`longshore resume ${id} --undo`);

    const plan = await alone('resume', id, '--plan');
    expect(plan.code).toBe(0);
    expect(plan.stdout).toContain('scan LUN 1');
    const resumed = await alone('resume', id, '--json');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    const document = resultSchema.parse(JSON.parse(resumed.stdout));
    expect(document).toMatchObject({
      verb: 'attach',
      resumes: { run: id, mode: 'finish' },
      totals: { hosts: 3 },
    });
    // on dock01 what the dead one had begun may have come to its end by now
    expect(['changed', 'ok']).toContain(document.hosts['dock01']?.outcome);
    expect(['dock02', 'dock03'].map((host) => document.hosts[host]?.outcome)).toEqual(['changed', 'changed']);

    const again = resultSchema.parse(JSON.parse((await alone('resume', id, '--json')).stdout));
    expect(again.totals).toMatchObject({ hosts: 3, ok: 3 });
    const { resumedBy = [] } = (await told(id)).run ?? {};
    expect(resumedBy).toHaveLength(2);
    expect((await alone('resume', resumedBy[0] ?? '', '--undo')).stderr).toContain(`has itself resumed ${id}`);
    const { attached } = await told('--attached');
    expect(attached?.map(({ host, state: how, before }) => [host, how, before])).toEqual(
      ['dock01', 'dock02', 'dock03'].map((host) => [host, 'attached', 'not attached']),
    );
    // one line, or more: the run that was killed may have finished some of them
    expect((await alone('runs', '--attached')).stdout).toMatch(/^dock(01|\[01-0[23]\]) +data +attached/m);
  });

  it('is undone with --undo, to the last record, and twice changes nothing', async () => {
    const id = await killed('attach', 'scan');
    const left = fleet.leftovers();
    expect(left).not.toEqual([]);
    // evacuated meanwhile: neither is for a host that is dirty
    await mark('dirty');
    for (const mode of [[], ['--undo']]) {
      const refused = await alone('resume', id, '--limit', 'dock01', ...mode);
      expect({ code: refused.code, why: refused.stderr.includes('E_HOST_DIRTY') }).toEqual({ code: 5, why: true });
    }
    expect(fleet.leftovers()).toEqual(left);
    await mark('clean');
    const undone = await alone('resume', id, '--undo');
    expect(undone.code).toBe(0);
    expect(undone.stdout).toMatch(/^dock01 +data +detached$/m);
    expect(undone.stderr).toContain('undo by detach on 1 host');
    expect(fleet.leftovers()).toEqual([]);
    const again = await alone('resume', id, '--undo');
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toMatch(/^dock01 +data +not attached$/m);
    expect((await told('--attached')).attached).toEqual([]);
  });

  it('is resumed in the batches that it had: a host that fails is the last one', async () => {
    const id = await killed('attach', 'scan', '--serial', '1');
    await mark('dirty');
    const resumed = await alone('resume', id, '--json');
    const { hosts, notRun } = resultSchema.parse(JSON.parse(resumed.stdout));
    expect([hosts['dock01']?.outcome, notRun]).toEqual(['refused', ['dock02', 'dock03']]);
    // what the command line gives comes first
    const borne = await alone('resume', id, '--json', '--max-failures', '1');
    expect(resultSchema.parse(JSON.parse(borne.stdout)).totals).toMatchObject({ refused: 1, changed: 2 });
    await mark('clean');
  });

  it('leaves a volume that was attached before it', async () => {
    await run('attach', '--limit', 'dock01');
    const id = await killed('attach', 'scan');
    const undone = await alone('resume', id, '--undo');
    expect(undone.code).toBe(0);
    expect(undone.stderr).toContain('dock01 data: the attach ended well there: it stays');
    expect(new Set(fleet.leftovers().map((one) => one.split(':')[0]))).toEqual(new Set(['dock01']));
  });
});

describe('a detach whose controller was killed', () => {
  it('is finished by resume', async () => {
    await run('attach');
    const id = await killed('detach', 'log out');
    expect((await alone('resume', id)).code).toBe(0);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('is undone by an attach where it was attached', async () => {
    await run('attach', '--limit', 'dock01');
    const id = await killed('detach', 'log out');
    const undone = resultSchema.parse(JSON.parse((await alone('resume', id, '--undo', '--json')).stdout));
    expect(undone).toMatchObject({ verb: 'attach', hosts: { dock01: { outcome: 'changed' } } });
    expect(undone.hosts['dock01']?.volumes['data']?.paths.map(({ state: how }) => how)).toEqual(['active', 'active']);
  });
});

describe('a forced detach whose controller was killed', () => {
  it('keeps its reason: the run, its resume and its report say why', async () => {
    await run('attach');
    const why = 'array 2 is <gone>';
    const id = await killed('detach', 'log out', '--force', '--volume', 'data', '--reason', why);
    const forced = { what: 'force', volume: 'data', reason: why };
    expect((await told(id)).run?.tasks[0]?.overrides).toEqual([forced]);
    expect((await alone('runs', id)).stdout).toMatch(/^override +force data: array 2 is <gone>$/m);
    const page = join(state, 'run.html');
    await alone('report', id, '--html', page);
    expect(await readFile(page, 'utf8')).toContain('force data: array 2 is &lt;gone&gt;');

    expect((await alone('resume', id)).code).toBe(0);
    expect((await told('last')).run).toMatchObject({ resumes: { run: id }, tasks: [{ overrides: [forced] }] });
    expect(fleet.leftovers()).toEqual([]);
  });
});

describe('resume refuses, and changes nothing', () => {
  it('a run that goes on still, and has nothing to do for one that came to its end', async () => {
    const running = startLongshore(args('exec', '--log-level', 'debug', '--', 'sleep', '600'), env());
    await running.stderrHas('"change-leaves"');
    const [file = ''] = await readdir(join(state, 'runs'));
    expect((await told()).runs?.[0]?.state).toBe('running');
    const refused = await alone('resume', file.replace('.jsonl', ''));
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('is still going on');
    running.signal('SIGKILL');
    await running.ended;
    expect((await told()).runs?.[0]?.state).toBe('died');
    expect((await alone('runs', 'last')).stderr).not.toContain('longshore resume');

    await run('attach');
    const [, last = ''] = (await readdir(join(state, 'runs'))).sort();
    for (const how of [[], ['--undo']]) {
      const finished = await alone('resume', last.replace('.jsonl', ''), ...how);
      expect(finished).toMatchObject({ code: 0, stdout: '' });
      expect(finished.stderr).toContain('nothing to');
    }
  });

  it('a volume that is another by now, one that a later run has detached, and what is no run', async () => {
    const id = await killed('attach', 'scan');
    const text = await readFile(files.inventoryFile, 'utf8');
    const other = join(scratch.directoryPath, 'other.yaml');
    await writeFile(other, text.replaceAll(/(target_luns:\n +- )1\n( +- )1\n/g, '$12\n$22\n'));
    const before = fleet.leftovers();
    const changed = await alone('resume', id, '-i', other);
    expect(changed).toMatchObject({ code: 3, stdout: '' });
    expect(changed.stderr).toContain('data.target_luns was [1,1], is [2,2]');
    expect(fleet.leftovers()).toEqual(before);

    await run('detach', '--limit', 'dock01');
    const overtaken = await alone('resume', id);
    expect(overtaken).toMatchObject({ code: 3, stdout: '' });
    expect(overtaken.stderr).toMatch(/dock01 data: run \S+ \(detach\) has worked on it since/);
    expect((await alone('resume', '2020')).stderr).toContain('there is no run 2020');
    expect(fleet.leftovers()).toEqual([]);
  });

  it('an exec, and the undo of an extend', async () => {
    await run('exec', '--', 'uname');
    const [first = ''] = await readdir(join(state, 'runs'));
    expect((await alone('resume', first.replace('.jsonl', ''))).stderr).toContain('only attach, detach and extend');
    await run('attach');
    await run('extend');
    const last = (await readdir(join(state, 'runs'))).sort().at(-1) ?? '';
    const refused = await alone('resume', last.replace('.jsonl', ''), '--undo');
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('an extend cannot be undone');
  });
});
