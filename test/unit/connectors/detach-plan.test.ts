import { describe, expect, it } from 'vitest';
import { EMPTY_HISTORY, type History, withVerdict } from '../../../src/connectors/engine/history.js';
import type { Step } from '../../../src/connectors/engine/step.js';
import { planDetach } from '../../../src/connectors/iscsi/detach-plan.js';
import { detachScope, undoScope } from '../../../src/connectors/iscsi/detach-scope.js';
import { forgetStep } from '../../../src/connectors/iscsi/forget-step.js';
import { iscsiGoal } from '../../../src/connectors/iscsi/goal.js';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import type { Iqn } from '../../../src/linux/identifiers.js';
import type { StorageState } from '../../../src/linux/storage-state.js';
import type { LaneReply } from '../../../src/transport/executor.js';
import {
  attached,
  disk,
  map,
  OTHER_WWID,
  record,
  session,
  state,
  TARGET,
  unasked,
  volume,
  WWID,
} from './storage-states.js';

function plan(
  storage: StorageState,
  options: {
    force?: boolean;
    wwid?: string;
    history?: History;
    first?: StorageState;
    written?: boolean;
    stalePaths?: readonly string[];
  } = {},
) {
  const goal = iscsiGoal(volume(options.wwid === undefined ? {} : { wwid: options.wwid }));
  const scope = detachScope(goal, null, options.force ?? false);
  const { written, stalePaths } = options;
  const counts =
    written === undefined ? {} : { written: new Map(['sda', 'sdc', 'dm-0'].map((name) => [name, written])) };
  const observation = { ...unasked(storage), ...counts, ...(stalePaths === undefined ? {} : { stalePaths }) };
  return planDetach(scope, observation, options.history ?? EMPTY_HISTORY, unasked(options.first ?? storage));
}

function steps(storage: StorageState, options: Parameters<typeof plan>[1] = {}): readonly Step[] {
  const result = plan(storage, options);
  if (result.kind === 'stop') throw result.error;
  return result.kind === 'steps' ? result.steps : [];
}

/** One disk without a map. */
function single(): StorageState {
  const only = disk(0);
  const block = only.block === null ? null : { ...only.block, holders: [] };
  return { ...attached(), sessions: [session(0)], scsiDevices: [{ ...only, block }], dmDevices: [] };
}

function refusal(storage: StorageState, options: Parameters<typeof plan>[1] = {}): string {
  const result = plan(storage, options);
  if (result.kind !== 'stop' || !(result.error instanceof LongshoreError)) return result.kind;
  return `${result.error.code}: ${result.error.message}`;
}

function commands(step: Step | undefined): string[] {
  return (step?.requests ?? []).flatMap((request) => (request.kind === 'run' ? [request.argv.join(' ')] : []));
}

