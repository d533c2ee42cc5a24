import { expect, test } from 'vitest';
import { multipathMapOf, multipathMapsOf } from '../../../src/linux/block-stack.js';
import { kernelNameOf } from '../../../src/linux/device-names.js';
import { storageFact } from '../../../src/linux/storage-observation.js';
import type { StorageState } from '../../../src/linux/storage-state.js';
import { loadCases } from './case-files.js';
import { repliesOf } from './case-host.js';

const stateOf = (name: string): StorageState => {
  const found = loadCases().find((one) => one.subject === 'in-use' && one.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return storageFact().parse(repliesOf(found.content, storageFact().requests));
};

test('the map of a path is a multipath map, never what else sits on it', () => {
  expect(multipathMapOf(stateOf('free'), ['sdb'])?.name).toBe('dm-0');
  expect(multipathMapOf(stateOf('free'), ['sdz'])).toBeNull();
  expect(multipathMapOf(stateOf('free'), [])).toBeNull();
  expect(multipathMapOf(stateOf('luks-on-single-path'), ['sdb'])).toBeNull();
  expect(multipathMapsOf(stateOf('two-maps'), ['sdb', 'sdc'])).toHaveLength(2);
});

const WWID = '6001405d70aba290f7444508e32cc5b2';

test.each([
  ['/dev/sdb', 'sdb'],
  ['/dev/dm-0', 'dm-0'],
  [`/dev/mapper/3${WWID}`, 'dm-0'],
  [`/dev/mapper/3${WWID}-part1`, 'dm-2'],
  [`/dev/disk/by-id/dm-name-3${WWID}`, 'dm-0'],
  [`/dev/disk/by-id/dm-uuid-mpath-3${WWID}`, 'dm-0'],
  [`/dev/disk/by-id/dm-uuid-part1-mpath-3${WWID}`, 'dm-2'],
  [`/dev/disk/by-id/scsi-3${WWID}`, 'dm-0'],
  [`/dev/disk/by-id/wwn-0x${WWID}`, 'dm-0'],
  [`/dev/disk/by-id/wwn-0x${WWID}-part1`, 'dm-2'],
  [`/dev/disk/by-id/wwn-0x${WWID}-part2`, null],
  ['/dev/disk/by-id/wwn-0x6001405', null],
  ['/dev/disk/by-id/scsi-', null],
  ['/dev/disk/by-path/pci-0000:00:03.0', null],
  ['/dev/sdz', null],
  ['/dev/mapper/', null],
  ['/dev/', null],
  ['sdb', null],
  ['', null],
  ['/dev/../dev/sdb', null],
])('%s leads to %s', (devicePath, name) => {
  expect(kernelNameOf(stateOf('partition-map-idle'), devicePath)).toBe(name);
});

test('without a map, identity links lead to a disk and its partitions', () => {
  const state = stateOf('disk-partitions');
  const single = { ...state, dmDevices: [] };
  expect(kernelNameOf(single, `/dev/disk/by-id/wwn-0x${WWID}`)).toBe('sdb');
  expect(kernelNameOf(single, `/dev/disk/by-id/scsi-3${WWID}-part3`)).toBe('sdb3');
  expect(kernelNameOf(single, '/dev/sdb3')).toBe('sdb3');
});

test('LVM doubles the dashes within its names', () => {
  expect(kernelNameOf(stateOf('lvm'), '/dev/data-vg/my-lv')).toBe('dm-2');
  expect(kernelNameOf(stateOf('lvm'), '/dev/mapper/data--vg-my--lv')).toBe('dm-2');
  expect(kernelNameOf(stateOf('lvm'), '/dev/data/vg-my-lv')).toBeNull();
});
