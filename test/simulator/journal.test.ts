import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { VolumeSpec } from '../../src/connectors/connector.js';
import { connectorFor } from '../../src/connectors/registry.js';
import { execTask } from '../../src/fleet/exec-task.js';
import type { FleetResult } from '../../src/fleet/fleet-result.js';
import { runFleet } from '../../src/fleet/run-fleet.js';
import type { HostTask } from '../../src/fleet/run-host.js';
import { volumeTask, type VolumeVerb } from '../../src/fleet/volume-task.js';
import { JournalFile } from '../../src/journal/journal-file.js';
import type { JournalLine } from '../../src/journal/journal-lines.js';
import { parseJournal } from '../../src/journal/read-journal.js';
import { RunJournal } from '../../src/journal/run-journal.js';
import { Secret } from '../../src/secrets/secret.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import type { Deadline } from '../../src/time/deadline.js';
import type { Executor, LaneRequest, RepliesTo } from '../../src/transport/executor.js';
import { onlyLooks } from '../../src/transport/read-only-executor.js';
import { header } from '../unit/journal/journals.js';
import { type Site, site } from './iscsi-site.js';

interface Sent {
  readonly requests: readonly LaneRequest[];
  /** what was on disk when they left */
  readonly onDisk: readonly JournalLine[];
}

interface Run {
  readonly result: FleetResult;
  readonly lines: readonly JournalLine[];
  /** the sequences that could change the host */
  readonly sent: readonly Sent[];
  readonly text: string;
}

/** Runs a task on the site's host with a journal on disk, and looks at the disk whenever a change leaves. */
async function journaled(
  where: Site,
  verb: string,
  task: HostTask<{ name: string }>,
  volumes: readonly VolumeSpec[],
  file?: JournalFile,
): Promise<Run> {
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-journal-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const own = file ?? (await JournalFile.create(path.join(directory, 'r1.jsonl')));
  const read = () => (file === undefined ? readFileSync(own.filePath, 'utf8') : '');
  const sent: Sent[] = [];
  const journal = await RunJournal.on(own, header('r1', [where.host.name], { verb })).catch(() => null);
  if (journal === null) throw new Error('no journal');
  const result = await runFleet([{ name: where.host.name }], task, {
    run: 'r1',
    verb,
    connect: () =>
      Promise.resolve(
        watched(new DirectExecutor(where.host), (requests) => {
          sent.push({ requests, onDisk: parseJournal(read(), 'r1').lines });
        }),
      ),
    journal: journal.task({ verb, options: {}, hosts: [{ name: where.host.name, volumes }] }),
  });
  await journal.end({ interrupted: false }).catch(() => undefined);
  const text = read();
  return { result, lines: parseJournal(text, 'r1').lines, sent, text };
}

function watched(inner: Executor, onChange: (requests: readonly LaneRequest[]) => void): Executor {
  return {
    host: inner.host,
    sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
      if (!requests.every((request) => request.kind === 'lock' || onlyLooks(request))) onChange(requests);
      return inner.sequence(deadline, requests);
    },
    prepareLanes: (count) => inner.prepareLanes(count),
    counters: () => inner.counters(),
    close: () => inner.close(),
  };
}

function verbOn(where: Site, verb: VolumeVerb, volume: VolumeSpec, file?: JournalFile): Promise<Run> {
  return journaled(where, verb, volumeTask(verb, { volumesOf: () => [volume], connectorFor }), [volume], file);
}

function ofType<T extends JournalLine['type']>(lines: readonly JournalLine[], type: T) {
  return lines.filter((line): line is Extract<JournalLine, { type: T }> => line.type === type);
}

/** Every change that left had an intent on disk, and every intent has one outcome in the end. */
function expectWriteAhead({ sent, lines }: Run): void {
  expect(sent.length).toBeGreaterThan(0);
  let before = 0;
  for (const { onDisk } of sent) {
    const intents = ofType(onDisk, 'intent').length;
    const open = intents - ofType(onDisk, 'outcome').length;
    expect(open).toBeGreaterThan(0);
    expect(intents).toBeGreaterThanOrEqual(before);
    before = intents;
  }
  const outcomes = ofType(lines, 'outcome').map(({ op }) => op);
  expect(outcomes.toSorted((a, b) => a - b)).toEqual(ofType(lines, 'intent').map(({ op }) => op));
}

