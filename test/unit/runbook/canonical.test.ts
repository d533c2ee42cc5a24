import { describe, expect, it } from 'vitest';
import { type CanonicalWork, canonicalWork, differences, stableText } from '../../../src/runbook/canonical.js';

describe('stable text', () => {
  it.each([
    ['remove 2:0:0:1', 'remove *:*:*:1'],
    ['remove disk sda (12:0:0:255)', 'remove disk sd* (*:*:*:255)'],
    ['/sys/block/dm-12/dm/uuid is mpath-36001', '/sys/block/dm-*/dm/uuid is mpath-36001'],
    [
      'session 5 of iqn.2010-10.org.example:a at 10.1.0.1:3260',
      'session * of iqn.2010-10.org.example:a at 10.1.0.1:3260',
    ],
    [
      '/sys/class/iscsi_session/session12/device/target*/3:0:0:1',
      '/sys/class/iscsi_session/session */device/target*/*:*:*:1',
    ],
    ['multipathd forgets sdaa, sdab', 'multipathd forgets sd*, sd*'],
  ])('%s', (text, expected) => {
    expect(stableText(text)).toBe(expected);
    expect(stableText(expected)).toBe(expected);
  });

  it.each([
    '10.1.0.1:3260',
    '[2001:db8:1:2:3:4:5:6]:3260',
    'LUN 5 via 10.1.0.1:3260',
    'iqn.2010-10.org.example:sdb-host1x',
  ])('leaves %s as it is but for names that the kernel gives', (text) => {
    expect(stableText(text).replace('sd*', 'sdb')).toBe(text);
  });
});

const WORK = canonicalWork({
  subject: 'data',
  outcome: 'changed',
  identity: ['36001'],
  observed: ['path 10.1.0.1:3260 active 36001', 'path 10.2.0.1:3260 active 36001', 'size 1073741824'],
  steps: [
    { id: 'flush map mpath-36001', changes: ['map mpatha'], guards: ['/sys/block/dm-0/dm/uuid is mpath-36001'] },
    { id: 'remove 2:0:0:1', changes: ['device 2:0:0:1'], guards: ['sda'] },
    { id: 'remove 3:0:0:1', changes: ['device 3:0:0:1'], guards: ['sdb'] },
  ],
});

describe('what differs from an approved plan', () => {
  it('is nothing when only the kernel named things anew', () => {
    const again = canonicalWork({
      subject: 'data',
      outcome: 'changed',
      identity: ['36001'],
      observed: ['size 1073741824', 'path 10.2.0.1:3260 active 36001', 'path 10.1.0.1:3260 active 36001'],
      steps: [
        { id: 'remove 7:0:0:1', changes: ['device 7:0:0:1'], guards: ['sdd'] },
        { id: 'flush map mpath-36001', changes: ['map mpatha'], guards: ['/sys/block/dm-3/dm/uuid is mpath-36001'] },
        { id: 'remove 6:0:0:1', changes: ['device 6:0:0:1'], guards: ['sdc'] },
      ],
    });
    expect(again).toEqual(WORK);
    expect(differences(WORK, again, false)).toEqual([]);
  });

  it.each<[string, Partial<CanonicalWork>, readonly string[]]>([
    ['another volume', { identity: ['36002'] }, ['identity no longer: 36001', 'identity new: 36002']],
    [
      'in use by now',
      { outcome: 'refused', error: 'E_DEVICE_BUSY' },
      ['it was changed, and is refused', 'error was none, and is E_DEVICE_BUSY'],
    ],
    [
      'a path that failed',
      { observed: ['path 10.1.0.1:3260 failed 36001', 'path 10.2.0.1:3260 active 36001', 'size 1073741824'] },
      ['seen no longer: path 10.1.0.1:3260 active 36001', 'seen new: path 10.1.0.1:3260 failed 36001'],
    ],
    ['one disk less to remove', { steps: WORK.steps.slice(0, 2) }, ['step: 3 were approved, 2 are there']],
    [
      'a step that relies on something else',
      { steps: WORK.steps.map((step) => ({ ...step, guards: [] })) },
      [
        expect.stringContaining('what a step changes or relies on no longer:'),
        expect.stringContaining('new:'),
      ] as never,
    ],
  ])('%s is told', (_what, change, expected) => {
    expect(differences(WORK, { ...WORK, ...change }, false)).toEqual(expected);
  });

  it('behind an earlier change, only another identity counts', () => {
    expect(differences(WORK, { ...WORK, outcome: 'ok', steps: [], observed: [] }, true)).toEqual([]);
    expect(differences(WORK, { ...WORK, identity: [] }, true)).toEqual([]);
    expect(differences(WORK, { ...WORK, identity: ['36002'] }, true)).not.toEqual([]);
  });
});
