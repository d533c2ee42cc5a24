import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { commandsOf, isAllowed, sudoersText } from '../../src/connectors/allow-list.js';
import type { VolumeSpec } from '../../src/connectors/connector.js';
import { ISCSI_LISTING, ISCSI_PRIVATE_DIRECTORIES, iscsiAllowList } from '../../src/connectors/iscsi/allow-list.js';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel } from '../../src/simulator/fleet-model.js';
import { auditAllowList, sweepAllowList } from '../../src/sweep/allow-list.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { becomeEachCommand } from '../../src/transport/become-each-command.js';
import type { Executor, LaneReply, LaneRequest, WaitRequest } from '../../src/transport/executor.js';
import { plantLeftovers } from './sweep-leftovers.js';
import { candidatesOf, planOf, sweepSite } from './sweep-site.js';

/** of the same package as sudo */
const VISUDO = 'visudo';

const fleets: FleetModel[] = [];
afterEach(() => {
  for (const fleet of fleets.splice(0)) fleet.stop();
});

/**
 * A simulated host whose sudo allows what the list does, and nothing else: it runs what is behind `sudo -n --`, and looks as root, because the
 * simulator knows no users.
 */
function hostWithRules(executor: Executor, ran: string[][], rules = iscsiAllowList()): Executor {
  const unwrap = (argv: readonly string[]): readonly string[] => {
    const [sudo, option, dashes, ...command] = argv;
    if (sudo !== 'sudo' || option !== '-n' || dashes !== '--') throw new Error(`without sudo: ${argv.join(' ')}`);
    ran.push(command);
    // the lane puts the kernel's name there, before sudo sees it
    const seen = command.map((word) => word.replace('{}', 'sdz'));
    if (!isAllowed(rules, seen)) throw new Error(`not allowed: ${argv.join(' ')}`);
    return command;
  };
  const translated = (request: LaneRequest): LaneRequest => {
    if (request.kind === 'write') throw new Error(`written without sudo: ${String(request.filePath)}`);
    if (request.kind === 'wait' && seenBy(request).some((one) => /^\/(?:etc\/iscsi\/nodes|var\/lib)\//.test(one))) {
      throw new Error('a wait for what only root can see');
    }
    if (request.kind === 'wait' && request.outputLacks !== undefined) {
      return { ...request, outputLacks: { ...request.outputLacks, argv: unwrap(request.outputLacks.argv) } };
    }
    if (request.kind !== 'run') {
      const hidden = request.kind === 'list' && request.patterns.some((one) => one.startsWith('/etc/iscsi/nodes'));
      if (hidden) throw new Error('a list of what only root can see');
      return request;
    }
    // tells every user the same
    if (request.argv[0] === 'udevadm') return request;
    const argv = unwrap(request.argv);
    if (argv[0] === 'find') return { kind: 'list', patterns: ISCSI_PRIVATE_DIRECTORIES.flatMap(below) };
    if (argv[0] !== 'tee') return { ...request, argv };
    return { kind: 'write', append: argv[1] === '-a', filePath: argv.at(-1) ?? '', content: request.input ?? '' };
  };
  const reply = (answer: LaneReply, request: LaneRequest | undefined): LaneReply => {
    if (request?.kind !== 'run') return answer;
    const none = { kind: 'run', ok: true, exit: 0, stdout: '', stderr: '', timedOut: false, truncated: false } as const;
    if (answer.kind === 'list') return { ...none, stdout: answer.paths.map((one) => `${one}\n`).join('') };
    if (answer.kind === 'write') return { ...none, ok: answer.ok, exit: answer.ok ? 0 : 1, stderr: answer.error };
    return answer;
  };
  return {
    host: executor.host,
    async sequence(deadline, requests) {
      const replies: readonly LaneReply[] = await executor.sequence(deadline, requests.map(translated));
      return replies.map((answer, index) => reply(answer, requests[index])) as never;
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}

const eachBySudo = (executor: Executor): Executor =>
  becomeEachCommand(executor, {
    method: 'sudo',
    plainPrograms: ['uname', 'udevadm'],
    privateDirectories: ISCSI_PRIVATE_DIRECTORIES,
    listing: ISCSI_LISTING,
  });

const seenBy = ({ present = [], absent = [], contents = [] }: WaitRequest): readonly string[] => [
  ...present,
  ...absent,
  ...contents.map(({ filePath }) => filePath),
];

const below = (directory: string): string[] => [1, 2, 3].map((depth) => directory + '/*'.repeat(depth));

describe('the allow-list of the iSCSI connector', () => {
  test.each([
    ['multipath with CHAP', {}, {}],
    ['a single path without CHAP', { chap: false, portals: ['10.1.0.1:3260'] }, { multipath: false }],
  ])('is enough for attach, status, extend and detach: %s', async (_name, fleetOptions, changes) => {
    const fleet = createFleetModel({ hosts: 1, ...fleetOptions });
    fleets.push(fleet);
    const [host] = fleet.hosts;
    const [found] = fleet.volumes;
    if (host === undefined || found === undefined) throw new Error('no host');
    const { name, connectionInfo, wwid, sizeBytes } = found;
    const volume: VolumeSpec = {
      name,
      driverVolumeType: 'iscsi',
      data: connectionInfo.data,
      wwid,
      sizeBytes,
      ...changes,
    };
    const ran: string[][] = [];
    const connector = (): IscsiConnector => {
      const executor = eachBySudo(hostWithRules(new DirectExecutor(host), ran));
      return new IscsiConnector({ executor, deadline: deadlineIn(20_000), runId: 'test' });
    };
    const work = connector();
    expect((await work.attach(volume)).error).toBeUndefined();
    expect((await work.status([volume])).get(name)?.deviceInfo).toBeDefined();
    expect(await work.detach(volume, null)).toMatchObject({ outcome: 'changed' });
    expect(fleet.leftovers()).toEqual([]);
    expect(ran.map(([program]) => program)).toEqual(
      expect.arrayContaining(['iscsiadm', 'tee', 'grep', 'awk', 'find', '/lib/udev/scsi_id', 'sync']),
    );
  });

  test.each([
    'iscsiadm -m node --logout',
    'iscsiadm -m node -o delete',
    'iscsiadm -m node -T iqn.2000-01.a:b -p 10.0.0.1:3260 -o update -n node.startup -v automatic',
    'iscsiadm -m node -T iqn.2000-01.a:b -p 10.0.0.1:3260 --login --op x',
    'iscsiadm -m session -r 1 --logout; reboot',
    'multipath -F',
    'multipath -f mpatha -v',
    'multipathd shutdown',
    'dmsetup remove mpatha',
    'dmsetup message mpatha 0 fail_path 8:0',
    'tee /sys/class/scsi_host/host1/../../../etc/passwd',
    'tee -a /etc/iscsi/nodes/../../passwd',
    'tee /etc/iscsi/nodes/iqn.2000-01.a:b/10.0.0.1,3260',
    'grep -H -d skip -E -e . -- /etc/iscsi/nodes/a/b',
    'awk BEGIN{system("id")}',
    'dd if=/dev/sda of=/dev/sdb bs=4096 count=1 iflag=direct',
    'find / -delete',
    'sed -i s/a/b/ /etc/iscsi/nodes/a/b',
    'sh -c id',
  ])('does not allow %s', (line) => {
    expect(isAllowed(iscsiAllowList(), line.split(' '))).toBe(false);
  });

  test('has no form that nothing makes: each comes from a step, a fact or an argv of the connector', () => {
    const programs = new Set(iscsiAllowList().map(({ program }) => program));
    expect([...programs].toSorted()).toEqual(
      [
        '/lib/udev/scsi_id',
        ...['awk', 'dd', 'dmsetup', 'find', 'grep', 'iscsiadm', 'multipath', 'multipathd'],
        ...['install', 'rm', 'sed', 'sync', 'tee'],
      ].toSorted(),
    );
    expect(commandsOf([{ kind: 'write', filePath: '/sys/a', content: '1' }])).toEqual([['tee', '/sys/a']]);
  });
});

describe('the allow-lists of audit and sweep', () => {
  const all = [...iscsiAllowList(), ...auditAllowList(), ...sweepAllowList()];

  test('are enough to find and remove leftovers of each kind, each with its proof', async () => {
    const ran: string[][] = [];
    const site = sweepSite({}, (executor) => eachBySudo(hostWithRules(executor, ran, all)));
    const planted = await plantLeftovers(site);
    const before = await site.audit();
    expect(candidatesOf(before)).toEqual(planted);
    const { results, error } = await site.apply(before, planOf(before).objects);
    expect([error, ...results.filter(({ state }) => state !== 'removed')]).toEqual([undefined]);
    expect(ran.map(([program]) => program)).toEqual(
      expect.arrayContaining(['cryptsetup', 'dmsetup', 'multipath', 'sg_turs', 'readlink', 'rm', 'mkdir', 'mv', 'sed']),
    );
  });

  test('an audit needs none of those that change a host', async () => {
    const site = sweepSite({}, (executor) =>
      eachBySudo(hostWithRules(executor, [], [...iscsiAllowList(), ...auditAllowList()])),
    );
    expect(candidatesOf(await site.audit())).toEqual([]);
    await plantLeftovers(site);
    expect(candidatesOf(await site.audit()).length).toBeGreaterThan(10);
    const changing = /^(?:remove|close|message|-f|-p|1)\b/;
    expect(auditAllowList().filter(({ words }) => changing.test(words))).toEqual([]);
  });

  test.each([
    'dmsetup remove --force mpatha',
    'dmsetup remove_all',
    'dmsetup remove mpatha mpathb',
    'cryptsetup luksErase secret',
    'cryptsetup close --deferred secret',
    'mkdir -p -m 0700 /etc/cron.d',
    'mv -f -- /etc/passwd /var/lib/longshore/quarantine/etc+passwd',
    'mv -f -- /etc/iscsi/nodes/a/b /etc/sudoers.d/a',
    'rm -f -- /dev/disk/by-id/os-brick+dev+dm-7 /etc/passwd',
    'rm -f -- /dev/disk/by-id/os-brick+/../../sda',
    'readlink -f -- /root/.ssh',
    'grep -q -E -e . -- /etc/shadow',
    'sg_turs -v /dev/vda',
  ])('do not allow %s', (line) => {
    expect(isAllowed(all, line.split(' '))).toBe(false);
  });
});

describe('sudoers', () => {
  test('has no expression that is too long for sudo, which then allows nothing by it and does not say so', () => {
    const all = [...iscsiAllowList(), ...auditAllowList(), ...sweepAllowList()];
    expect(all.filter(({ words }) => `^${words}$`.length > 1024)).toEqual([]);
  });

  test('is a file that visudo takes', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'longshore-sudoers-'));
    try {
      const file = path.join(directory, 'longshore');
      writeFileSync(
        file,
        sudoersText('storage', { iscsi: iscsiAllowList(), audit: auditAllowList(), sweep: sweepAllowList() }),
        { mode: 0o440 },
      );
      expect(execFileSync(VISUDO, ['-cf', file], { encoding: 'utf8' })).toContain('parsed OK');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
