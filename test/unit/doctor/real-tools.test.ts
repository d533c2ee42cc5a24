import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Fact } from '../../../src/linux/fact.js';
import { iscsidSettingsFact } from '../../../src/linux/iscsid-settings.js';
import { processStatesFact } from '../../../src/linux/process-states.js';
import type { LaneReply, RunReply } from '../../../src/transport/executor.js';

/** The very commands that run on hosts, run here by the tools that are installed. */
const directory = mkdtempSync(join(tmpdir(), 'longshore-doctor-'));
afterAll(() => rmSync(directory, { recursive: true }));

function put(name: string, content: string): string {
  const filePath = join(directory, name);
  mkdirSync(dirname(filePath), { recursive: true });
  writeFileSync(filePath, content);
  return filePath;
}

/** `edit` puts files of the test's own in the place of the host's. */
function run(fact: Fact<unknown>, edit: (argv: readonly string[]) => readonly string[]): RunReply {
  const request = fact.requests.find((one) => one.kind === 'run');
  const [program = '', ...words] = edit(request?.argv ?? []);
  const { status, stdout, stderr } = spawnSync(program, words, {
    input: '',
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return { kind: 'run', ok: true, exit: status, stdout, stderr, timedOut: false, truncated: false };
}

const parse = (fact: Fact<unknown>, ...replies: LaneReply[]): unknown => fact.parse(replies);

it('grep takes the settings that are set, finds the socket, and leaves the secrets on the host', () => {
  const secret = 'Pl4nted-S3cret';
  const conf = put(
    'iscsid.conf',
    [
      '# node.startup = automatic',
      'node.startup = manual',
      '  node.session.scan=manual',
      'node.session.timeo.replacement_timeoutX = 7',
      'node.session.timeo.replacement_timeout = 120',
      `node.session.auth.password = ${secret}`,
      `discovery.sendtargets.auth.password_in = ${secret}`,
      '',
    ].join('\n'),
  );
  const sockets = put(
    'unix',
    '00000000eba6dc5d: 00000002 00000000 00010000 0001 01 13484 @ISCSIADM_ABSTRACT_NAMESPACE\n',
  );
  const record = put(
    'nodes/iqn.2010-10.org.example:a/10.1.0.1,3260',
    `node.name = iqn.2010-10.org.example:a\nnode.conn[0].address = 10.1.0.1\nnode.conn[0].port = 3260\nnode.session.auth.password = ${secret}\nnode.startup = automatic\n`,
  );
  const empty = put('nodes/iqn.2010-10.org.example:a/10.2.0.1,3260', '');
  const fact = iscsidSettingsFact();
  const reply = run(fact, (argv) => [...argv.slice(0, -2), conf, sockets, dirname(record), record, empty]);
  expect(reply.stdout + reply.stderr).not.toContain(secret);

  const stdout = reply.stdout.replaceAll(conf, '/etc/iscsi/iscsid.conf').replaceAll(sockets, '/proc/net/unix');
  const listed: LaneReply = { kind: 'list', ok: true, paths: [dirname(record), record, empty], resolved: new Map() };
  expect(parse(fact, listed, { ...reply, stdout })).toEqual({
    value: {
      defaults: new Map([
        ['node.startup', 'manual'],
        ['node.session.scan', 'manual'],
        ['node.session.timeo.replacement_timeout', '120'],
      ]),
      records: [
        {
          targetName: 'iqn.2010-10.org.example:a',
          portal: '10.1.0.1:3260',
          filePath: record,
          settings: new Map([
            ['node.name', 'iqn.2010-10.org.example:a'],
            ['node.conn[0].address', '10.1.0.1'],
            ['node.conn[0].port', '3260'],
            ['node.startup', 'automatic'],
          ]),
        },
      ],
      emptyRecords: [empty],
      listening: true,
    },
    unknowns: [],
  });
});

/** fields 4 to 38 of /proc/PID/stat; the processor is the next */
const FIELDS = Array.from({ length: 35 }, (_, index) => `${100 + index}`).join(' ');

const AWKS = [['mawk'], ['gawk'], ['busybox', 'awk'], ['original-awk']].filter(
  ([program = '', ...words]) => spawnSync(program, [...words, 'BEGIN { exit 0 }']).status === 0,
);

it.each(AWKS.map((words) => [words.join(' '), words] as const))(
  '%s tells processes that wait from all others, whatever they are called',
  (_, awk) => {
    // pids beyond any that Linux gives, so that none has a /proc of its own
    const files = [
      put('a/stat', '9999991 (sh) S 1 2 3 4\n'),
      put('b/stat', `9999992 (evil) D 1) D ${FIELDS} 6 7\n`),
      put('c/stat', '9999993 (a b (c)) D 1 2 3\n'),
      put('d/stat', '9999994 (iscsid) S 1 2 3\n'),
      put('e/stat', '9999995 (D) R 1 2 3\n'),
      join(directory, 'ended-meanwhile/stat'),
    ];
    const fact = processStatesFact();
    const reply = run(fact, (argv) => [...awk, ...argv.slice(1), ...files]);
    expect(reply.stderr).toBe('');
    expect(parse(fact, reply)).toEqual({
      value: {
        blocked: [
          { pid: 9999992, name: 'evil) D 1', ranAtSeconds: null, processor: 6, sleepsIn: null },
          { pid: 9999993, name: 'a b (c)', ranAtSeconds: null, processor: 0, sleepsIn: null },
        ],
        iscsidRuns: true,
      },
      unknowns: [],
    });
  },
);

it('there is an awk to try it with', () => {
  expect(AWKS.length).toBeGreaterThan(0);
});
