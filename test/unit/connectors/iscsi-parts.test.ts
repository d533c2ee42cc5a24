import { describe, expect, it } from 'vitest';
import { byPathLun, kernelLun, parseAddressingMode } from '../../../src/connectors/iscsi/addressing.js';
import { iscsiGoal, type TargetTriple } from '../../../src/connectors/iscsi/goal.js';
import { selectTargets } from '../../../src/connectors/iscsi/known-targets.js';
import { deviceOfPrivateLink, privateLinkOf } from '../../../src/connectors/iscsi/private-link.js';
import { namesOfVolume } from '../../../src/connectors/iscsi/volume-paths.js';
import { parseIqn, parsePortal } from '../../../src/linux/identifiers.js';
import { parseSendTargets } from '../../../src/linux/send-targets.js';
import { parseNodeRecords, RECORD_MARKS } from '../../../src/linux/node-records.js';

const DATA = {
  target_portal: '10.1.0.1:3260',
  target_iqn: 'iqn.2010-10.org.example:a',
  target_lun: 1,
};
const goalOf = (data: Readonly<Record<string, unknown>>, more: object = {}) =>
  iscsiGoal({ name: 'v', driverVolumeType: 'iscsi', data: { ...DATA, ...data }, ...more });

describe('addressing modes', () => {
  it.each([
    ['SAM', 300, 300],
    ['transparent', 300, 300],
    ['SAM2', 1, 1],
    ['SAM2', 255, 255],
    ['SAM2', 256, 16_640],
    ['SAM2', 1010, 17_394],
    ['SAM3-flat', 0, 16_384],
    ['SAM3-flat', 100, 16_484],
  ] as const)('%s shows LUN %i as %i', (mode, lun, shown) => {
    expect(kernelLun(lun, mode)).toBe(shown);
    expect(goalOf({ target_lun: String(lun), addressing_mode: mode }).targets[0]?.lun).toBe(shown);
  });

  it.each(['sam2', 'SAM3', '1', 'TRANSPARENT', 2])('%j is refused with what to write', (mode) => {
    expect(() => parseAddressingMode(mode)).toThrow('write SAM, transparent, SAM2, SAM3-flat');
  });

  it('refuses LUNs that a mode cannot express', () => {
    expect(() => kernelLun(16_384, 'SAM2')).toThrow('from 0 to 16383');
    expect(() => kernelLun(65_536, 'SAM')).toThrow('from 0 to 65535');
  });

  it.each([
    [13, '13'],
    [255, '255'],
    [256, '0x0100000000000000'],
    [370, '0x0172000000000000'],
    [499, '0x01f3000000000000'],
  ])('LUN %i is %s in by-path names', (lun, text) => {
    expect(byPathLun(lun)).toBe(text);
  });
});

describe('private links', () => {
  it.each([
    ['/dev/dm-0', '/dev/disk/by-id/os-brick+dev+dm-0'],
    ['/dev/nvme0n1', '/dev/disk/by-id/os-brick+dev+nvme0n1'],
    ['/dev/md/vol+1', '/dev/disk/by-id/os-brick+dev+md+vol++1'],
  ])('of %s is %s, and leads back', (devicePath, link) => {
    expect(privateLinkOf(devicePath)).toBe(link);
    expect(deviceOfPrivateLink(link)).toBe(devicePath);
  });

  it('other paths are what they are', () => {
    expect(deviceOfPrivateLink('/dev/disk/by-id/scsi-3600+1')).toBe('/dev/disk/by-id/scsi-3600+1');
  });
});

