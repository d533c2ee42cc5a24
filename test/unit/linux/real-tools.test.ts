import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mountsFact, parseMounts } from '../../../src/linux/mounts.js';
import { nodeRecordsFact, parseNodeRecords } from '../../../src/linux/node-records.js';
import type { LaneRequest, RunReply } from '../../../src/transport/executor.js';

/** The very commands that run on hosts, run here by the tools that are installed, on files made for them. */
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'longshore-linux-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function make(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).map(([path, content]) => {
    const filePath = join(directory, path);
    mkdirSync(dirname(filePath), { recursive: true });
    writeFileSync(filePath, content);
    return filePath;
  });
}

function run(requests: readonly LaneRequest[], filePaths: readonly string[], program?: readonly string[]): RunReply {
  const request = requests.find((candidate) => candidate.kind === 'run');
  const argv = [...(program ?? request?.argv.slice(0, 1) ?? []), ...(request?.argv.slice(1) ?? []), ...filePaths];
  const { status, stdout, stderr } = spawnSync(argv[0] ?? '', argv.slice(1), {
    input: '',
    encoding: 'utf8',
    cwd: directory,
    env: { ...process.env, LC_ALL: 'C' },
  });
  return { kind: 'run', ok: true, exit: status, stdout, stderr, timedOut: false, truncated: false };
}

const RECORD = (address: string, secret: string): string => `# BEGIN RECORD 2.1.8
node.name = iqn.2010-10.org.lab:array
node.tpgt = 1
node.startup = manual
node.session.scan = manual
iface.iscsi_ifacename = default
node.session.auth.authmethod = CHAP
node.session.auth.username = labuser
node.session.auth.password = ${secret}
node.session.auth.username_in = target
node.session.auth.password_in = ${secret}
node.conn[0].address = ${address}
node.conn[0].port = 3260
# END RECORD
`;

test('node records are read with their secrets left on the host', () => {
  const secret = 'Pl4nted-S3cret';
  const files = make({
    'iqn.2010-10.org.lab:array/10.1.0.1,3260': RECORD('10.1.0.1', secret),
    'iqn.2010-10.org.lab:array/2001:db8::1,3260,1/default': RECORD('2001:db8::1', secret),
  });
  const reply = run(nodeRecordsFact().requests, [
    ...files,
    join(directory, 'iqn.2010-10.org.lab:array/2001:db8::1,3260,1'),
    join(directory, 'deleted-meanwhile'),
  ]);
  expect(reply.stdout + reply.stderr).not.toContain(secret);
  const { value, unknowns } = parseNodeRecords(reply, files);
  expect(unknowns).toEqual([]);
  expect(value.map((record) => [record.portal, record.iface, record.authMethod, record.authUsername])).toEqual([
    ['10.1.0.1:3260', 'default', 'CHAP', 'labuser'],
    ['[2001:db8::1]:3260', 'default', 'CHAP', 'labuser'],
  ]);
  expect(value.map((record) => record.filePath)).toEqual(files);
});

test('without any node record grep waits for nothing', () => {
  const reply = run(nodeRecordsFact().requests, []);
  expect(reply.exit).toBe(1);
  expect(parseNodeRecords(reply, [])).toEqual({ value: [], unknowns: [] });
});

const AWKS = [['awk'], ['mawk'], ['gawk'], ['busybox', 'awk']].filter(
  ([program = '', ...rest]) => spawnSync(program, [...rest, 'BEGIN { exit 0 }']).status === 0,
);

test.each(AWKS.map((words) => [words.join(' '), words] as const))('mounts by %s', (_, program) => {
  const host = [
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
    '23 22 0:21 / /proc rw - proc proc rw',
    '24 22 253:0 / /data rw,relatime shared:7 master:2 - ext4 /dev/mapper/my\\040map rw',
    '25 22 0:44 /@home /srv/a\\040b rw - btrfs /dev/sdb rw,subvol=/@home',
    '26 22 0:45 / /run rw - tmpfs tmpfs rw',
    'cut line',
  ].join('\n');
  const container = [
    '90 89 254:0 /var/lib/x /etc/hosts rw - ext4 /dev/vda rw',
    '91 89 8:16 / /vol rw - xfs /dev/sdb rw',
  ];
  const many = Array.from({ length: 40 }, (__, n) => `${100 + n} 89 8:32 / /bind/${n} rw - xfs /dev/sdc rw`);
  const files = make({
    'proc/1/mountinfo': `${host}\n`,
    'proc/2/mountinfo': `${host}\n`,
    'proc/77/mountinfo': `${[...container, ...many].join('\n')}\n`,
    'proc/78/mountinfo': '',
  });
  // Relative, so that they look like /proc/PID/mountinfo. One of them is gone when it is opened.
  const paths = [...files.map((filePath) => `.${filePath.slice(directory.length)}`), './proc/99/mountinfo'];
  const reply = run(mountsFact().requests, paths, program);
  expect(reply.exit).toBe(0);
  const { value, unknowns } = parseMounts(reply);
  // The line that is none is not passed over in silence.
  expect(unknowns).toEqual([{ subject: 'mounts', reason: 'unexpected line "1    "' }]);
  expect(value.filter((mount) => mount.dev !== '8:32')).toEqual([
    { dev: '254:0', source: '/dev/vda', mountPoint: '/', fsType: 'ext4' },
    { dev: '253:0', source: '/dev/mapper/my map', mountPoint: '/data', fsType: 'ext4' },
    { dev: '0:44', source: '/dev/sdb', mountPoint: '/srv/a b', fsType: 'btrfs' },
    { dev: '254:0', source: '/dev/vda', mountPoint: '/etc/hosts', fsType: 'ext4', pid: 77 },
    { dev: '8:16', source: '/dev/sdb', mountPoint: '/vol', fsType: 'xfs', pid: 77 },
  ]);
  expect(value.filter((mount) => mount.dev === '8:32')).toHaveLength(16);
});

test('the mounts of this very machine', () => {
  const files = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => `/proc/${name}/mountinfo`);
  const { value } = parseMounts(run(mountsFact().requests, files));
  expect(value).toContainEqual(expect.objectContaining({ mountPoint: '/' }));
});
