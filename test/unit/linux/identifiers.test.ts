import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import {
  hctlLun,
  parseHctl,
  parseIfaceName,
  parseIqn,
  parsePortal,
  portalAddress,
  portalPort,
} from '../../../src/linux/identifiers.js';
import { HOSTILE } from './hostile-characters.js';

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'accepted';
  } catch (error) {
    return error instanceof LongshoreError ? error.code : 'other error';
  }
};

describe('iSCSI names', () => {
  test.each([
    ['iqn.2010-10.org.lab:array', 'iqn.2010-10.org.lab:array'],
    ['IQN.2001-05.com.EqualLogic:0-8A0906-ABC_vol.1', 'iqn.2001-05.com.equallogic:0-8a0906-abc_vol.1'],
    ['iqn.1992-08.com.netapp:sn.d3b1:vs.3', 'iqn.1992-08.com.netapp:sn.d3b1:vs.3'],
    ['iqn.1994-05.com.redhat', 'iqn.1994-05.com.redhat'],
    ['eui.02004567A425678D', 'eui.02004567a425678d'],
    ['naa.52004567BA64678D', 'naa.52004567ba64678d'],
    ['naa.62004567BA64678D0123456789ABCDEF', 'naa.62004567ba64678d0123456789abcdef'],
    [`iqn.2010-10.org.lab:${'a'.repeat(203)}`, `iqn.2010-10.org.lab:${'a'.repeat(203)}`],
  ])('%s', (text, normal) => {
    expect(parseIqn(text)).toBe(normal);
    expect(parseIqn(normal)).toBe(normal);
  });

  test.each([
    '',
    'iqn',
    'iqn.',
    'iqn.2010-13.org.lab:x',
    'iqn.10-10.org.lab:x',
    'iqn.2010-10:x',
    'iqn.2010-10..lab:x',
    'iqn.2010-10.org.lab:',
    ' iqn.2010-10.org.lab:x',
    'iqn.2010-10.org.lab:x\n',
    'eui.0123',
    'naa.0123456789abcdef0',
    '--help',
    `iqn.2010-10.org.lab:${'a'.repeat(204)}`,
    `iqn.2010-10.${'a-'.repeat(100_000)}`,
  ])('refused: %j', (text) => {
    expect(codeOf(() => parseIqn(text))).toBe('E_PARSE');
  });
});

describe('portals', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1:3260'],
    ['10.0.0.1:3261', '10.0.0.1:3261'],
    ['10.0.0.1:3260,1', '10.0.0.1:3260'],
    ['10.0.0.1:3260,-1', '10.0.0.1:3260'],
    ['10.0.0.1:3260,4294967295', '10.0.0.1:3260'],
    ['[2001:DB8:0:0:0:0:0:1]:3260', '[2001:db8::1]:3260'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '[2001:db8::1]:3260'],
    ['[fe80::1]', '[fe80::1]:3260'],
    ['::1', '[::1]:3260'],
    ['[2001:db8:0:0:1:0:0:1]:860,1', '[2001:db8::1:0:0:1]:860'],
    ['::ffff:10.0.0.1', '[::ffff:10.0.0.1]:3260'],
    ['[::FFFF:0a00:0001]:3260', '[::ffff:10.0.0.1]:3260'],
    ['Storage-1.Example.COM', 'storage-1.example.com:3260'],
    ['san:3262', 'san:3262'],
  ])('%s is %s', (text, normal) => {
    expect(parsePortal(text)).toBe(normal);
    expect(parsePortal(normal)).toBe(normal);
  });

  test.each([
    '',
    ':3260',
    '[]:3260,-1',
    '[]',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1:',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '10.0.0.1:3260,x',
    '10.0.0.1:3260 ',
    '[10.0.0.1]:3260',
    '[fe80::1%eth0]:3260',
    '[::1]3260',
    '1:2:3',
    ':::1',
    '2001:db8::1::2',
    '-portal:3260',
    'a..b',
    `${'a'.repeat(64)}.b`,
    'user@10.0.0.1',
    '10.0.0.1/24',
    '0x7f.0.0.1',
  ])('refused: %j', (text) => {
    expect(codeOf(() => parsePortal(text))).toBe('E_PARSE');
  });

  test('every spelling of an IPv6 address is one portal', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const address = fc.array(fc.oneof(group, fc.constant(0)), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(address, fc.integer({ min: 1, max: 65535 }), (groups, port) => {
        const full = groups.map((value) => value.toString(16).padStart(4, '0')).join(':');
        const short = groups.map((value) => value.toString(16)).join(':');
        const portal = parsePortal(`[${full.toUpperCase()}]:${port}`);
        expect(parsePortal(`[${short}]:${port},1`)).toBe(portal);
        expect(parsePortal(portal)).toBe(portal);
        expect(parsePortal(`[${portalAddress(portal)}]:${portalPort(portal)}`)).toBe(portal);
        expect(portalPort(portal)).toBe(port);
      }),
    );
  });

  test('a mapped IPv4 address is another portal than the plain one', () => {
    expect(parsePortal('::ffff:10.0.0.1')).not.toBe(parsePortal('10.0.0.1'));
    expect(portalAddress(parsePortal('::ffff:10.0.0.1'))).toBe('::ffff:10.0.0.1');
  });
});

