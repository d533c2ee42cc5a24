import { expect } from 'vitest';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor, LaneReply, LaneRequest, RepliesTo } from '../../src/transport/executor.js';

/**
 * What a scenario needs of a client and its array. The simulator gives it, and so can the lab: nothing here knows which of
 * the two it talks to.
 */
export interface ScenarioHost {
  readonly executor: Executor;
  readonly targetName: string;
  /** two, as `address:port` */
  readonly portals: readonly [string, string];
  readonly lun: number;
  /** udev's form */
  readonly wwid: string;
  readonly sizeBytes: number;
  readonly chap: { readonly username: string; readonly password: string } | null;
  /** mounts a device, or opens it in another way; the returned function ends that */
  readonly hold: (device: string) => Promise<() => Promise<void>>;
  readonly setPortal: (portal: string, up: boolean) => Promise<void>;
  /** what is left on the host, one line each */
  readonly leftovers: () => Promise<readonly string[]>;
}

export interface Scenario {
  readonly name: string;
  readonly run: (host: ScenarioHost) => Promise<void>;
}

const TIME_MS = 60_000;

function ask<const R extends readonly LaneRequest[]>(
  { executor }: ScenarioHost,
  ...requests: R
): Promise<RepliesTo<R>> {
  return executor.sequence(deadlineIn(TIME_MS), requests);
}

function run(argv: readonly string[], okExits: readonly number[] | 'any' = [0]): LaneRequest {
  return { kind: 'run', argv, okExits, timeoutMs: 30_000 };
}

/** Asserts a run reply and gives its parts. */
async function output(host: ScenarioHost, argv: readonly string[]): Promise<Extract<LaneReply, { kind: 'run' }>> {
  const [reply] = await ask(host, run(argv, 'any'));
  if (reply?.kind !== 'run') throw new Error(`${argv.join(' ')} was not run`);
  return reply;
}

function nodeArgv({ targetName }: ScenarioHost, portal: string, ...rest: readonly string[]): readonly string[] {
  return ['iscsiadm', '-m', 'node', '-T', targetName, '-p', portal, ...rest];
}

async function makeRecord(host: ScenarioHost, portal: string, secret = host.chap?.password): Promise<void> {
  const settings: [string, string][] = [
    ['node.session.scan', 'manual'],
    ['node.session.initial_login_retry_max', '1'],
    ['node.conn[0].timeo.login_timeout', '5'],
  ];
  if (host.chap !== null) {
    settings.push(['node.session.auth.authmethod', 'CHAP'], ['node.session.auth.username', host.chap.username]);
    settings.push(['node.session.auth.password', secret ?? '']);
  }
  const pairs = settings.flatMap(([name, value]) => ['-n', name, '-v', value]);
  const replies = await ask(
    host,
    run(nodeArgv(host, portal, '-o', 'new')),
    run(nodeArgv(host, portal, '-o', 'update', ...pairs)),
  );
  expect(replies.map((reply) => reply.ok)).toEqual([true, true]);
}

/** Session id and SCSI host of each session of the target, by portal. */
async function sessionsByPortal(host: ScenarioHost): Promise<ReadonlyMap<string, { sid: string; scsiHost: string }>> {
  const connection = '/sys/class/iscsi_connection/connection*:0';
  const [read, list] = await ask(
    host,
    { kind: 'read', patterns: [`${connection}/persistent_address`, `${connection}/persistent_port`] },
    { kind: 'list', patterns: ['/sys/class/iscsi_host/host*/device/session*'] },
  );
  if (read.kind !== 'read' || list.kind !== 'list') throw new Error('could not be read');
  const found = new Map<string, { sid: string; scsiHost: string }>();
  for (const filePath of list.paths) {
    const [, scsiHost = '', sid = ''] = /host(\d+)\/device\/session(\d+)$/.exec(filePath) ?? [];
    const own = `/sys/class/iscsi_connection/connection${sid}:0`;
    const portal = `${read.files.get(`${own}/persistent_address`)}:${read.files.get(`${own}/persistent_port`)}`;
    found.set(portal, { sid, scsiHost });
  }
  return found;
}