describe('the plan of a detach', () => {
  it('flushes and removes the map, then each disk, logs out, and deletes the records', () => {
    expect(steps(attached()).map((step) => step.id)).toEqual([
      `flush map mpath-${WWID}`,
      'remove 0:0:0:1',
      'remove 1:0:0:1',
      'log out of session 1',
      'log out of session 2',
      'delete record 10.1.0.1:3260 default',
      'delete record 10.2.0.1:3260 default',
      'multipathd forgets (wait)',
    ]);
  });

  it('writes the data with fdatasync before the map goes, and asks each path who it is before that', () => {
    expect(commands(steps(attached())[0])).toEqual([
      '/lib/udev/scsi_id --page=0x83 --whitelisted --device=/dev/sda',
      '/lib/udev/scsi_id --page=0x83 --whitelisted --device=/dev/sdc',
      'sync -d /dev/dm-0',
      `multipath -f ${WWID}`,
    ]);
  });

  it('removes no disk before its map is gone, and logs out of no session before its disk is gone', () => {
    const all = steps(attached());
    expect(all.find((step) => step.id === 'remove 0:0:0:1')?.after).toEqual([`flush map mpath-${WWID}`]);
    expect(all.find((step) => step.id === 'log out of session 1')?.after).toEqual(['remove 0:0:0:1']);
    expect(all.find((step) => step.id === 'log out of session 1')?.requests[0]).toMatchObject({
      kind: 'wait',
      timeoutMs: 0,
      absent: ['/sys/class/iscsi_session/session1/device/target*/*:*:*:*'],
    });
  });

  it('leaves a session alone that carries another LUN, and says so at the end', () => {
    const other = disk(0, {}, 2, OTHER_WWID);
    const storage = { ...attached(), scsiDevices: [...attached().scsiDevices, other] };
    expect(steps(storage).map((step) => step.id)).not.toContain('log out of session 1');
    const after = state({ sessions: [session(0)], scsiDevices: [other], nodeRecords: [record(0)] });
    const history = { ...EMPTY_HISTORY, succeeded: new Set(['multipathd forgets (wait)']) };
    const end = plan(after, { first: storage, history });
    expect(end).toMatchObject({
      kind: 'done',
      warnings: [expect.stringContaining('session 1 to 10.1.0.1:3260 stays')],
    });
  });

  it('counts a device without a disk as a user of the session', () => {
    const enclosure = disk(0, { block: null, type: 13, cachedWwid: null }, 0, WWID);
    const storage = { ...attached(), scsiDevices: [...attached().scsiDevices, enclosure] };
    expect(steps(storage).map((step) => step.id)).not.toContain('log out of session 1');
  });

  it('refuses a mounted volume and names the mount point', () => {
    const mount = { dev: '253:0', source: `/dev/mapper/${WWID}`, mountPoint: '/data', fsType: 'ext4' };
    expect(refusal({ ...attached(), mounts: [mount] })).toMatch(/E_DEVICE_BUSY.*\/data/);
    expect(refusal({ ...attached(), mounts: [mount] }, { force: true })).toMatch(/E_DEVICE_BUSY.*\/data/);
  });

  it('looks again at a map that something unknown has open, and then refuses', () => {
    const disks = [disk(0), disk(1)];
    const storage = { ...attached(), dmDevices: [map(disks, { openCount: 1 })] };
    expect(plan(storage).kind).toBe('look');
    expect(refusal(storage, { history: { ...EMPTY_HISTORY, observations: 5 } })).toMatch(/E_DEVICE_BUSY/);
  });

  it('refuses a disk that is another volume than the wanted one', () => {
    expect(refusal(attached(), { wwid: OTHER_WWID })).toMatch(/E_IDENTITY_MISMATCH/);
  });

  it('refuses a map that also holds a disk of something else', () => {
    const disks = [disk(0), disk(1)];
    expect(refusal({ ...attached(), dmDevices: [map(disks, { slaves: ['sda', 'sdc', 'sdx'] })] })).toMatch(
      /E_IDENTITY_MISMATCH/,
    );
  });

  it.each([
    ['a map', attached()],
    ['a single path', single()],
  ])(
    'waits for sessions that come back when no path of %s is left, then stops and says for what it waited',
    (_what, whole) => {
      const storage = { ...whole, sessions: [session(0, { state: 'FAILED' }), session(1, { state: 'FREE' })] };
      const waits = steps(storage);
      expect(waits.map((step) => step.changes)).toEqual(waits.map(() => []));
      expect(waits.map((step) => step.id)).toEqual(storage.scsiDevices.map(({ hctl }) => `recovery of ${hctl}`));
      const error = new LongshoreError('E_COMMAND_TIMEOUT', 'not so in time');
      const history = waits.reduce(
        (all, step) => withVerdict(all, step, { ok: false, weight: 'final', error }),
        EMPTY_HISTORY,
      );
      expect(refusal(storage, { history })).toMatch(
        /E_FLUSH_FAILED: .*session 1 to 10\.1\.0\.1:3260 is FAILED.*waited 30 s/,
      );
    },
  );

  it('does not wait for a path that an operator took offline', () => {
    const storage = { ...single(), scsiDevices: single().scsiDevices.map((one) => ({ ...one, state: 'offline' })) };
    expect(refusal(storage)).toMatch(/^E_FLUSH_FAILED: .*sda \(0:0:0:1, offline;/);
    expect(refusal(storage)).not.toContain('waited');
  });

  it('gives a map without paths up only by force', () => {
    const storage = { ...attached(), sessions: [session(0, { state: 'FAILED' }), session(1, { state: 'FAILED' })] };
    expect(steps(storage, { force: true })[0]?.id).toBe(`give up map mpath-${WWID}`);
  });

  it('does not ask a dead path who it is, and does not flush it', () => {
    const storage = { ...attached(), sessions: [session(0), session(1, { state: 'FAILED' })] };
    const all = steps(storage);
    expect(commands(all[0]).filter((command) => command.includes('sdc'))).toEqual([]);
    expect(commands(all.find((step) => step.id === 'remove 1:0:0:1'))).toEqual([]);
  });

  it('removes disks of the volume that are outside its map, and through other portals too', () => {
    const late = disk(1, { sid: 9, hctl: '9:0:0:1' as never });
    const storage = {
      ...attached(),
      sessions: [...attached().sessions, session(1, { sid: 9, portal: null })],
      scsiDevices: [...attached().scsiDevices, late],
    };
    expect(steps(storage).map((step) => step.id)).toContain('remove 9:0:0:1');
  });

  it('flushes a disk without a map itself', () => {
    const storage = state({
      sessions: [session(0)],
      scsiDevices: [disk(0, { block: { ...disk(0).block!, holders: [] } })],
      nodeRecords: [record(0)],
    });
    expect(commands(steps(storage)[0])).toEqual([
      '/lib/udev/scsi_id --page=0x83 --whitelisted --device=/dev/sda',
      'sync -d /dev/sda',
    ]);
  });

  it('says nothing is left only when that could be read', () => {
    expect(plan(state(), { stalePaths: [] })).toEqual({ kind: 'done', warnings: [] });
    expect(
      plan(state({ unknowns: [{ subject: '/sys/class/iscsi_session/session1', reason: 'not readable' }] })).kind,
    ).toBe('look');
  });

  it('does not say that nothing is left while a session to the target does not show its portal', () => {
    const subject = '/sys/class/iscsi_session/session1/device';
    const lone = { ...single(), sessions: [{ ...session(0), portal: null }], nodeRecords: [] };
    const unknowns = [{ subject, reason: 'shows no connection' }];
    expect(plan({ ...lone, unknowns }, { stalePaths: [] })).toEqual({
      kind: 'look',
      why: `cannot read ${subject}: shows no connection`,
    });
    const foreign = { ...lone, sessions: [{ ...session(0), portal: null, targetName: `${TARGET}-2` as Iqn }] };
    expect(plan({ ...foreign, unknowns }, { stalePaths: [] }).kind).toBe('done');
  });

  it('asks a disk that the kernel has no identity of, for its answer was lost, before it removes it', () => {
    const unnamed = disk(0, { cachedWwid: null, block: { ...disk(0).block!, holders: [] } });
    const subject = `/sys/class/iscsi_session/session1/device/target0:0:0/${unnamed.hctl}/wwid`;
    const unknowns = [{ subject, reason: '"" is no unique identity' }];
    const storage = state({ sessions: [session(0)], scsiDevices: [unnamed], nodeRecords: [record(0)], unknowns });
    const asks = commands(steps(storage, { wwid: WWID })[0]);
    expect(asks[0]).toBe('/lib/udev/scsi_id --page=0x83 --whitelisted --device=/dev/sda');
    // nobody has said what it should answer, or it cannot
    expect(plan(storage).kind).toBe('look');
    const dead = { ...storage, scsiDevices: [{ ...unnamed, state: 'transport-offline' }] };
    expect(refusal(dead, { wwid: WWID, force: true })).toMatch(/^E_IDENTITY_UNKNOWN/);
  });

  it('found no disk: asks what multipathd still tracks that is none, and waits until it has forgotten that', () => {
    expect(plan(state()).kind).toBe('look');
    expect(steps(state(), { stalePaths: ['sdb'] }).map((step) => step.id)).toEqual(['multipathd forgets (wait)']);
  });

  it('leaves a record that it has put back, although it did not hear of that', () => {
    const used = { ...attached(), nodeRecords: [{ ...record(0), mark: 'used' as const }] };
    const logged = state({ nodeRecords: [record(0)] });
    expect(steps(logged, { first: used, stalePaths: [] }).filter(({ id }) => id.includes('record'))).toEqual([]);
    const kept = state({ nodeRecords: [{ ...record(0), mark: 'used' }] });
    expect(steps(kept, { first: used, stalePaths: [] }).filter(({ id }) => id.includes('record'))).toHaveLength(1);
  });

  it('waits for a disk that a scan of a moment ago has not brought yet', () => {
    const early = state({
      ...attached(),
      scsiDevices: attached().scsiDevices.map((one) => ({ ...one, block: null })),
      dmDevices: [],
    });
    expect(plan(early)).toEqual({ kind: 'look', why: '0:0:0:1 has no disk yet' });
  });

  it('removes what a power cut has left of its own records, and no other empty file', () => {
    const own = `/etc/iscsi/nodes/${TARGET}/10.1.0.1,3260`;
    const foreign = `/etc/iscsi/nodes/${TARGET}/10.9.0.1,3260`;
    const unknowns = [{ subject: own, reason: 'holds no node record' }];
    expect(steps(state({ unknowns })).map((step) => step.id)).toEqual([`remove empty record ${own}`]);
    const other = [{ subject: foreign, reason: 'holds no node record' }];
    expect(plan(state({ unknowns: other })).kind).toBe('look');
  });

  it('does not end before multipathd has forgotten the paths: waits, and at last tells it to', () => {
    const error = new LongshoreError('E_DEVICE_NOT_REMOVED', 'still there');
    const failed = (...ids: string[]): History => ({
      ...EMPTY_HISTORY,
      failures: new Map(ids.map((id) => [id, { attempts: 1, final: true, error }])),
    });
    const ids = (history: History): string[] => steps(state(), { first: attached(), history }).map((step) => step.id);
    expect(ids(EMPTY_HISTORY)).toEqual(['multipathd forgets (wait)']);
    const told = failed('multipathd forgets (wait)');
    expect(steps(state(), { first: attached(), history: told }).map((step) => step.what)).toEqual([
      'tell multipathd to forget sda, sdc',
    ]);
    const succeeded = new Set(['multipathd forgets (wait)']);
    expect(plan(state(), { first: attached(), history: { ...EMPTY_HISTORY, succeeded } }).kind).toBe('done');
  });

  it('ends for good when the flush fails, and goes on only by force', () => {
    const [flush] = steps(attached());
    const replies = (flush?.requests ?? []).map((request, index): LaneReply =>
      request.kind === 'run' && request.argv[0] === 'sync'
        ? {
            kind: 'run',
            ok: false,
            exit: 1,
            stdout: '',
            stderr: 'sync: Input/output error',
            timedOut: false,
            truncated: false,
          }
        : index < 3
          ? { kind: 'wait', ok: true, matches: [], remaining: [] }
          : { kind: 'skipped', ok: false },
    );
    const verdict = flush?.judge?.(replies);
    expect(verdict).toMatchObject({ ok: false, weight: 'final', error: { code: 'E_FLUSH_FAILED' } });
    if (flush === undefined || verdict?.ok !== false) throw new Error('no verdict');
    // the kernel tells of lost data once: the mark is for the next detach, which would find nothing amiss
    const failedOnce = withVerdict(EMPTY_HISTORY, flush, verdict);
    expect(plan(attached(), { history: failedOnce }).kind).toBe('look');
    expect(refusal(attached(), { history: failedOnce, written: false })).toContain('no data is lost');
    const marking = steps(attached(), { history: failedOnce, written: true });
    expect(marking.map((step) => step.changes)).toEqual([[`file /run/longshore-unwritten/${WWID}`]]);
    const marked = withVerdict(failedOnce, marking[0] as Step, { ok: true });
    expect(refusal(attached(), { history: marked })).toMatch(/^E_FLUSH_FAILED: .*Input\/output error/);
    const error = new LongshoreError('E_COMMAND', 'no room');
    const unmarked = withVerdict(failedOnce, marking[0] as Step, { ok: false, weight: 'final', error });
    expect(refusal(attached(), { history: unmarked, written: true })).toMatch(/E_FLUSH_FAILED: .*could not be noted/);
    const [forced] = steps(attached(), { force: true });
    expect(forced?.judge?.(replies)).toMatchObject({ ok: false, weight: 'final' });
  });

  it.each([
    ['is not installed', { exit: 127, stderr: 'sh: 1: multipathd: not found' }, true],
    ['does not run', { exit: 1, stderr: 'error -1 connecting to multipathd: Connection refused' }, true],
    ['does not answer', { exit: 1, stdout: 'timeout\n' }, false],
    ['refuses', { exit: 1, stdout: 'fail\n' }, false],
  ])('of a multipathd that %s it is known whether it tracks anything', (_what, answer, ok) => {
    const asked = {
      kind: 'run',
      ok: false,
      stdout: '',
      stderr: '',
      timedOut: false,
      truncated: false,
      ...answer,
    } as const;
    const verdict = forgetStep(['sda'], [], 'wait').judge?.([asked, { kind: 'skipped', ok: false }]);
    expect(verdict).toMatchObject(ok ? { ok } : { ok, weight: 'final', error: { code: 'E_DEVICE_NOT_REMOVED' } });
  });

  it('ends for good when a path answers as another volume right before the change', () => {
    const [flush] = steps(attached());
    const answer: LaneReply = {
      kind: 'run',
      ok: false,
      exit: 0,
      stdout: `${OTHER_WWID}\n`,
      stderr: '',
      timedOut: false,
      truncated: false,
    };
    const replies: LaneReply[] = [{ kind: 'wait', ok: true, matches: [], remaining: [] }, answer];
    expect(flush?.judge?.(replies)).toMatchObject({
      ok: false,
      weight: 'fatal',
      error: { code: 'E_IDENTITY_MISMATCH' },
    });
  });

  it('takes a path that does not answer for dead, and goes by what the kernel cached', () => {
    const [flush] = steps(attached());
    const answer: LaneReply = {
      kind: 'run',
      ok: false,
      exit: 124,
      stdout: '',
      stderr: '',
      timedOut: true,
      truncated: false,
    };
    const verdict = flush?.judge?.([{ kind: 'wait', ok: true, matches: [], remaining: [] }, answer]);
    if (verdict?.ok !== false) throw new Error('expected a failure');
    expect(verdict.weight).toBe('retry');
    const again = steps(attached(), { history: { ...EMPTY_HISTORY, notes: new Set(verdict.notes) } });
    expect(commands(again[0]).filter((command) => command.includes('scsi_id'))).toEqual([
      '/lib/udev/scsi_id --page=0x83 --whitelisted --device=/dev/sdc',
    ]);
  });
});

describe('the undo of an attach', () => {
  const goal = iscsiGoal(volume());

  it('removes what was made since, also when it is the wrong volume, and writes nothing', () => {
    const wrong = {
      ...attached(),
      scsiDevices: attached().scsiDevices.map((one) => ({ ...one, cachedWwid: OTHER_WWID })),
    };
    const result = planDetach(undoScope(goal, unasked(state())), unasked(wrong), EMPTY_HISTORY, unasked(wrong));
    if (result.kind !== 'steps') throw new Error(result.kind);
    const run = result.steps.flatMap(commands);
    expect(run.filter((command) => /sync/.test(command))).toEqual([]);
    expect(run).toContain(`iscsiadm -m node -T ${TARGET} -p 10.2.0.1:3260 -o delete`);
  });

  it('leaves alone what was there before', () => {
    const plain = { block: { ...disk(0).block!, holders: [] } };
    const before = state({ sessions: [session(0)], scsiDevices: [disk(0, plain)], nodeRecords: [record(0)] });
    const now = {
      ...attached(),
      dmDevices: [],
      scsiDevices: [disk(0, plain), disk(1, { block: { ...disk(1).block!, holders: [] } })],
    };
    const result = planDetach(undoScope(goal, unasked(before)), unasked(now), EMPTY_HISTORY, unasked(now));
    if (result.kind !== 'steps') throw new Error(result.kind);
    expect(result.steps.map((step) => step.id)).toEqual([
      'remove 1:0:0:1',
      'log out of session 2',
      'delete record 10.2.0.1:3260 default',
      'multipathd forgets (wait)',
    ]);
  });

  it('takes no path away from a map that was there before', () => {
    const one = disk(0);
    const before = state({
      sessions: [session(0)],
      scsiDevices: [one],
      dmDevices: [map([one])],
      nodeRecords: [record(0)],
    });
    const result = planDetach(
      undoScope(goal, unasked(before)),
      unasked(attached()),
      EMPTY_HISTORY,
      unasked(attached()),
    );
    expect(result.kind).toBe('done');
  });
});
