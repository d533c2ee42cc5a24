import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sudoersText } from '../../src/connectors/allow-list.js';
import { iscsiAllowList } from '../../src/connectors/iscsi/allow-list.js';
import { configuredDevicesFact } from '../../src/linux/configured-devices.js';
import { mountsFact } from '../../src/linux/mounts.js';
import { nodeRecordsFact } from '../../src/linux/node-records.js';
import { processStatesFact } from '../../src/linux/process-states.js';
import { Secret } from '../../src/secrets/secret.js';
import { auditAllowList, sweepAllowList } from '../../src/sweep/allow-list.js';
import { type BecomeEachCommand, becomeEachCommand } from '../../src/transport/become-each-command.js';
import type { Executor, LaneRequest, RunRequest } from '../../src/transport/executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import { ask, run, soon } from './executors.js';
import { type SshdFixture, startSshd } from './sshd-fixture.js';

/** of util-linux, as mount */
const UNSHARE = 'unshare';

/** as `longshore sudoers` prints them */
const RULES = { iscsi: iscsiAllowList(), audit: auditAllowList(), sweep: sweepAllowList() };

/** A sudo that notes what it runs, and does not allow `reboot`. */
const SUDO = `
[ "$1 $2" = '-n --' ] || { echo "sudo: odd options: $*" >&2; exit 1; }
shift 2
echo "$*" >>"$(dirname "$0")/../sudo.log"
[ "$1" != reboot ] || { echo 'Sorry, user joe is not allowed to execute reboot as root on web01.' >&2; exit 1; }
command -v "$1" >/dev/null || { echo "sudo: $1: command not found" >&2; exit 1; }
exec "$@"`;

let sshd: SshdFixture;
let plain: Executor;
let each: Executor;
let directory: string;

beforeEach(async () => {
  sshd = await startSshd({ fakeTools: { sudo: SUDO } });
  plain = await connectSsh(sshd.options(), soon());
  directory = path.join(sshd.directory, 'nodes');
  mkdirSync(path.join(directory, 'target'), { recursive: true });
  const become: BecomeEachCommand = {
    method: 'sudo',
    plainPrograms: ['uname'],
    privateDirectories: [directory],
    listing: ['find', directory, '/no/such/directory', '-mindepth', '1'],
  };
  each = becomeEachCommand(plain, become);
});
afterEach(async () => {
  await plain.close();
  await sshd.close();
});

const log = (): readonly string[] => {
  const file = path.join(sshd.directory, 'sudo.log');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
};

describe('a host on which each command becomes root by itself', () => {
  test('runs under sudo -n, looks without it', async () => {
    const [ran, read, listed, name] = await each.sequence(soon(), [
      run('echo', 'a b'),
      { kind: 'read', patterns: ['/proc/self/comm'] },
      { kind: 'list', patterns: ['/proc/sel?'] },
      run('uname'),
    ]);
    expect([ran, listed, name]).toMatchObject([{ stdout: 'a b\n' }, { paths: ['/proc/self'] }, { stdout: 'Linux\n' }]);
    expect(read).toMatchObject({ ok: true });
    expect(log()).toEqual(['echo a b']);
  });

  test('writes by tee, as one file, and gives nothing of the content back', async () => {
    const file = path.join(sshd.directory, 'attribute');
    writeFileSync(file, 'old\n');
    const content = new Secret('geheim\n');
    const replies = await each.sequence(soon(), [
      { kind: 'write', filePath: file, content: 'new\n' },
      { kind: 'write', filePath: file, content, append: true },
    ]);
    expect(replies).toEqual([
      { kind: 'write', ok: true, error: '' },
      { kind: 'write', ok: true, error: '' },
    ]);
    expect(readFileSync(file, 'utf8')).toBe('new\ngeheim\n');
    expect(log()).toEqual([`tee ${file}`, `tee -a ${file}`]);
  });

  test('finds names that only root can list, again after each change, and stops where a sequence would', async () => {
    const record = path.join(directory, 'target', '10.0.0.1,3260');
    const patterns = [`${directory}/*/*`];
    const grep: RunRequest = {
      ...run('grep', '-H', 'x', '--'),
      globs: patterns,
      when: patterns,
      okExits: 'any',
      readOnly: true,
    };
    const requests = [
      { kind: 'list', patterns },
      grep,
      run('touch', record),
      { kind: 'write', filePath: [`${directory}/*/10.0.0.1,*`], content: 'x=1\n', append: true },
      grep,
    ] as const satisfies readonly LaneRequest[];
    const replies = await each.sequence(soon(), requests);
    expect(replies).toMatchObject([
      { kind: 'list', paths: [] },
      { kind: 'run', exit: 0, stdout: '' },
      { kind: 'run', ok: true },
      { kind: 'write', ok: true },
      { kind: 'run', stdout: `${record}:x=1\n` },
    ]);
    expect((await ask(each, { kind: 'list', patterns })).paths).toEqual([record]);
    writeFileSync(path.join(directory, 'target', '10.0.0.1,3261'), '');
    const twice = await each.sequence(soon(), [
      { kind: 'write', filePath: [`${directory}/*/10.0.0.1,*`], content: 'y', append: true },
      run('echo', 'not reached'),
    ]);
    expect(twice).toMatchObject([{ ok: false, error: 'matches 2 files' }, { kind: 'skipped' }]);
    const stopped = await each.sequence(soon(), [run('false'), { kind: 'list', patterns }]);
    expect(stopped).toMatchObject([{ ok: false, exit: 1 }, { kind: 'skipped' }]);
  });

  test('a command that is not allowed is an error, also where any exit would do; one that is missing is exit 127', async () => {
    const refused = ask(each, { ...run('reboot'), okExits: 'any' });
    await expect(refused).rejects.toMatchObject({
      code: 'E_BECOME',
      message: 'sudo on web01 does not allow: reboot',
      details: { remedy: expect.stringContaining('longshore sudoers') as string },
    });
    expect(await ask(each, run('no-such-program'))).toMatchObject({ ok: false, exit: 127 });
    expect(await ask(each, { ...run('sh', '-c', 'echo no >&2; exit 1'), okExits: [1] })).toMatchObject({ ok: true });
  });
});

