import { describe, expect, it } from 'vitest';
import { EMPTY_HISTORY, type History } from '../../../src/connectors/engine/history.js';
import { planAttach } from '../../../src/connectors/iscsi/attach-plan.js';
import { iscsiGoal } from '../../../src/connectors/iscsi/goal.js';
import type { IscsiObservation } from '../../../src/connectors/iscsi/observation.js';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import type { VolumeSpec } from '../../../src/connectors/connector.js';
import {
  attached,
  disk,
  map,
  observed,
  OTHER_WWID,
  record,
  session,
  SIZE,
  state,
  TARGET,
  unasked,
  volume,
  WWID,
} from './storage-states.js';

function plan(spec: VolumeSpec, observation: IscsiObservation, history: History = EMPTY_HISTORY) {
  return planAttach(iscsiGoal(spec), observation, history);
}

function stepIds(spec: VolumeSpec, observation: IscsiObservation, history: History = EMPTY_HISTORY): string[] {
  const result = plan(spec, observation, history);
  return result.kind === 'steps' ? result.steps.map((step) => step.id) : [result.kind];
}

function stopCode(spec: VolumeSpec, observation: IscsiObservation, history: History = EMPTY_HISTORY): string {
  const result = plan(spec, observation, history);
  return result.kind === 'stop' && result.error instanceof LongshoreError ? result.error.code : result.kind;
}

function failed(
  id: string,
  code: 'E_PORTAL_UNREACHABLE' | 'E_MULTIPATH_UNUSABLE' | 'E_DEVICE_NOT_FOUND' = 'E_PORTAL_UNREACHABLE',
): History {
  return {
    ...EMPTY_HISTORY,
    failures: new Map([[id, { attempts: 1, final: true, error: new LongshoreError(code, `${id} failed`) }]]),
  };
}