describe('which discovered targets are taken', () => {
  const [p1, p2] = ['10.1.0.1:3260', '10.2.0.1:3260'].map((text) => parsePortal(text));
  const [t1, t2] = ['iqn.2010-10.org.example:a', 'iqn.2010-10.org.example:b'].map((text) => parseIqn(text));
  if (p1 === undefined || p2 === undefined || t1 === undefined || t2 === undefined) throw new Error('no names');
  const wanted: TargetTriple = { portal: p1, targetName: t1, lun: 5 };
  const at = (portal: typeof p1, targetName: typeof t1) => ({ portal, targetName });

  it('only the wanted one, when every portal has it', () => {
    const all = [at(p1, t1), at(p1, t2), at(p2, t1), at(p2, t2)];
    expect(selectTargets(wanted, all)).toEqual([
      { portal: p1, targetName: t1, lun: 5 },
      { portal: p2, targetName: t1, lun: 5 },
    ]);
  });

  it('everything, when each portal has a name of its own', () => {
    expect(selectTargets(wanted, [at(p1, t1), at(p2, t2)]).map((one) => one.targetName)).toEqual([t1, t2]);
  });

  it('names of all types are read, noise is not', () => {
    const text = [
      'iscsiadm: a warning',
      '10.1.0.1:3260,1 iqn.2010-10.org.example:a',
      '[FD00::1]:3260,-1 eui.02004567A425678D',
      '10.1.0.1:3260,1 naa.52004567ba64678d',
      '10.1.0.1:3260,1 iqn.2010-10.org.example:a',
      '[]:3260,1 iqn.2010-10.org.example:a',
    ].join('\n');
    expect(parseSendTargets(text)).toEqual([
      { portal: '10.1.0.1:3260', targetName: 'iqn.2010-10.org.example:a' },
      { portal: '[fd00::1]:3260', targetName: 'eui.02004567a425678d' },
      { portal: '10.1.0.1:3260', targetName: 'naa.52004567ba64678d' },
    ]);
  });

  it('the array is asked only when a multipath volume comes with a single portal', () => {
    expect(goalOf({}).discovery).toBeNull();
    expect(goalOf({}, { multipath: true }).discovery).toEqual({ chap: null });
    const lists = { target_portals: ['10.1.0.1'], target_iqns: [DATA.target_iqn], target_luns: [1] };
    expect(goalOf(lists, { multipath: true }).discovery).toBeNull();
  });
});

describe('credentials', () => {
  it('of mutual CHAP need those of CHAP', () => {
    expect(() => goalOf({ mutual_auth_username: 'a', mutual_auth_password: 'b' })).toThrow('auth_method: CHAP');
  });

  it('that would end a line of the record are refused, and not shown', () => {
    const data = { auth_method: 'CHAP', auth_username: 'u', auth_password: 'good\nnode.startup = automatic' };
    expect(() => goalOf(data)).toThrow(/^auth_password must be/);
  });
});

describe('marks of node records', () => {
  it.each([
    [RECORD_MARKS.made, 'made'],
    [RECORD_MARKS.used, 'used'],
  ])('%s', (line, mark) => {
    const filePath = '/etc/iscsi/nodes/iqn.2010-10.org.example:a/10.1.0.1,3260';
    const lines = [
      'node.name = iqn.2010-10.org.example:a',
      'node.conn[0].address = 10.1.0.1',
      'node.conn[0].port = 3260',
      line,
    ];
    const stdout = lines.map((text) => `${filePath}:${text}\n`).join('');
    const reply = { kind: 'run', ok: true, exit: 0, stdout, stderr: '', timedOut: false, truncated: false } as const;
    expect(parseNodeRecords(reply, [filePath]).value).toMatchObject([{ filePath, mark }]);
  });
});

describe('by-path names', () => {
  it('are those of the wanted portals, however they are spelled', () => {
    const goal = goalOf({ target_portal: '[fd00::a]:3260', target_lun: 300 });
    const name = (text: string) => `/dev/disk/by-path/${text}-iscsi-${DATA.target_iqn}-lun-0x012c000000000000`;
    const own = [name('ip-FD00:0::a:3260'), name('pci-0000:01:00.0-ip-fd00::a:3260')].sort();
    expect(namesOfVolume(goal, [...own, name('ip-fd00::b:3260'), name('ip-10.1.0.1:3260')])).toEqual(own);
  });
});
