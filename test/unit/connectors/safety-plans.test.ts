import { describe, expect, it } from 'vitest';
import { EMPTY_HISTORY } from '../../../src/connectors/engine/history.js';
import type { Plan } from '../../../src/connectors/engine/engine.js';
import { planAttach } from '../../../src/connectors/iscsi/attach-plan.js';
import { planDetach } from '../../../src/connectors/iscsi/detach-plan.js';
import { detachScope } from '../../../src/connectors/iscsi/detach-scope.js';
import { planExtend } from '../../../src/connectors/iscsi/extend.js';
import { iscsiGoal } from '../../../src/connectors/iscsi/goal.js';
import { loginVerdict } from '../../../src/connectors/iscsi/login-verdict.js';
import type { LaneRequest } from '../../../src/transport/executor.js';
import {
  attached,
  disk,
  map,
  observed,
  PORTALS,
  session,
  SIZE,
  state,
  TARGET,
  unasked,
  volume,
  WWID,
} from './storage-states.js';

function commands(plan: Plan): readonly string[] {
  const steps = plan.kind === 'steps' ? plan.steps : [];
  return steps.flatMap(({ requests }) => requests.flatMap((one) => (one.kind === 'run' ? [one.argv.join(' ')] : [])));
}

function codeOf(plan: Plan): string {
  return plan.kind === 'stop' ? String((plan.error as { code?: string }).code) : plan.kind;
}

describe('plans that incidents are about', () => {
  it('one path that still shows another size stops the attach, also when no size was given', () => {
    const [first, second] = attached().scsiDevices;
    if (first === undefined || second?.block == null) throw new Error('no disks');
    const stale = { ...second, block: { ...second.block, sizeBytes: SIZE * 2 } };
    const storage = { ...attached(), scsiDevices: [first, stale] };
    expect(codeOf(planAttach(iscsiGoal(volume()), observed(storage), EMPTY_HISTORY))).toBe('E_IDENTITY_MISMATCH');
  });

  it('a map is resized by its kernel name, whatever its alias is', () => {
    const disks = [disk(0), disk(1)].map((one) => ({ ...one, block: { ...one.block!, sizeBytes: SIZE * 2 } }));
    const storage = { ...attached(), scsiDevices: disks, dmDevices: [map(disks, { dmName: 'mpatha' })] };
    const goal = iscsiGoal(volume());
    const rescanned = { ...EMPTY_HISTORY, succeeded: new Set([`rescan ${goal.volume}`]) };
    expect(commands(planExtend(goal, observed(storage), rescanned))).toEqual(['multipathd resize map dm-0']);
  });

  it('after a rescan all paths must show one new size before the map is touched', () => {
    const [first, second] = attached().scsiDevices;
    if (first === undefined || second?.block == null) throw new Error('no disks');
    const storage = {
      ...attached(),
      scsiDevices: [first, { ...second, block: { ...second.block, sizeBytes: SIZE * 2 } }],
    };
    const goal = iscsiGoal(volume());
    const rescanned = { ...EMPTY_HISTORY, succeeded: new Set([`rescan ${goal.volume}`]) };
    expect(codeOf(planExtend(goal, observed(storage), rescanned))).toBe('E_IDENTITY_MISMATCH');
  });

  it('a map of another name that stands in the way of the removal is told by its name and its uuid', () => {
    const storage = { ...attached(), dmDevices: [map(attached().scsiDevices, { dmName: 'mpatha' })] };
    const plan = planDetach(
      detachScope(iscsiGoal(volume()), null, false),
      unasked(storage),
      EMPTY_HISTORY,
      unasked(storage),
    );
    const guard = plan.kind === 'steps' ? plan.steps[0]?.requests[0] : undefined;
    expect(guard).toMatchObject({
      contents: [
        { filePath: '/sys/block/dm-0/dm/uuid', values: [`mpath-${WWID}`] },
        { filePath: '/sys/block/dm-0/dm/name', values: ['mpatha'] },
      ],
    });
  });

  it('what could not be read of a session counts as a user of it: nothing is logged out', () => {
    const subject = '/sys/class/iscsi_session/session1/device/target0:0:0/0:0:0:9';
    const storage = { ...attached(), unknowns: [{ subject, reason: 'could not be read' }] };
    const scope = detachScope(iscsiGoal(volume()), null, false);
    expect(planDetach(scope, unasked(storage), EMPTY_HISTORY, unasked(storage)).kind).toBe('look');
  });

  it('disks are offered to multipathd only while their names mean what they meant', () => {
    const storage = { ...state({ sessions: [session(0)], scsiDevices: [disk(0)] }) };
    const goal = iscsiGoal(
      volume({ data: { target_portal: PORTALS[0], target_iqn: TARGET, target_lun: 1 }, multipath: true }),
    );
    const plan = planAttach({ ...goal, discovery: null }, observed(storage), EMPTY_HISTORY);
    const [guard, register] = plan.kind === 'steps' ? (plan.steps[0]?.requests ?? []) : [];
    expect(guard).toMatchObject({
      kind: 'wait',
      timeoutMs: 0,
      present: ['/sys/class/scsi_device/0:0:0:1/device/block/sda'],
    });
    expect(register).toMatchObject({ argv: ['multipath', '-a', WWID] });
  });
});

describe('what the end of a login means', () => {
  const request: LaneRequest = { kind: 'run', argv: ['iscsiadm', '--login'] };
  const triple = { portal: PORTALS[0], targetName: TARGET, lun: 1 };
  const verdict = (exit: number, stderr = '') =>
    loginVerdict('login', triple, request, {
      kind: 'run',
      ok: false,
      exit,
      stdout: '',
      stderr,
      timedOut: false,
      truncated: false,
    });

  it.each([
    [24, '', 'fatal', 'E_LOGIN_REJECTED'],
    [19, 'iSCSI login failed due to authorization failure', 'fatal', 'E_LOGIN_REJECTED'],
    [19, 'encountered non-retryable iSCSI login failure', 'final', 'E_PORTAL_UNREACHABLE'],
    [4, '', 'final', 'E_PORTAL_UNREACHABLE'],
    [8, '', 'final', 'E_PORTAL_UNREACHABLE'],
    [5, '', 'final', 'E_PORTAL_UNREACHABLE'],
    [6, '', 'retry', 'E_COMMAND'],
    [28, '', 'retry', 'E_COMMAND'],
    [29, '', 'retry', 'E_COMMAND'],
    [33, '', 'retry', 'E_COMMAND'],
    [255, '', 'final', 'E_PORTAL_UNREACHABLE'],
  ])('exit %i %s: %s, %s', (exit, stderr, weight, code) => {
    expect(verdict(exit, stderr)).toMatchObject({ ok: false, weight, error: { code } });
  });
});