describe('the plan of an attach', () => {
  it('on an empty host makes the records in series and logs in through both portals side by side', () => {
    const result = plan(volume(), unasked(state()));
    if (result.kind !== 'steps') throw new Error(result.kind);
    expect(result.steps.map((step) => [step.id, step.lane ?? ''])).toEqual([
      ['record 10.1.0.1:3260', 'node database'],
      ['record 10.2.0.1:3260', 'node database'],
      ['login 10.1.0.1:3260', ''],
      ['login 10.2.0.1:3260', ''],
    ]);
  });

  it('tries a secret at one portal first, and the others only after it was accepted', () => {
    const result = plan(volume({}, true), unasked(state()));
    if (result.kind !== 'steps') throw new Error(result.kind);
    const second = result.steps.find((step) => step.id === 'login 10.2.0.1:3260');
    expect(second?.after).toContain('login 10.1.0.1:3260');
  });

  it('makes way for its record where a power cut has left an empty one', () => {
    const own = `/etc/iscsi/nodes/${TARGET}/10.1.0.1,3260`;
    const storage = state({ unknowns: [{ subject: own, reason: 'holds no node record' }] });
    expect(stepIds(volume(), unasked(storage))[0]).toBe(`remove empty record ${own}`);
  });

  it('has the kernel read the size again of a disk that it found without one, and does not call that another volume', () => {
    const blank = disk(1);
    const storage = {
      ...attached(),
      scsiDevices: [disk(0), { ...blank, block: blank.block === null ? null : { ...blank.block, sizeBytes: 0 } }],
    };
    const spec = volume({ sizeBytes: SIZE });
    expect(stepIds(spec, observed(storage))).toEqual(['size of 1:0:0:1']);
    expect(stopCode(spec, observed(storage), failed('size of 1:0:0:1', 'E_DEVICE_NOT_FOUND'))).toBe(
      'E_DEVICE_NOT_FOUND',
    );
    const down = { ...storage, sessions: [session(0), session(1, { state: 'FAILED' })] };
    expect(plan(spec, observed(down)).kind).toBe('done');
  });

  it('never puts a CHAP secret on a command line', () => {
    const result = plan(volume({}, true), unasked(state()));
    expect(JSON.stringify(result)).not.toContain('s3cret');
  });

  it('scans exactly the wanted LUN on sessions that have no disk of it', () => {
    const result = plan(
      volume(),
      unasked(state({ sessions: [session(0), session(1)], nodeRecords: [record(0), record(1)] })),
    );
    if (result.kind !== 'steps') throw new Error(result.kind);
    const writes = result.steps.flatMap((step) => step.requests).filter((request) => request.kind === 'write');
    expect(writes).toEqual([
      expect.objectContaining({ filePath: '/sys/class/scsi_host/host0/scan', content: '- - 1' }),
      expect.objectContaining({ filePath: '/sys/class/scsi_host/host1/scan', content: '- - 1' }),
    ]);
  });

  it('asks the disks who they are before it calls an attached volume attached', () => {
    expect(plan(volume(), unasked(attached())).kind).toBe('look');
    expect(plan(volume(), observed(attached()))).toEqual({ kind: 'done', warnings: [] });
  });

  it('refuses a disk that answers with another identity than the wanted one', () => {
    expect(stopCode(volume({ wwid: WWID }), observed(attached(), OTHER_WWID))).toBe('E_IDENTITY_MISMATCH');
  });

  it('refuses a disk whose identity has changed since the kernel found it (remapped LUN)', () => {
    expect(stopCode(volume(), observed(attached(), OTHER_WWID))).toBe('E_IDENTITY_MISMATCH');
  });

  it('refuses a map that another volume is behind', () => {
    const disks = [disk(0), disk(1)];
    const storage = { ...attached(), dmDevices: [map(disks, { mapWwid: OTHER_WWID, dmUuid: `mpath-${OTHER_WWID}` })] };
    expect(stopCode(volume(), observed(storage))).toBe('E_IDENTITY_MISMATCH');
  });

  it('refuses a map that holds a disk which is not known as a path of the volume', () => {
    const disks = [disk(0), disk(1)];
    const storage = { ...attached(), dmDevices: [map(disks, { slaves: ['sda', 'sdc', 'sdx'] })] };
    expect(stopCode(volume(), observed(storage))).toBe('E_IDENTITY_MISMATCH');
  });

  it('refuses a size that is not the expected one', () => {
    expect(stopCode(volume({ sizeBytes: SIZE * 2 }), observed(attached()))).toBe('E_IDENTITY_MISMATCH');
  });

  it('goes on with the other portal when one cannot be reached, and says so', () => {
    const one = disk(0);
    const storage = state({
      sessions: [session(0)],
      scsiDevices: [one],
      dmDevices: [map([one])],
      nodeRecords: [record(0)],
    });
    const result = plan(volume(), observed(storage), failed('login 10.2.0.1:3260'));
    expect(result).toEqual({
      kind: 'done',
      warnings: ['degraded: 1 of 2 paths; 10.2.0.1:3260: login 10.2.0.1:3260 failed'],
    });
  });

  it('registers a single path with multipathd when it makes no map by itself', () => {
    const storage = state({ sessions: [session(0)], scsiDevices: [disk(0)], nodeRecords: [record(0)] });
    expect(stepIds(volume(), observed(storage), failed('login 10.2.0.1:3260'))).toEqual([`map ${WWID}`]);
  });

  it('adds a late path to the map that is there', () => {
    const storage = { ...attached(), dmDevices: [map([disk(0)])] };
    const result = plan(volume(), observed(storage));
    if (result.kind !== 'steps') throw new Error(result.kind);
    expect(result.steps[0]?.what).toContain('sdc');
  });

  it('gives up when no portal can be reached, with the reason', () => {
    expect(
      stopCode(
        volume({ data: { target_portal: '10.1.0.1', target_iqn: 'iqn.2010-10.org.lab:array', target_lun: 1 } }),
        unasked(state()),
        failed('login 10.1.0.1:3260'),
      ),
    ).toBe('E_PORTAL_UNREACHABLE');
  });

  it('refuses before it touches anything when multipath is enforced and multipathd does not answer', () => {
    const storage = state({ multipathd: { usable: false, paths: null } });
    expect(stopCode(volume({ enforceMultipath: true }), unasked(storage))).toBe('E_MULTIPATH_UNUSABLE');
  });

  it('tries the portals of a single-path attach one after another', () => {
    const spec = volume({ multipath: false });
    expect(stepIds(spec, unasked(state()))).toEqual(['record 10.1.0.1:3260', 'login 10.1.0.1:3260']);
    expect(stepIds(spec, unasked(state()), failed('login 10.1.0.1:3260'))).toEqual([
      'record 10.2.0.1:3260',
      'login 10.2.0.1:3260',
    ]);
  });

  it('does not hand out a map that does not answer a direct read', () => {
    const observation = { ...observed(attached()), readable: false };
    expect(plan(volume(), observation).kind).toBe('look');
  });
});