function devicePattern(host: ScenarioHost, sid: string): string {
  return `/sys/class/iscsi_session/session${sid}/device/target*/*:*:*:${host.lun}/block/*`;
}

/** Logs in through both portals and scans; the name of the map and of its disks. */
async function attach(host: ScenarioHost): Promise<{ readonly map: string; readonly disks: readonly string[] }> {
  for (const portal of host.portals) await makeRecord(host, portal);
  const logins = await Promise.all(host.portals.map((portal) => output(host, nodeArgv(host, portal, '--login'))));
  expect(logins.map(({ exit, stderr }) => ({ exit, stderr }))).toEqual([0, 0].map((exit) => ({ exit, stderr: '' })));
  const sessions = await sessionsByPortal(host);
  expect([...sessions.keys()].sort()).toEqual([...host.portals].sort());
  const scans = await Promise.all(
    [...sessions.values()].map(({ sid, scsiHost }) =>
      ask(
        host,
        { kind: 'write', filePath: `/sys/class/scsi_host/host${scsiHost}/scan`, content: `- - ${host.lun}` },
        { kind: 'wait', present: [`${devicePattern(host, sid)}/holders/dm-*`], timeoutMs: 30_000 },
      ),
    ),
  );
  const matches = scans.flatMap(([, wait]) => (wait.kind === 'wait' && wait.ok ? wait.matches : []));
  expect(matches).toHaveLength(2);
  const disks = matches.map((match) => /block\/(\w+)\//.exec(match)?.[1] ?? '');
  const maps = new Set(matches.map((match) => match.slice(match.lastIndexOf('/') + 1)));
  expect(maps.size).toBe(1);
  return { map: [...maps][0] ?? '', disks };
}

async function detach(host: ScenarioHost, map: string, disks: readonly string[]): Promise<void> {
  const flush = await ask(
    host,
    run(['sync', '-d', `/dev/${map}`]),
    run(['blockdev', '--flushbufs', `/dev/${map}`]),
    run(['multipath', '-f', host.wwid]),
  );
  expect(flush.map((reply) => reply.ok)).toEqual([true, true, true]);
  const removals = await Promise.all(
    disks.map((disk) =>
      ask(
        host,
        { kind: 'write', filePath: `/sys/block/${disk}/device/delete`, content: '1' },
        { kind: 'wait', absent: [`/sys/block/${disk}`], timeoutMs: 30_000 },
      ),
    ),
  );
  expect(removals.flat().map((reply) => reply.ok)).toEqual(disks.flatMap(() => [true, true]));
  await removeSessions(host);
}

async function removeSessions(host: ScenarioHost): Promise<void> {
  for (const portal of host.portals) {
    await output(host, nodeArgv(host, portal, '--logout'));
    await output(host, nodeArgv(host, portal, '-o', 'delete'));
  }
  const show = ['multipathd', 'show', 'paths', 'raw', 'format', '%d'];
  const [wait] = await ask(host, {
    kind: 'wait',
    absent: ['/sys/class/iscsi_session/session*'],
    outputLacks: { argv: show, words: ['sda', 'sdb', 'sdc', 'sdd'] },
    timeoutMs: 30_000,
  });
  expect(wait.ok).toBe(true);
  expect(await host.leftovers()).toEqual([]);
}

/** Volumes come and go, and each tool says what it says. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'two logins, a scan and a map; flush, delete and logout leave nothing',
    async run(host) {
      const { map, disks } = await attach(host);
      const [identity, size, table, status, info] = await Promise.all([
        output(host, ['/lib/udev/scsi_id', '--page=0x83', '--whitelisted', `--device=/dev/${disks[0]}`]),
        output(host, ['blockdev', '--getsize64', `/dev/${map}`]),
        output(host, ['dmsetup', 'table', host.wwid]),
        output(host, ['dmsetup', 'status', '--target', 'multipath']),
        output(host, ['dmsetup', 'info', '-c', '--noheadings', '--separator', '|', '-o', 'major,minor,open,uuid']),
      ]);
      expect(identity.stdout).toBe(`${host.wwid}\n`);
      expect(size.stdout).toBe(`${host.sizeBytes}\n`);
      expect(table.stdout).toMatch(/^0 \d+ multipath \d.* service-time 0 2 2 \d+:\d+ 1 1 \d+:\d+ 1 1 $/m);
      expect(status.stdout).toMatch(new RegExp(`^${host.wwid}: 0 \\d+ multipath 2 \\d+ \\d+ 0 1 1 [AE] 0 2 2 `, 'm'));
      expect(status.stdout.match(/\d+:\d+ A \d+ /g)).toHaveLength(2);
      expect(info.stdout).toMatch(new RegExp(`^\\d+\\|\\d+\\|0\\|mpath-${host.wwid}$`, 'm'));
      const { files } = (await ask(host, { kind: 'read', patterns: [`/sys/block/${map}/dm/*`] }))[0] as {
        files: ReadonlyMap<string, string>;
      };
      expect(files.get(`/sys/block/${map}/dm/uuid`)).toBe(`mpath-${host.wwid}`);
      await detach(host, map, disks);
    },
  },
  {
    name: 'a second login is exit 15, a record in use cannot be deleted, and missing ones are exit 21',
    async run(host) {
      const [portal] = host.portals;
      expect((await output(host, nodeArgv(host, portal, '--login'))).exit).toBe(21);
      expect((await output(host, ['iscsiadm', '-m', 'session'])).exit).toBe(21);
      await makeRecord(host, portal);
      expect((await output(host, nodeArgv(host, portal, '--login'))).exit).toBe(0);
      expect((await output(host, nodeArgv(host, portal, '--login'))).exit).toBe(15);
      expect((await output(host, nodeArgv(host, portal, '-o', 'delete'))).exit).toBe(15);
      const { stdout } = await output(host, ['iscsiadm', '-m', 'session']);
      expect(stdout).toMatch(/^tcp: \[\d+\] [\d.]+:\d+,1 iqn\.\S+ \(non-flash\)\n$/);
      expect((await output(host, nodeArgv(host, portal, '--logout'))).exit).toBe(0);
      expect((await output(host, nodeArgv(host, portal, '--logout'))).exit).toBe(21);
      expect((await output(host, nodeArgv(host, portal, '-o', 'delete'))).exit).toBe(0);
      expect((await output(host, nodeArgv(host, portal, '-o', 'delete'))).exit).toBe(21);
      expect(await host.leftovers()).toEqual([]);
    },
  },
  {
    name: 'a portal that does not answer is exit 8, and the other one still works',
    async run(host) {
      const [down, up] = host.portals;
      await host.setPortal(down, false);
      try {
        for (const portal of host.portals) await makeRecord(host, portal);
        const { exit, stderr } = await output(host, nodeArgv(host, down, '--login'));
        expect(exit).toBe(8);
        expect(stderr).toContain('initiator reported error (8 - connection timed out)');
        expect((await output(host, nodeArgv(host, up, '--login'))).exit).toBe(0);
      } finally {
        await host.setPortal(down, true);
      }
      await removeSessions(host);
    },
  },
  {
    name: 'a map in use stays: multipath -f is exit 1 and says so',
    async run(host) {
      const { map, disks } = await attach(host);
      const release = await host.hold(`/dev/${map}`);
      const { exit, stdout, stderr } = await output(host, ['multipath', '-f', host.wwid]);
      expect(exit).toBe(1);
      expect(stdout + stderr).toContain('map in use');
      const [wait] = await ask(host, { kind: 'wait', present: [`/sys/block/${map}/slaves/*`], timeoutMs: 0 });
      expect(wait.kind === 'wait' && wait.matches.length).toBe(2);
      await release();
      await detach(host, map, disks);
    },
  },
];

/** Only where the array wants CHAP. */
export const CHAP_SCENARIO: Scenario = {
  name: 'a wrong CHAP secret is exit 24, and no session is there',
  async run(host) {
    const [portal] = host.portals;
    await makeRecord(host, portal, 'not-the-secret-1');
    const { exit, stderr } = await output(host, nodeArgv(host, portal, '--login'));
    expect({ exit, told: /authorization failure/.test(stderr) }).toEqual({ exit: 24, told: true });
    expect((await sessionsByPortal(host)).size).toBe(0);
    expect((await output(host, nodeArgv(host, portal, '-o', 'delete'))).exit).toBe(0);
  },
};
