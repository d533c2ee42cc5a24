import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseWwid, sameWwid, wwidFromSysfs } from '../../../src/linux/identifiers.js';
import { compareIdentity } from '../../../src/linux/live-identity.js';
import { wwidOrNull } from '../../../src/linux/wwid.js';
import { HOSTILE } from './hostile-characters.js';

const NAA = '6001405d70aba290f7444508e32cc5b2';
const LUN = parseWwid(`3${NAA}`);

test.each([
  `3${NAA}`,
  `naa.${NAA}`,
  `NAA.${NAA.toUpperCase()}`,
  `0x${NAA}`,
  `0X${NAA.toUpperCase()}`,
  `wwn-0x${NAA}`,
  NAA,
  NAA.toUpperCase(),
])('%s is the same volume as multipath shows it', (text) => {
  expect(parseWwid(text)).toBe(`3${NAA}`);
});

test.each([
  ['5000c500a1b2c3d4', '35000c500a1b2c3d4'],
  ['naa.2002ac0000000001', '32002ac0000000001'],
  ['eui.0025385B71B00C26', '20025385b71b00c26'],
  ['20025385b71b00c26', '20025385b71b00c26'],
  ['eui.0025385b71b00c260025385b71b00c26', '20025385b71b00c260025385b71b00c26'],
  ['t10.LIO-ORG IBLOCK:cbee5166-2d2c', '1LIO-ORG_IBLOCK:cbee5166-2d2c'],
  ['t10.IET     00010001        ', '1IET_00010001'],
  ['1LIO-ORG_IBLOCK:cbee5166-2d2c', '1LIO-ORG_IBLOCK:cbee5166-2d2c'],
  ['8iqn.2010-10.org.lab:array,L', null],
  ['8iqn.2010-10.org.lab:array.L.1', '8iqn.2010-10.org.lab:array.L.1'],
])('%s is %s', (text, normal) => {
  expect(wwidOrNull(text)).toBe(normal);
});

test.each([
  '',
  '3',
  'naa.',
  '0x',
  'naa.6001405',
  `3${NAA.slice(0, -1)}`,
  `3${NAA}0`,
  NAA.slice(0, -1),
  `36001405d70aba290`,
  `1${NAA}`,
  '0123456789abcdef',
  `3${'0'.repeat(32)}`,
  `naa.6${'0'.repeat(31)}`,
  `eui.${'0'.repeat(16)}`,
  'SVendor_Model_0001',
  '0QEMU_QEMU_HARDDISK_1',
  't10.',
  't10.   ',
  ` 3${NAA}`,
  `3${NAA}\n`,
  'mpatha',
  `mpath-3${NAA}`,
  'x'.repeat(10_000),
])('refused: %j', (text) => {
  expect(() => parseWwid(text)).toThrow(
    expect.objectContaining({ code: 'E_PARSE', message: expect.stringContaining('write it as multipath') as string }),
  );
});

test('sysfs without its prefix is no identity: 16 hex digits could be anything', () => {
  expect(wwidFromSysfs(NAA)).toBeNull();
  expect(wwidFromSysfs('')).toBeNull();
  expect(wwidFromSysfs(`naa.${NAA}`)).toBe(LUN);
});

test('no character that a shell knows gets through, at no place', () => {
  for (const good of [`3${NAA}`, `naa.${NAA}`, '1LIO-ORG_IBLOCK:cbee5166']) {
    for (const character of HOSTILE.filter((one) => !'#+=@'.includes(one))) {
      for (let at = 0; at <= good.length; at++) {
        expect(wwidOrNull(good.slice(0, at) + character + good.slice(at))).toBeNull();
      }
    }
  }
});

describe('comparing (rule S3)', () => {
  const hex = fc.stringMatching(/^6[0-9a-f]{31}$/).filter((value) => !/^.0+$/.test(value));

  test('equal only when every digit is', () => {
    fc.assert(
      fc.property(hex, fc.integer({ min: 1, max: 31 }), fc.integer({ min: 1, max: 15 }), (value, at, by) => {
        const digit = ((parseInt(value.charAt(at), 16) + by) % 16).toString(16);
        const other = wwidOrNull(`3${value.slice(0, at)}${digit}${value.slice(at + 1)}`);
        const own = parseWwid(value);
        expect(sameWwid(own, parseWwid(`naa.${value.toUpperCase()}`))).toBe(true);
        expect(sameWwid(own, other)).toBe(false);
        expect(compareIdentity(own, other)).toBe(other === null ? 'unknown' : 'mismatch');
      }),
    );
  });

  test('a part, an extension, an empty or an unknown identity equals nothing', () => {
    fc.assert(
      fc.property(hex, fc.integer({ min: 0, max: 31 }), (value, length) => {
        expect(wwidOrNull(`3${value.slice(0, length)}`)).toSatisfy((wwid) => !sameWwid(parseWwid(value), wwid as null));
        expect(wwidOrNull(`3${value}${value.slice(0, length + 1)}`)).toBeNull();
      }),
    );
    expect(sameWwid(null, null)).toBe(false);
    expect(sameWwid(LUN, null)).toBe(false);
  });

  test('unknown on either side is unknown; so are identities of different types', () => {
    const eui = parseWwid('eui.0025385b71b00c26');
    expect(compareIdentity(LUN, null)).toBe('unknown');
    expect(compareIdentity(null, LUN)).toBe('unknown');
    expect(compareIdentity(LUN, { kind: 'unknown', reason: 'did not answer' })).toBe('unknown');
    expect(compareIdentity(LUN, eui)).toBe('unknown');
    expect(compareIdentity(LUN, { kind: 'match-source', wwid: LUN })).toBe('match');
    expect(compareIdentity(LUN, parseWwid('naa.6001405cbee51662d2c4a258a3346b6d'))).toBe('mismatch');
  });
});
