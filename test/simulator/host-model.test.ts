import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock, type ManualClock } from '../../src/simulator/clock.js';
import { SHORT_DELAYS } from '../../src/simulator/delays.js';
import { createFleetModel, type FleetModel, type FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { Link } from '../../src/simulator/lane/link.js';
import { answerSequence, type SimulatedLane } from '../../src/simulator/lane/answer.js';
import { Secret } from '../../src/secrets/secret.js';
import type { LaneReply, LaneRequest, RunReply } from '../../src/transport/executor.js';

const LONG_MS = 60_000;
let clock: ManualClock;
let fleet: FleetModel;
let host: SimulatedHost;

function start(options: Partial<FleetModelOptions> = {}): void {
  clock = manualClock();
  fleet = createFleetModel({ hosts: 1, chap: false, ...options, clock });
  const [first] = fleet.hosts;
  if (first === undefined) throw new Error('no host');
  host = first;
}

beforeEach(() => start());
afterEach(() => fleet.stop());

function laneOf(lockHolder: object): SimulatedLane {
  const link = new Link(host.network, () => undefined);
  return { host, link, gone: link.gone, lockHolder, found: new Map() };
}

/** Starts requests and moves time until they are answered, at most a minute. */
async function ask(...requests: readonly LaneRequest[]): Promise<readonly LaneReply[]> {
  const answers = answerSequence(laneOf({}), requests);
  let done = false;
  void answers.then(() => (done = true));
  for (let waited = 0; waited <= LONG_MS; waited += 10) {
    await clock.advance(10);
    if (done) return answers;
  }
  throw new Error(`no answer within a minute to ${JSON.stringify(requests)}`);
}

async function run(...argv: readonly string[]): Promise<RunReply> {
  const [reply] = await ask({ kind: 'run', argv, timeoutMs: 20_000, okExits: 'any' });
  if (reply?.kind !== 'run') throw new Error('not run');
  return reply;
}

/** Logs in through the given portals, scans LUN 1 and lets udev and multipathd do their work. */
async function attach(portals: readonly string[] = fleet.portals): Promise<void> {
  for (const portal of portals) {
    const node = ['iscsiadm', '-m', 'node', '-T', fleet.targetName, '-p', portal];
    await run(...node, '-o', 'new');
    await run(...node, '-o', 'update', '-n', 'node.session.scan', '-v', 'manual');
    expect((await run(...node, '--login')).exit).toBe(0);
  }
  for (const { facts } of host.iscsi.sessions) {
    await ask({ kind: 'write', filePath: `/sys/class/scsi_host/host${facts.scsiHost}/scan`, content: '0 0 1' });
  }
  await clock.advance(100);
}

function unit(index: number): NonNullable<SimulatedHost['scsi']['units'][number]> {
  const found = host.scsi.units[index];
  if (found === undefined) throw new Error(`no device ${index}`);
  return found;
}

function textOf(filePath: string): string {
  const read = host.files().read(filePath);
  return 'content' in read ? read.content.trim() : read.error;
}

function volumeData(lun = 1): readonly string[] {
  return fleet.array.unitAt(fleet.targetName, host.environment.initiatorName, lun)?.data ?? [];
}

describe('what appears after a scan', () => {
  it('comes one after the other: device, disk, link, map', async () => {
    await attach([]);
    const seen: string[] = [];
    const note = (): void => {
      const tree = host.files();
      const stage = [
        ['device', '/sys/class/scsi_device/*'],
        ['disk', '/sys/block/sda'],
        ['link', '/dev/disk/by-path/ip-*'],
        ['map', '/sys/block/sda/holders/dm-*'],
      ] as const;
      for (const [name, pattern] of stage) if (tree.glob(pattern).length > 0 && !seen.includes(name)) seen.push(name);
    };
    host.environment.changes.subscribe(note);
    await attach();
    expect(seen).toEqual(['device', 'disk', 'link', 'map']);
  });

  it('is nothing at a LUN that the array does not map', async () => {
    await attach([fleet.portals[0] ?? '']);
    await ask({ kind: 'write', filePath: '/sys/class/scsi_host/host0/scan', content: '- - 7' });
    expect(host.files().glob('/sys/class/scsi_device/*')).toEqual(['/sys/class/scsi_device/0:0:0:1']);
  });

  it('is every LUN by itself when the record does not say manual', async () => {
    start({ volumesPerHost: 3 });
    const node = ['iscsiadm', '-m', 'node', '-T', fleet.targetName, '-p', fleet.portals[0] ?? ''];
    await run(...node, '-o', 'new');
    await run(...node, '--login');
    await clock.advance(100);
    expect(host.files().glob('/sys/block/sd*')).toEqual(['/sys/block/sda', '/sys/block/sdb', '/sys/block/sdc']);
  });

  it('has a map with one path only when the WWID is registered', async () => {
    const [portal = ''] = fleet.portals;
    await attach([portal]);
    expect(host.files().glob('/sys/block/dm-*')).toEqual([]);
    const wwid = fleet.volumes[0]?.wwid ?? '';
    expect((await run('multipath', '-a', wwid)).stdout).toBe(`wwid '${wwid}' added\n`);
    expect((await run('multipathd', 'add', 'path', '/dev/sda')).stdout).toBe('ok\n');
    expect(host.files().glob('/sys/block/sda/holders/*')).toEqual(['/sys/block/sda/holders/dm-0']);
  });
});

describe('data', () => {
  it('is on the array after sync -d, and not before', async () => {
    await attach();
    host.writeData('/dev/dm-0', 'one');
    expect(volumeData()).toEqual([]);
    expect((await run('sync', '-d', '/dev/dm-0')).exit).toBe(0);
    expect(volumeData()).toEqual(['one']);
    expect(host.blocks.lostData).toEqual([]);
  });

  it('is lost when the disk goes first, and the model knows it', async () => {
    await attach([fleet.portals[0] ?? '']);
    host.writeData('/dev/sda', 'two');
    await ask({ kind: 'write', filePath: '/sys/block/sda/device/delete', content: '1' });
    expect(volumeData()).toEqual([]);
    expect(host.blocks.lostData).toEqual(['two']);
  });

  it('that cannot be written is an error of sync -d, but not of blockdev --flushbufs', async () => {
    await attach();
    await run('dmsetup', 'message', fleet.volumes[0]?.wwid ?? '', '0', 'fail_if_no_path');
    for (const portal of fleet.portals) fleet.array.setPortal(portal, 'down');
    await clock.advance(SHORT_DELAYS.linkLossMs + SHORT_DELAYS.replacementMs + 100);
    host.writeData('/dev/dm-0', 'three');
    expect((await run('sync', '-d', '/dev/dm-0')).stderr).toContain('Input/output error');
    host.writeData('/dev/dm-0', 'four');
    expect((await run('blockdev', '--flushbufs', '/dev/dm-0')).exit).toBe(0);
    expect(host.blocks.lostData).toEqual(['three', 'four']);
  });

  it('goes wherever the LUN points now: a stale device writes into another volume', async () => {
    await attach([fleet.portals[0] ?? '']);
    const other = fleet.array.createVolume({ wwid: '36001405ffffffffffffffffffffffffff', sizeBytes: 2 ** 20 });
    fleet.array.map(fleet.targetName, host.environment.initiatorName, 1, other);
    const [cached] = await ask({ kind: 'read', patterns: ['/sys/block/sda/device/wwid'] });
    expect(cached?.kind === 'read' && [...cached.files.values()]).toEqual([`naa.${fleet.volumes[0]?.wwid.slice(1)}`]);
    expect((await run('/lib/udev/scsi_id', '--whitelisted', '--device=/dev/sda')).stdout).toBe(`${other.wwid}\n`);
    host.writeData('/dev/sda', 'wrong place');
    await run('sync', '-d', '/dev/sda');
    expect(other.data).toEqual(['wrong place']);
  });
});

describe('a portal that goes silent', () => {
  it('fails the session, blocks the disk, fails the path, then the I/O; and all of it comes back', async () => {
    await attach();
    const [portal = ''] = fleet.portals;
    const state = (): readonly unknown[] => {
      const sid = unit(0).session.facts.sid;
      const table = host.deviceMapper.mappings[0]?.table;
      const active = table?.kind === 'multipath' ? table.paths.map((path) => path.active) : [];
      return [textOf(`/sys/class/iscsi_session/session${sid}/state`), textOf('/sys/block/sda/device/state'), ...active];
    };
    expect(state()).toEqual(['LOGGED_IN', 'running', true, true]);
    fleet.array.setPortal(portal, 'down');
    await clock.advance(SHORT_DELAYS.linkLossMs + SHORT_DELAYS.checkerMs + 1);
    expect(state()).toEqual(['FAILED', 'blocked', false, true]);
    await clock.advance(SHORT_DELAYS.replacementMs);
    expect(state()).toEqual(['FREE', 'transport-offline', false, true]);
    fleet.array.setPortal(portal, 'up');
    await clock.advance(SHORT_DELAYS.reconnectMs + SHORT_DELAYS.checkerMs + 1);
    expect(state()).toEqual(['LOGGED_IN', 'running', true, true]);
  });

  it('makes an inquiry of a disk hang until the time limit ends it', async () => {
    await attach();
    fleet.array.setPortal(fleet.portals[0] ?? '', 'hanging');
    const argv = ['/lib/udev/scsi_id', '--whitelisted', '--device=/dev/sda'];
    const [reply] = await ask({ kind: 'run', argv, timeoutMs: 30 });
    expect(reply).toMatchObject({ ok: false, timedOut: true });
  });

  it('that hangs at login keeps iscsiadm until its own time is up: exit 8', async () => {
    const [portal = ''] = fleet.portals;
    fleet.array.setPortal(portal, 'hanging');
    const node = ['iscsiadm', '-m', 'node', '-T', fleet.targetName, '-p', portal];
    await run(...node, '-o', 'new');
    const before = clock.now();
    expect((await run(...node, '--login')).exit).toBe(8);
    expect(clock.now() - before).toBeGreaterThanOrEqual(SHORT_DELAYS.loginTimeoutMs);
    expect(host.iscsi.sessions).toEqual([]);
  });
});

describe('things in use', () => {
  it('stay: mounts, swaps, holders and openers keep a map, and dmsetup counts them', async () => {
    await attach();
    const wwid = fleet.volumes[0]?.wwid ?? '';
    const openCount = async (): Promise<string> =>
      (await run('dmsetup', 'info', '-c', '--noheadings', '-o', 'open', wwid)).stdout.trim();
    host.mount('/dev/dm-0', '/srv/a b', { pid: 4242 });
    host.swapOn('/dev/dm-0');
    host.stack('/dev/dm-0', { name: 'vg-lv', uuid: 'LVM-abc' });
    expect(await openCount()).toBe('3');
    expect((await run('multipath', '-f', wwid)).exit).toBe(1);
    const tree = host.files();
    expect(textOf('/proc/4242/mountinfo')).toContain('/srv/a\\040b');
    expect(textOf('/proc/1/mountinfo')).not.toContain('/srv');
    expect(textOf('/proc/swaps')).toMatch(/^\/dev\/mapper\/3600\w+ +partition\t/m);
    expect(tree.glob('/sys/block/dm-0/holders/*')).toEqual(['/sys/block/dm-0/holders/dm-1']);
    expect(tree.glob('/sys/fs/*/*')).toEqual(['/sys/fs/ext4/dm-0']);
  });

  it('keep their letter: a disk that was deleted under a map in use does not give its name away', async () => {
    await attach();
    host.mount('/dev/dm-0', '/srv');
    host.multipath.setRunning(false);
    await ask({ kind: 'write', filePath: '/sys/block/sda/device/delete', content: '1' });
    await ask({ kind: 'write', filePath: '/sys/class/scsi_host/host0/scan', content: '- - -' });
    await clock.advance(100);
    expect(host.files().glob('/sys/block/sd*')).toEqual(['/sys/block/sdb', '/sys/block/sdc']);
  });

  it('do not stop a kernel: a logout takes disks with it, and an unused map after them', async () => {
    await attach();
    await run('iscsiadm', '-m', 'node', '--logout');
    await clock.advance(100);
    expect(host.leftovers().filter((one) => !one.startsWith('node record'))).toEqual([]);
  });
});

describe('a lane', () => {
  it('stops a sequence at the first request that is not ok', async () => {
    const replies = await ask(
      { kind: 'run', argv: ['true'] },
      { kind: 'wait', present: ['/sys/block/sda'], timeoutMs: 0 },
      { kind: 'run', argv: ['multipath', '-F'] },
    );
    expect(replies.map((reply) => reply.kind)).toEqual(['run', 'wait', 'skipped']);
    expect(host.commands).toEqual([['true']]);
  });

  it('runs a command only when one of its patterns matches, and writes to exactly one file', async () => {
    const echo = { kind: 'run', argv: ['echo', 'x'] } as const;
    const replies = await ask(
      { ...echo, when: ['/sys/block/sd*'] },
      { ...echo, when: ['/sys/block/sd*', '/sys/block/vd*'] },
      { kind: 'write', filePath: '/etc/host*', content: 'x' },
    );
    expect(replies.map((reply) => (reply.kind === 'run' ? reply.stdout : reply.ok))).toEqual(['', 'x\n', false]);
    expect(host.commands).toEqual([['echo', 'x']]);
    await attach();
    const [both] = await ask({ kind: 'write', filePath: '/sys/block/sd*/device/delete', content: '1' });
    expect(both).toEqual({ kind: 'write', ok: false, error: '/sys/block/sd*/device/delete: matches 2 files' });
  });

  it('appends settings to a node record, of which the last one counts', async () => {
    const node = ['iscsiadm', '-m', 'node', '-T', fleet.targetName, '-p', fleet.portals[0] ?? ''];
    await run(...node, '-o', 'new');
    const content = new Secret('node.session.scan = manual\nnode.session.auth.password = planted\n');
    const [reply] = await ask({ kind: 'write', filePath: '/etc/iscsi/nodes/*/10.1.0.1,3260', content, append: true });
    expect(reply).toEqual({ kind: 'write', ok: true, error: '' });
    const { stdout } = await run(...node);
    expect(stdout).toContain('node.session.scan = manual');
    expect(stdout).toContain('node.session.auth.password = ********');
    expect(textOf('/etc/iscsi/nodes/iqn.2010-10.org.longshore.sim:array/10.1.0.1,3260')).toContain('= planted');
  });

  it('holds a lock until its connection ends', async () => {
    const [mine, theirs] = [laneOf({}), laneOf({})];
    const request = { kind: 'lock', name: 'longshore', owner: 'run 1', waitMs: 0 } as const;
    expect(await answerSequence(mine, [request])).toEqual([{ kind: 'lock', ok: true, holder: '' }]);
    expect(await answerSequence(theirs, [request])).toEqual([{ kind: 'lock', ok: false, holder: 'run 1' }]);
    const waiting = answerSequence(theirs, [{ ...request, waitMs: 1000 }]);
    host.locks.release(mine.lockHolder);
    expect(await waiting).toEqual([{ kind: 'lock', ok: true, holder: '' }]);
  });

  it('reports what does not exist as a shell would', async () => {
    expect(await run('no-such-tool', '-x')).toMatchObject({
      exit: 127,
      stderr: '/bin/sh: 1: no-such-tool: not found\n',
    });
    const [write] = await ask({ kind: 'write', filePath: '/sys/block/sdz/device/delete', content: '1' });
    expect(write).toEqual({
      kind: 'write',
      ok: false,
      error: '/sys/block/sdz/device/delete: no such file',
    });
  });

  it('gives a proof only when the output is exactly what was expected', async () => {
    const request = { kind: 'run', argv: ['hostname'], expectStdout: 'dock01' } as const;
    const other = { ...request, expectStdout: 'dock0' };
    expect((await ask(request))[0]?.ok).toBe(true);
    expect((await ask(other))[0]?.ok).toBe(false);
  });
});