describe('SCSI addresses', () => {
  test.each([
    ['0:0:0:1', 1],
    ['12:0:3:16640', 16640],
    ['2:0:0:0', 0],
  ])('%s has LUN %i', (text, lun) => {
    expect(hctlLun(parseHctl(text))).toBe(lun);
  });

  test.each([
    '',
    '0:0:0',
    '0:0:0:0:0',
    '0:0:0:01',
    '0:0:0:-',
    '-1:0:0:0',
    '0:0:0:1 ',
    '0:0:0:9999999999999999',
    'a:b:c:d',
  ])('refused: %j', (text) => {
    expect(codeOf(() => parseHctl(text))).toBe('E_PARSE');
  });
});

describe('whatever is read', () => {
  const parsers: readonly [string, (text: string) => string, string][] = [
    ['parseIqn', parseIqn, 'iqn.2010-10.org.lab:array'],
    ['parsePortal', parsePortal, '10.0.0.1:3260'],
    ['parseHctl', parseHctl, '0:0:0:1'],
    ['parseIfaceName', parseIfaceName, 'default'],
  ];

  test.each(parsers)('%s takes no character that a shell knows, at no place', (_, parse, good) => {
    // These belong to the grammar of portals: brackets round IPv6, a comma before the tag. They never come out of a plain portal.
    for (const character of HOSTILE) {
      for (let at = 0; at <= good.length; at++) {
        const text = good.slice(0, at) + character + good.slice(at);
        if (codeOf(() => parse(text)) !== 'accepted') continue;
        expect([text, parse(text)]).toEqual([text, expect.stringMatching(/^[a-z0-9.:-]+$/)]);
        expect(character).toBe(',');
      }
    }
  });

  test.each(parsers)('%s makes a normal form of any text, or E_PARSE, and is stable', (_, parse) => {
    const near = fc.stringMatching(/^[iqnesua.:,0-9a-fx[\]-]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(near, fc.string(), fc.string({ unit: 'binary' })), (text) => {
        const code = codeOf(() => parse(text));
        expect(['accepted', 'E_PARSE']).toContain(code);
        if (code === 'accepted') expect(parse(parse(text))).toBe(parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('the message shows the text without its control characters, cut, and says what to write', () => {
    expect(() => parsePortal(`\x1b[31m${'x'.repeat(10_000)}`)).toThrow(
      /^"\\u001b\[31mx{75}\.\.\." is not a valid portal: write /,
    );
  });
});