describe.skipIf(process.getuid?.() !== 0)(
  'the rules of longshore sudoers in a real sudo (only root can mount them)',
  () => {
    /** What `sudo -l` says of commands under these rules and no others, in a mount namespace of its own. */
    function allowed(commands: readonly (readonly string[])[]): readonly boolean[] {
      const rules = path.join(sshd.directory, 'sudoers');
      writeFileSync(rules, `root ALL=(ALL:ALL) ALL\n${sudoersText('nobody', RULES)}`, {
        mode: 0o440,
      });
      const script = 'mount --bind "$1" /etc/sudoers && shift && exec sudo -n -l -U nobody -- "$@"';
      return commands.map((command) => {
        try {
          execFileSync(UNSHARE, ['-m', 'sh', '-c', script, 'sh', rules, ...command], { stdio: 'ignore' });
          return true;
        } catch {
          return false;
        }
      });
    }
    const argvOf = (request: LaneRequest | undefined): readonly string[] =>
      request?.kind === 'run' ? request.argv : [];
    const record = '/etc/iscsi/nodes/iqn.2000-01.a:b/10.0.0.1,3260,1/default';

    test('allow what the connector runs, the longest programs too', () => {
      const commands = [
        [...argvOf(nodeRecordsFact().requests[1]), record, record],
        [...argvOf(mountsFact().requests[0]), '/proc/1/mountinfo', '/proc/2/mountinfo'],
        [...argvOf(processStatesFact().requests[0]), '/proc/1/stat', '/proc/2/stat'],
        ['tee', '/sys/class/scsi_device/3:0:0:1/device/delete'],
        ['tee', '-a', record],
        ['sync', '-d', '/dev/dm-3'],
        [...argvOf(configuredDevicesFact().requests[0]), '/etc/crypttab', '/etc/fstab'],
        ['dmsetup', 'remove', 'vg--a-lv+1'],
        ['mv', '-f', '--', record, `/var/lib/longshore/quarantine/${record.slice(1).replaceAll('/', '+')}`],
        ['rm', '-f', '--', '/dev/disk/by-id/os-brick+dev+dm-7'],
      ];
      expect(allowed(commands)).toEqual(commands.map(() => true));
    });

    test('allow nothing else', () => {
      const commands = [
        ['tee', '/etc/passwd'],
        ['tee', '-a', '/etc/iscsi/nodes/../../passwd'],
        ['grep', '-H', 'x', '--', record],
        ['awk', 'BEGIN { system("id") }'],
        [...argvOf(mountsFact().requests[0]), '/etc/shadow'],
        ['mv', '-f', '--', record, '/etc/sudoers.d/a'],
        ['rm', '-f', '--', '/dev/disk/by-id/os-brick+dev+dm-7', '/etc/passwd'],
        ['sync'],
        ['sh'],
      ];
      expect(allowed(commands)).toEqual(commands.map(() => false));
    });
  },
);
