import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VolumeSpec } from '../../../src/connectors/connector.js';
import { readVolumeFile } from '../../../src/inventory/volumes/read-volume-file.js';
import { failureOf, folderOf, revealed } from './inventory-folder.js';

const PORTAL = 'target_portal: 10.0.0.1:3260';
const IQN = 'target_iqn: iqn.2010-10.org.example:a';
const LUN = 'target_lun: 1';
const FLAT = `{${PORTAL}, ${IQN}, ${LUN}}`;
const CHECKED = { target_portal: '10.0.0.1:3260', target_iqn: 'iqn.2010-10.org.example:a', target_lun: 1 };

async function read(text: string, name = 'volume.yaml'): Promise<VolumeSpec[]> {
  return [...(await readVolumeFile(path.join(folderOf({ [name]: text }), name), { env: {} })).values()];
}

/** A volume whose data has these lines. */
const data = (...lines: readonly string[]): string =>
  `driver_volume_type: iscsi\ndata:\n${lines.map((line) => `  ${line}\n`).join('')}`;

describe('a volume file', () => {
  it.each<[string, string, readonly string[]]>([
    ["Cinder's envelope", `{driver_volume_type: iscsi, data: ${FLAT}}`, ['volume']],
    ['an envelope with a name', `{name: data1, driver_volume_type: ISCSI, data: ${FLAT}}`, ['data1']],
    ['data alone', FLAT, ['volume']],
    ['data under "data", without a type', `data: ${FLAT}`, ['volume']],
    ["Cinder's connection_info", `connection_info: {driver_volume_type: iscsi, data: ${FLAT}}`, ['volume']],
    [
      'an attachment of Cinder, where all is flat',
      `connection_info: {driver_volume_type: iscsi, ${PORTAL}, ${IQN}, ${LUN}}`,
      ['volume'],
    ],
    ['a list', `[{name: a, data: ${FLAT}}, {name: b, connection_info: {data: ${FLAT}}}]`, ['a', 'b']],
    ['a mapping', `{a: ${FLAT}, b: {data: ${FLAT}}}`, ['a', 'b']],
    ['a mapping under "volumes"', `volumes: {a: ${FLAT}}`, ['a']],
    ['a list under "volumes"', `volumes: [{name: a, data: ${FLAT}}]`, ['a']],
    ['a volume whose name is "data"', `data: {driver_volume_type: iscsi, data: ${FLAT}}`, ['data']],
  ])('may hold %s', async (_, text, names) => {
    const volumes = await read(text);
    expect(volumes.map(({ name }) => name)).toEqual(names);
    for (const volume of volumes) expect(volume).toMatchObject({ driverVolumeType: 'iscsi', data: CHECKED });
  });

  it('may be JSON, names its volume by volume_id, and keeps what it does not know as it is', async () => {
    const connection = {
      driver_volume_type: 'iscsi',
      serial: 'kept by Nova',
      data: { ...CHECKED, volume_id: 'volume-1', qos_specs: null, encrypted: false, future: { a: [1] }, ratio: 1.5 },
    };
    const [volume] = await read(JSON.stringify({ connection_info: connection }, null, '\t'), 'x.json');
    expect(volume).toEqual({ name: 'volume-1', driverVolumeType: 'iscsi', data: connection.data });
  });

  it('reads the options beside the connection info', async () => {
    const text = `
connection_info: {driver_volume_type: iscsi, data: ${FLAT}}
wwid: 36001405000000000000000000000000e
size_bytes: "1073741824"
multipath: yes
enforce_multipath: false
`;
    expect(await read(text)).toEqual([
      {
        name: 'volume',
        driverVolumeType: 'iscsi',
        data: CHECKED,
        wwid: '36001405000000000000000000000000e',
        sizeBytes: 1073741824,
        multipath: true,
        enforceMultipath: false,
      },
    ]);
  });

  it('takes a WWID of digits as text, also one that looks like a number with an exponent', async () => {
    const wwids = ['36001405000000000000000000000001', '360014050000000000000000000000e1'];
    for (const digits of wwids) {
      const wwid = digits.padEnd(33, '0');
      expect((await read(`{wwid: ${wwid}, data: ${FLAT}}`))[0]?.wwid).toBe(wwid);
    }
  });

  it('makes numbers of LUNs and keeps numbers that JavaScript would round', async () => {
    const [volume] = await read(
      data(
        'target_portals: [10.0.0.1, "[2001:db8::1]:3260"]',
        'target_iqns: [iqn.2010-10.org.example:a, iqn.2010-10.org.example:b]',
        'target_luns: ["7", 8]',
        'serial: 12345678901234567890',
        'auth_method: chap',
        'auth_username: 007',
        'auth_password: 0123',
      ),
    );
    expect(volume?.data).toMatchObject({
      target_luns: [7, 8],
      serial: '12345678901234567890',
      auth_method: 'CHAP',
      auth_username: '007',
    });
    expect(revealed(volume?.data['auth_password'])).toBe('0123');
  });

  it('takes the single LUN for all portals, as os-brick does', async () => {
    const [volume] = await read(
      data(
        'target_portals: [10.0.0.1, 10.0.0.2]',
        'target_iqns: [iqn.2010-10.org.example:a, iqn.2010-10.org.example:a]',
        LUN,
      ),
    );
    expect(volume?.data).toMatchObject({ target_lun: 1 });
  });

  it('leaves other protocols to their connectors, but keeps their secrets', async () => {
    const [volume] = await read(
      'driver_volume_type: scaleio\ndata: {serverIP: 10.0.0.1, serverPassword: x, server_password: planted}\n',
    );
    expect(volume).toMatchObject({ driverVolumeType: 'scaleio', data: { serverIP: '10.0.0.1' } });
    expect(JSON.stringify(volume)).not.toContain('planted');
  });

  it.each<[what: string, text: string, message: string]>([
    ['nothing', '', ':1:1: is empty; write a volume'],
    ['text', 'hello', ':1:1: holds no volume; write driver_volume_type and data as Cinder hands them over'],
    ['an empty list', '[]', ':1:1: holds no volume; write one'],
    [
      'only a name',
      'name: x\n',
      ':1:1: has no connection info; write driver_volume_type and data as Cinder hands them over',
    ],
    [
      'data that is text',
      'driver_volume_type: iscsi\ndata: hello\n',
      ":2:7 data: must be a mapping: Cinder's data with target_portal and so on",
    ],
    [
      'connection_info that is text',
      'connection_info: hello\n',
      ':1:18 connection_info: must be a mapping; write driver_volume_type and data as Cinder hands them over',
    ],
    [
      'neither a type nor a portal',
      'data: {a: 1}\n',
      ':1:7: has neither driver_volume_type nor target_portal, which would mean iscsi; add one, such as "driver_volume_type: iscsi"',
    ],
    [
      'a type that is none',
      'driver_volume_type: ../x\ndata: {}\n',
      ':1:21 driver_volume_type: "../x" is not a driver_volume_type; write the one that Cinder gives, such as iscsi',
    ],
    [
      'too little',
      data(PORTAL),
      ':3:3 data.target_iqn: iSCSI needs target_portal, target_iqn and target_lun, or the lists target_portals, target_iqns and target_luns; missing here: target_iqn, target_lun',
    ],
    [
      'lists without LUNs',
      data('target_portals: [10.0.0.1]', 'target_iqns: [iqn.2010-10.org.example:a]'),
      ':3:3 data.target_luns: iSCSI needs target_portal, target_iqn and target_lun, or the lists target_portals, target_iqns and target_luns; missing here: target_luns',
    ],
    [
      'portals without names',
      data('target_portals: [10.0.0.1]', IQN, LUN),
      ':3:3 data.target_iqns: iSCSI needs target_portal, target_iqn and target_lun, or the lists target_portals, target_iqns and target_luns; missing here: target_iqns',
    ],
    [
      'a short list',
      data(
        'target_portals: [10.0.0.1, 10.0.0.2]',
        'target_iqns: [iqn.2010-10.org.example:a, iqn.2010-10.org.example:a]',
        'target_luns: [1]',
      ),
      ':5:16 data.target_luns: target_portals has 2, target_iqns has 2, target_luns has 1: the lists need the same length, as entries beyond the shortest would silently be left out',
    ],
    [
      'an empty path list',
      data('target_portals: []', 'target_iqns: []', LUN),
      ':3:19 data.target_portals: must be a list of 1 to 128 entries, one for each path\nvolume.yaml:4:16 data.target_iqns: must be a list of 1 to 128 entries, one for each path',
    ],
    [
      'a portal in place of a list',
      data('target_portals: 10.0.0.1', IQN, LUN),
      ':3:19 data.target_portals: must be a list of 1 to 128 entries, one for each path',
    ],
    [
      'a LUN that is text',
      data(PORTAL, IQN, 'target_lun: one'),
      ':5:15 data.target_lun: "one" is not a LUN; write a whole number from 0 on',
    ],
    [
      'a negative LUN',
      data(PORTAL, IQN, 'target_lun: -1'),
      ':5:15 data.target_lun: -1 is not a LUN; write a whole number from 0 on',
    ],
    [
      'a bad LUN in a list',
      data('target_portals: [10.0.0.1]', 'target_iqns: [iqn.2010-10.org.example:a]', 'target_luns: [1.5]'),
      ':5:17 data.target_luns[0]: 1.5 is not a LUN; write a whole number from 0 on',
    ],
    [
      'a portal that is none',
      data('target_portal: 10.0.0.1:99999', IQN, LUN),
      ':3:18 data.target_portal: "10.0.0.1:99999" is not a valid portal: write ADDRESS or ADDRESS:PORT, such as 10.0.0.1:3260, [2001:db8::1]:3260 or storage.example.com:3260',
    ],
    [
      'an IQN that is none',
      data(PORTAL, 'target_iqn: iqn.example', LUN),
      ':4:15 data.target_iqn: "iqn.example" is not a valid iSCSI name: write iqn.YYYY-MM.reversed.domain:name (letters, digits, "-", ".", ":" and "_", at most 223 characters), eui.16 hex digits, or naa.16 or 32 hex digits',
    ],
    [
      'another authentication',
      data(PORTAL, IQN, LUN, 'auth_method: KRB5'),
      ':6:16 data.auth_method: "KRB5" is not an authentication method that Longshore knows; write CHAP, or leave it out',
    ],
    [
      'CHAP without a user',
      data(PORTAL, IQN, LUN, 'auth_method: CHAP'),
      ':6:16 data.auth_method: auth_method CHAP needs auth_username and auth_password; add both',
    ],
    [
      'a password without a user',
      data(PORTAL, IQN, LUN, 'auth_method: CHAP', 'auth_password: s3cret'),
      ':7:18 data.auth_password: auth_password is given without auth_username; give both or neither',
    ],
    [
      'a user without CHAP',
      data(PORTAL, IQN, LUN, 'auth_username: u', 'auth_password: s3cret'),
      ':6:18 data.auth_username: auth_username has no effect without auth_method; add "auth_method: CHAP"',
    ],
    [
      'half of mutual CHAP',
      data(PORTAL, IQN, LUN, 'mutual_auth_username: u'),
      ':6:25 data.mutual_auth_username: mutual_auth_username is given without mutual_auth_password; give both or neither',
    ],
    [
      'half of discovery CHAP',
      data(PORTAL, IQN, LUN, 'discovery_auth_username: u'),
      ':6:28 data.discovery_auth_username: discovery_auth_username is given without discovery_auth_password; give both or neither',
    ],
    [
      'an option with a slip',
      `${data(PORTAL, IQN, LUN)}wwidd: x\n`,
      ':6:1 wwidd: "wwidd" is not known here; did you mean "wwid"?',
    ],
    [
      'an option that nobody knows',
      `${data(PORTAL, IQN, LUN)}frob: x\n`,
      ':6:1 frob: "frob" is not known here; known here are driver_volume_type, data, name, wwid, size_bytes, multipath, enforce_multipath, min_paths, want_paths, soft_deadline_s, access_mode, shared, iface',
    ],
    [
      'a WWID that is none',
      `${data(PORTAL, IQN, LUN)}wwid: 12\n`,
      ':6:7 wwid: "12" is not a valid WWID: write it as multipath or udev show it (3600140...), as sysfs does (naa.600140..., eui..., t10....), or as 0x600140... or wwn-0x600140...',
    ],
    [
      'a size with a unit',
      `${data(PORTAL, IQN, LUN)}size_bytes: 10G\n`,
      ':6:13 size_bytes: "10G" is not a size; write bytes as a whole number',
    ],
    [
      'an override that is neither',
      `${data(PORTAL, IQN, LUN)}multipath: sometimes\n`,
      ':6:12 multipath: "sometimes" is not true or false; write true or false',
    ],
    [
      'a template',
      data(PORTAL, 'target_iqn: "{{ x }}"', LUN),
      ':4:15 data.target_iqn: holds a Jinja expression, which Longshore does not evaluate; write the value itself, {env: NAME} or {file: PATH} for a secret, or !unsafe before it when the braces belong to it',
    ],
    ['a list without names', `[${FLAT}]`, ':1:2 [0]: a volume in a list needs a name; add "name: NAME"'],
    [
      'a name twice',
      `- {name: a, data: ${FLAT}}\n- {name: a, data: ${FLAT}}\n`,
      ':2:3 [1]: a second volume is named "a"; rename one',
    ],
    [
      'a name with a newline',
      `{name: "a\\nb", data: ${FLAT}}`,
      ':1:8 name: "a\\nb" is not a volume name; write 1 to 255 characters without spaces, "/", "," and control characters, not beginning with "-"',
    ],
    [
      'broken JSON',
      '{"data": {"auth_password": "s3cret}',
      ':1:36: YAML syntax: a quote, bracket, comma or ":" is missing here or before; close what is open',
    ],
  ])('with %s is refused', async (_, text, message) => {
    const failure = await failureOf(() => read(text));
    expect(failure).toBe(`E_VOLUME volume.yaml${message}`);
    expect(failure).not.toContain('s3cret');
  });

  it('names all problems in one error', async () => {
    const text = `a: {data: {${PORTAL}}}\nb: {data: {${IQN}}}\nc: {data: ${FLAT}, size: 1}\n`;
    expect((await failureOf(() => read(text))).split('\n').map((line) => line.replace(/;.*/, ''))).toEqual([
      'E_VOLUME volume.yaml:1:11 a.data.target_iqn: iSCSI needs target_portal, target_iqn and target_lun, or the lists target_portals, target_iqns and target_luns',
      'volume.yaml:2:11 b: has neither driver_volume_type nor target_portal, which would mean iscsi',
      expect.stringMatching(/^volume\.yaml:3:\d+ c\.size: "size" is not known here$/),
    ]);
  });

  it('that cannot be read is refused', async () => {
    expect(await failureOf(() => readVolumeFile('/nonexistent/volume.yaml', { env: {} }))).toBe(
      'E_VOLUME /nonexistent/volume.yaml:1:1: cannot be read (ENOENT); check the path and its permissions',
    );
  });
});
