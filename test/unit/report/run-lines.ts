import type { NewLine } from '../../../src/journal/journal-lines.js';
import { parseJournal } from '../../../src/journal/read-journal.js';
import { type RunRecord, runRecord } from '../../../src/journal/run-record.js';
import { header } from '../journal/journals.js';

const BEGAN = Date.parse('2026-11-25T03:15:00.000Z');

/** A run as its journal has it: each line with the second in which it was written. */
export function recordOf(
  hosts: readonly string[],
  lines: readonly (readonly [second: number, line: NewLine])[],
  verb = 'attach',
): RunRecord {
  const first: NewLine = { type: 'run-started', ...header('20261125-031500-1a2b3c4d', hosts, { verb }) };
  const timed: (readonly [number, NewLine])[] = [[0, first], ...lines];
  const text = timed.map(([second, line]) =>
    JSON.stringify({ v: 1, t: new Date(BEGAN + second * 1000).toISOString(), ...line }),
  );
  const record = runRecord(parseJournal(`${text.join('\n')}\n`, 'run.jsonl').lines, 'run.jsonl');
  if (record === null) throw new Error('no run');
  return record;
}

export function taskOf(hosts: readonly string[], verb = 'attach', name?: string): NewLine<'task-started'> {
  const volume = { name: 'data', driverVolumeType: 'iscsi', data: {} };
  return {
    type: 'task-started',
    task: 1,
    verb,
    options: {},
    volumes: [volume],
    hosts: hosts.map((host) => ({ name: host, volumes: [0] })),
    ...(name === undefined ? {} : { name }),
  };
}

export function startOf(host: string): NewLine<'host-started'> {
  return { type: 'host-started', task: 1, host };
}

/** A login that took from one second to another. */
export function changeOf(host: string, op: number, more: Partial<NewLine<'intent'>> = {}): NewLine<'intent'> {
  const what = 'log in to iqn.2026-01.net.example:array through 10.1.0.1:3260';
  return { type: 'intent', task: 1, host, volume: 'data', op, step: 'login', what, changes: ['session'], ...more };
}

export function doneOf(host: string, op: number, result: NewLine<'outcome'>['result'] = 'ok'): NewLine<'outcome'> {
  return { type: 'outcome', task: 1, host, volume: 'data', op, result };
}

export function volumeEnd(host: string, more: Partial<NewLine<'volume-ended'>> = {}): NewLine<'volume-ended'> {
  return {
    type: 'volume-ended',
    task: 1,
    host,
    volume: 'data',
    outcome: 'changed',
    deviceInfo: { type: 'block', path: '/dev/dm-0', scsi_wwn: '3600', multipath_id: '3600' },
    wwid: '3600',
    sizeBytes: 1024 ** 3,
    paths: [
      { device: 'sda', hctl: '2:0:0:1', portal: '10.1.0.1:3260', state: 'active', identity: 'live' },
      { device: '', hctl: '', portal: '10.2.0.1:3260', state: 'missing', identity: 'unknown' },
    ],
    warnings: [],
    left: [],
    ...more,
  };
}

export function hostEnd(host: string, more: Partial<NewLine<'host-ended'>> = {}): NewLine<'host-ended'> {
  return {
    type: 'host-ended',
    task: 1,
    host,
    outcome: 'changed',
    durationMs: 1000,
    roundTrips: 4,
    remoteProcesses: 9,
    ...more,
  };
}

/** All lines of a host that went well, from this second on; for `op` each host wants a number of its own. */
export function goodHost(host: string, op: number, second: number): (readonly [number, NewLine])[] {
  return [
    [second, startOf(host)],
    [second + 1, changeOf(host, op)],
    [second + 3, doneOf(host, op)],
    [second + 4, volumeEnd(host)],
    [second + 4, hostEnd(host)],
  ];
}
