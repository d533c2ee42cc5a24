import { describe, expect, it } from 'vitest';
import { parseNodeRecords } from '../../../src/linux/node-records.js';

const RECORD = '/etc/iscsi/nodes/iqn.2026-01.net.example:array/10.1.0.1,3260';

describe('node records that could not be read', () => {
  it('are not taken for empty ones, which may be removed', () => {
    const reply = {
      kind: 'run',
      ok: true,
      exit: 2,
      stdout: '',
      stderr: 'grep: memory exhausted\n',
      timedOut: false,
      truncated: false,
    } as const;
    const { value, unknowns } = parseNodeRecords(reply, [RECORD]);
    expect(value).toEqual([]);
    expect(unknowns.map(({ subject }) => subject)).toEqual(['iSCSI node records']);
  });

  it('an empty one among others that were read is named', () => {
    const reply = {
      kind: 'run',
      ok: true,
      exit: 1,
      stdout: '',
      stderr: '',
      timedOut: false,
      truncated: false,
    } as const;
    const { unknowns } = parseNodeRecords(reply, [RECORD]);
    expect(unknowns).toEqual([{ subject: RECORD, reason: 'holds no node record' }]);
  });
});