describe('the journal of a verb', () => {
  it('has each change of an attach on disk before it leaves, and its outcome after it', async () => {
    const where = site();
    const run = await verbOn(where, 'attach', where.volume());
    expectWriteAhead(run);
    const steps = ofType(run.lines, 'intent').map(({ step }) => step);
    for (const portal of where.fleet.portals) {
      expect(steps).toContain(`record ${portal}`);
      expect(steps).toContain(`login ${portal}`);
    }
    expect(ofType(run.lines, 'found')[0]?.found).toEqual({ attached: false, paths: [], sessions: [], records: [] });
    const [ended] = ofType(run.lines, 'volume-ended');
    expect(ended).toMatchObject({ outcome: 'changed', wwid: where.volume().wwid, left: [] });
    expect(ended?.paths.map(({ state }) => state)).toEqual(['active', 'active']);
    expect(run.lines.at(-1)).toMatchObject({ type: 'run-ended', interrupted: false });
  });

  it('costs an attach no round trip', async () => {
    const where = site();
    const run = await verbOn(where, 'attach', where.volume());
    expect(run.result.hosts.get(where.host.name)?.roundTrips).toBe(4);
  });

  it('has what was there before a detach, and each of its changes', async () => {
    const where = site();
    await where.use((connector) => connector.attach(where.volume()));
    const run = await verbOn(where, 'detach', where.volume());
    expectWriteAhead(run);
    const [found] = ofType(run.lines, 'found');
    expect(found?.found).toMatchObject({ attached: true, deviceInfo: { scsi_wwn: where.volume().wwid } });
    expect(found?.found.sessions.map(({ portal }) => portal)).toEqual(where.fleet.portals);
    expect(found?.found.records.map(({ mark }) => mark)).toEqual(['made', 'made']);
    expect(where.host.leftovers()).toEqual([]);
  });

  it('has the rescan of an extend', async () => {
    const where = site();
    await where.use((connector) => connector.attach(where.volume()));
    const run = await verbOn(where, 'extend', where.volume());
    expectWriteAhead(run);
    expect(ofType(run.lines, 'intent').map(({ step }) => step)).toEqual(['rescan data']);
  });

  it('has no intent when there is nothing to do', async () => {
    const where = site();
    await where.use((connector) => connector.attach(where.volume()));
    const run = await verbOn(where, 'attach', where.volume());
    expect(run.sent).toEqual([]);
    expect(ofType(run.lines, 'intent')).toEqual([]);
    expect(ofType(run.lines, 'volume-ended')[0]?.outcome).toBe('ok');
  });

  it('has the changes of a discovery, which are no steps of a plan', async () => {
    const where = site();
    const data = {
      discovery_auth_method: 'CHAP',
      discovery_auth_username: 'u',
      discovery_auth_password: new Secret('planted-1'),
    };
    const run = await verbOn(where, 'attach', where.discovered(data));
    expectWriteAhead(run);
    const commands = ofType(run.lines, 'intent').map(({ command }) => command ?? '');
    expect(commands.some((command) => command.includes('discoverydb'))).toBe(true);
  });

  it('names a failed step and those that were not run because of it', async () => {
    const where = site();
    const [first = ''] = where.fleet.portals;
    where.fleet.array.setPortal(first, 'down');
    const run = await verbOn(where, 'attach', where.volume());
    expectWriteAhead(run);
    const failed = ofType(run.lines, 'outcome').filter(({ result }) => result === 'failed');
    expect(failed[0]?.error?.code).toBe('E_PORTAL_UNREACHABLE');
  });

  it('has the command of an exec and how it ended, but nothing that it printed', async () => {
    const where = site();
    const run = await journaled(where, 'exec', execTask(['uname', '-m']), []);
    expectWriteAhead(run);
    expect(ofType(run.lines, 'intent')[0]).toMatchObject({ command: 'uname -m' });
    expect(ofType(run.lines, 'host-ended')[0]).toMatchObject({ outcome: 'ok', exit: 0 });
    expect(run.text).not.toContain('x86_64');
  });

  it('holds no secret of the volume', async () => {
    const where = site();
    const { data } = where.volume();
    const planted = String(data['auth_password']);
    const secured = where.volume({ auth_password: new Secret(planted) });
    const attach = await verbOn(where, 'attach', secured);
    const detach = await verbOn(where, 'detach', secured);
    expect(planted.length).toBeGreaterThan(8);
    for (const { text } of [attach, detach]) {
      expect(text).toContain('[redacted]');
      expect(text).not.toContain(planted);
    }
  });
});

describe('a journal that cannot be written', () => {
  it('ends the verb before its first change', async () => {
    const where = site();
    const full = new JournalFile(await open('/dev/full', 'a'), '/dev/full');
    await expect(verbOn(where, 'attach', where.volume(), full)).rejects.toThrow('no journal');
    expect(where.host.leftovers()).toEqual([]);
  });

  it('ends it before the next change when it fails in the middle, and names what may be left', async () => {
    const where = site();
    const directory = mkdtempSync(path.join(tmpdir(), 'longshore-journal-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const handle = await open(path.join(directory, 'r1.jsonl'), 'a');
    const write = handle.write.bind(handle);
    let isFull = false;
    const failing = Object.assign(Object.create(handle) as typeof handle, {
      write: (...args: Parameters<typeof write>) =>
        isFull ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) : write(...args),
      datasync: () => handle.datasync(),
      close: () => handle.close(),
    });
    const journal = await RunJournal.on(new JournalFile(failing, 'r1.jsonl'), header('r1', [where.host.name]));
    let changes = 0;
    const volume = where.volume();
    const result = await runFleet(
      [{ name: where.host.name }],
      volumeTask('attach', { volumesOf: () => [volume], connectorFor }),
      {
        run: 'r1',
        verb: 'attach',
        connect: () =>
          Promise.resolve(
            watched(new DirectExecutor(where.host), () => {
              changes += 1;
              isFull = true;
            }),
          ),
        journal: journal.task({ verb: 'attach', options: {}, hosts: [{ name: where.host.name, volumes: [volume] }] }),
      },
    );
    await expect(journal.end({ interrupted: false })).rejects.toMatchObject({ code: 'E_JOURNAL' });
    expect(changes).toBe(1);
    const attached = result.hosts.get(where.host.name)?.volumes?.get('data');
    expect(attached).toMatchObject({ outcome: 'failed', error: { code: 'E_JOURNAL' } });
    expect(attached?.left).toEqual(expect.arrayContaining([expect.stringContaining('node record at')]));
  });
});
