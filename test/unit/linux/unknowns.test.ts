import { expect, test } from 'vitest';
import { storageFact } from '../../../src/linux/storage-observation.js';
import type { StorageState } from '../../../src/linux/storage-state.js';
import { unknownsAbout, type Concern } from '../../../src/linux/unknowns.js';
import { loadCases } from './case-files.js';
import { repliesOf } from './case-host.js';

const real = loadCases().find((found) => found.subject === 'storage' && found.name === 'iscsi-multipath');
const state = storageFact().parse(repliesOf(real?.content ?? { about: '', expect: null }, storageFact().requests));

/** The volume at LUN 1, over both sessions. */
const concern: Concern = {
  sids: [1, 2],
  hctls: ['0:0:0:1', '1:0:0:1'],
  dmNames: ['dm-0'],
  targetNames: ['iqn.2010-10.org.lab:array'],
};
const about = (subject: string, of: StorageState = state, sids = concern.sids): boolean =>
  unknownsAbout({ ...of, unknowns: [{ subject, reason: 'x' }] }, { ...concern, sids }).length > 0;

const SESSION = '/sys/class/iscsi_session/session';

test.each([
  ['its own disk', `${SESSION}1/device/target0:0:0/0:0:0:1/wwid`],
  ['its session', `${SESSION}1/state`],
  ['a device on its session that could not be made out', `${SESSION}1/device/target0:0:0/0:0:0:9`],
  ['the connection of its session', '/sys/class/iscsi_connection/connection2:0/persistent_address'],
  ['a session whose target is not known', `${SESSION}9/targetname`],
  ['its map', '/sys/block/dm-0'],
  ['a dm device that could not be made out', '/sys/block/dm-7/dm/uuid'],
  ['a record of its target', '/etc/iscsi/nodes/IQN.2010-10.org.lab:array/10.1.0.1,3260'],
  ['all node records', 'iSCSI node records'],
  ['the mounts', 'mounts'],
  ['all sessions', '/sys/class/iscsi_session'],
  ['all dm devices', '/sys/block/dm-*'],
])('%s matters', (_, subject) => {
  expect(about(subject)).toBe(true);
});

test.each([
  ['another disk of its session', `${SESSION}1/device/target0:0:0/0:0:0:2/wwid`],
  ['another map', '/sys/block/dm-1'],
  ["the host's own name, which is for root alone on some distributions", '/etc/iscsi/initiatorname.iscsi'],
  ['a record of another target', '/var/lib/iscsi/nodes/iqn.2010-10.org.lab:other/,3260'],
])('%s does not', (_, subject) => {
  expect(about(subject)).toBe(false);
});

test('another session does not, once its target is known', () => {
  expect(about(`${SESSION}2/state`, state, [1])).toBe(false);
});

test('a device that sits on its map does', () => {
  const [map] = state.dmDevices;
  const onTop = { ...(map as NonNullable<typeof map>), name: 'dm-5', dmUuid: 'LVM-x', slaves: ['dm-0'] };
  const onDisk = { ...onTop, slaves: ['sdb'] };
  expect(about('/sys/block/dm-5', { ...state, dmDevices: [...state.dmDevices, onTop] })).toBe(true);
  expect(about('/sys/block/dm-5', { ...state, dmDevices: [...state.dmDevices, onDisk] })).toBe(true);
});
