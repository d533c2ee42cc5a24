import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepingOutput, outputFilePath } from '../../src/cli/out-dir.js';
import { execTask } from '../../src/fleet/exec-task.js';
import { runFleet } from '../../src/fleet/run-fleet.js';
import { type FleetFiles, startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { fakeExecutor, ran } from '../unit/fleet/fake-executor.js';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

let fleet: SimulatedFleet;
let files: FleetFiles;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;

beforeAll(async () => {
  scratch = await scratchDirectory();
  fleet = await startSimulatedFleet({ hosts: 3 });
  files = await fleet.writeFiles(scratch.directoryPath);
});

afterAll(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
});

const exec = (...args: readonly string[]) =>
  longshore(['exec', '-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, ...args]);

async function contents(directoryPath: string): Promise<Record<string, string>> {
  const names = (await readdir(directoryPath)).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(path.join(directoryPath, name), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}

describe('exec --out-dir', () => {
  it('writes output, errors and exit code of each host, for this user alone, and shows them as well', async () => {
    const directoryPath = path.join(scratch.directoryPath, 'new', 'out');
    const { code, stdout } = await exec('--out-dir', directoryPath, '--limit', 'dock0[1-2]', '--', 'uname', '-m');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '--- dock[01-02] (2 hosts)\nx86_64\n' });
    expect(await contents(directoryPath)).toEqual({
      'dock01.err': '',
      'dock01.exit': '0\n',
      'dock01.out': 'x86_64\n',
      'dock02.err': '',
      'dock02.exit': '0\n',
      'dock02.out': 'x86_64\n',
    });
    expect((await stat(directoryPath)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(directoryPath, 'dock01.out'))).mode & 0o777).toBe(0o600);
  });

  it('keeps the exit code of a command that failed, and the exit code of the run as it is without', async () => {
    const directoryPath = path.join(scratch.directoryPath, 'failed');
    const { code } = await exec('--out-dir', directoryPath, '--limit', 'dock01', '--', 'no-such-program');
    expect(code).toBe(2);
    const written = await contents(directoryPath);
    expect(written['dock01.exit']).toBe('127\n');
    expect(written['dock01.err']).toContain('no-such-program');
  });

  it('removes what an earlier run left of the same hosts, and nothing else', async () => {
    const directoryPath = path.join(scratch.directoryPath, 'again');
    await mkdir(directoryPath);
    for (const name of ['dock01.out', 'dock02.exit', 'mine.txt'])
      await writeFile(path.join(directoryPath, name), 'old');
    const noKeys = path.join(scratch.directoryPath, 'no-keys');
    await writeFile(noKeys, '');
    const { code } = await longshore([
      ...['exec', '-i', files.inventoryFile, '--known-hosts', noKeys, '--limit', 'dock0[1-2]'],
      ...['--out-dir', directoryPath, '--', 'uname', '-m'],
    ]);
    expect(code).toBe(4);
    expect(await contents(directoryPath)).toEqual({ 'mine.txt': 'old' });
  });

  it('that cannot be made is refused before any host is connected to', async () => {
    const filePath = path.join(scratch.directoryPath, 'a-file');
    await writeFile(filePath, '');
    const { code, stdout, stderr } = await exec('--out-dir', path.join(filePath, 'below'), '--', 'uname', '-m');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('--out-dir');
  });

  it('follows no link that lies where a file belongs', async () => {
    const directoryPath = path.join(scratch.directoryPath, 'links');
    const victim = path.join(scratch.directoryPath, 'victim');
    await mkdir(directoryPath);
    await writeFile(victim, 'precious');
    await symlink(victim, path.join(directoryPath, 'dock01.out'));
    expect((await exec('--out-dir', directoryPath, '--limit', 'dock01', '--', 'uname', '-m')).code).toBe(0);
    expect(await readFile(victim, 'utf8')).toBe('precious');
    expect((await contents(directoryPath))['dock01.out']).toBe('x86_64\n');
  });

  it('that is full or gone makes the host a failed one, though its command has run', async () => {
    const task = keepingOutput(execTask(['echo']), path.join(scratch.directoryPath, 'gone'));
    const result = await runFleet([{ name: 'h1' }], task, {
      run: 'r',
      verb: 'exec',
      connect: ({ name }) => Promise.resolve(fakeExecutor(name, () => ran('hello\n'))),
    });
    expect(result.hosts.get('h1')).toMatchObject({
      outcome: 'failed',
      error: { code: 'E_OUTPUT' },
      command: { exit: 0, stdout: 'hello\n' },
    });
  });
});

describe('the files of a host', () => {
  const file = (host: string) => path.basename(outputFilePath('/d', host, 'out'));

  it('lie in the directory, whatever the host is called', () => {
    const hostile = ['..', '.', '../../etc/passwd', '/etc/passwd', '~', 'a b', "a'b", 'a\nb', '%', 'ü.example', '.ssh'];
    for (const host of hostile) {
      expect(path.dirname(outputFilePath('/d', host, 'out'))).toBe('/d');
      expect(file(host)).toMatch(/^(?!\.)[\w@:+=,.%-]+\.out$/);
    }
    expect(new Set(hostile.map(file)).size).toBe(hostile.length);
  });

  it('are named like it where that is safe, IPv6 addresses too', () => {
    expect(['web01.example.com', '10.0.0.1', '2001:db8::1'].map(file)).toEqual([
      'web01.example.com.out',
      '10.0.0.1.out',
      '2001:db8::1.out',
    ]);
  });

  it('have names that a file system takes, and that differ, for the longest host names', () => {
    const [one, other] = ['1', '2'].map((end) => file(`${'ü'.repeat(250)}${end}`));
    expect(Buffer.byteLength(one ?? '')).toBeLessThanOrEqual(255);
    expect(one).not.toBe(other);
  });
});
