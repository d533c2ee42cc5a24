import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/report/result-schema.js';
import { type FleetFiles, startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

const SUDO_PASSWORD = 'sudo-planted-7Kq2';

let fleet: SimulatedFleet;
let files: FleetFiles;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;
let chapSecrets: readonly string[];

beforeAll(async () => {
  scratch = await scratchDirectory();
  fleet = await startSimulatedFleet({ hosts: 2, sudoPassword: SUDO_PASSWORD });
  files = await fleet.writeFiles(scratch.directoryPath);
  chapSecrets = fleet.volumes.map(({ connectionInfo }) => String(connectionInfo.data['auth_password']));
});

afterAll(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
});

function record(verb: string, directory: string, args: readonly string[] = [], env = {}) {
  const common = ['-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, '--record', directory];
  return longshore([verb, ...common, '--json', ...args], { env });
}

async function replay(verb: string, directory: string, args: readonly string[] = []) {
  const { stdout, ...ended } = await longshore([verb, '--replay', directory, '--json', ...args]);
  const document: unknown = JSON.parse(stdout);
  return { ...ended, document: resultSchema.parse(document) };
}

async function contents(directory: string): Promise<string> {
  const names = await readdir(directory);
  return (await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))).join('');
}

describe('--record and --replay', () => {
  it('give the same results for each verb, with nothing but the directory', async () => {
    for (const verb of ['attach', 'status', 'detach']) {
      const directory = join(scratch.directoryPath, `of-${verb}`);
      const recorded = await record(verb, directory);
      expect({ code: recorded.code, stderr: recorded.stderr }).toEqual({ code: 0, stderr: '' });
      expect((await readdir(directory)).sort()).toEqual(['dock01.jsonl', 'dock02.jsonl', 'inventory.json']);
      const { code, stderr, document } = await replay(verb, directory);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const before = resultSchema.parse(JSON.parse(recorded.stdout) as unknown);
      for (const [name, host] of Object.entries(before.hosts)) {
        const { outcome, volumes, roundTrips, remoteProcesses, bytesIn } = host;
        expect(document.hosts[name]).toMatchObject({ outcome, volumes, roundTrips, remoteProcesses, bytesIn });
      }
    }
    expect(fleet.leftovers()).toEqual([]);
  });

  it('keep secrets out, and others from reading', async () => {
    for (const verb of ['attach', 'detach']) {
      const directory = join(scratch.directoryPath, `of-${verb}`);
      const text = await contents(directory);
      // in an attach they are known to have passed; false shows without printing it all
      expect(text.includes('{"secret":true}')).toBe(verb === 'attach');
      expect([SUDO_PASSWORD, ...chapSecrets].filter((secret) => text.includes(secret))).toEqual([]);
      for (const name of ['', ...(await readdir(directory))]) {
        expect((await stat(join(directory, name))).mode & 0o077, name).toBe(0);
      }
    }
  });

  it('refuse a directory with recordings, and both at once', async () => {
    const directory = join(scratch.directoryPath, 'of-attach');
    const again = await record('status', directory);
    expect(again).toMatchObject({ code: 3, stdout: '' });
    expect(again.stderr).toContain('there are recordings in');
    const both = await longshore(['status', '--record', directory, '--replay', directory]);
    expect(both).toMatchObject({ code: 3 });
    expect(both.stderr).toContain('--record and --replay exclude each other');
  });

  it('replay another command with E_REPLAY and the difference', async () => {
    const { code, stderr, document } = await replay('detach', join(scratch.directoryPath, 'of-attach'));
    expect(code).toBe(2);
    expect(document.hosts['dock01']).toMatchObject({ outcome: 'failed', error: { code: 'E_REPLAY' } });
    expect(stderr).toMatch(/warning {2}dock01: the run does not ask for recorded sequence 1/);
    expect(stderr).toMatch(/^ +\+ run awk/m);
  });

  it('say for which hosts there is no recording, and what is no recording', async () => {
    const directory = join(scratch.directoryPath, 'of-status');
    const missing = await longshore(['status', '-i', files.inventoryFile, '--replay', join(directory, 'none')]);
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toContain('E_REPLAY there is no recording of this host');
    await writeFile(join(directory, 'dock02.jsonl'), 'hello\n');
    const { code, document } = await replay('status', directory);
    expect(code).toBe(2);
    expect(document.hosts['dock01']?.outcome).toBe('ok');
    expect(document.hosts['dock02']?.error).toMatchObject({ code: 'E_USAGE' });
  });

  it('attach from a volume file replays without its secret', async () => {
    const volume = fleet.volumes[0]!;
    const { data } = volume.connectionInfo;
    const volumeFile = join(scratch.directoryPath, 'volume.json');
    await writeFile(volumeFile, JSON.stringify({ ...data, auth_password: { env: 'PLANTED_CHAP' } }));
    const directory = join(scratch.directoryPath, 'of-volume-file');
    const args = ['--volume', volumeFile, '--limit', volume.host];
    const env = { PLANTED_CHAP: String(data['auth_password']) };
    expect(await record('attach', directory, args, env)).toMatchObject({ code: 0, stderr: '' });
    expect((await contents(directory)).includes(env.PLANTED_CHAP)).toBe(false);
    expect(await replay('attach', directory, args)).toMatchObject({ code: 0, stderr: '' });
  });

  it('exec: what the command printed is replayed', async () => {
    const directory = join(scratch.directoryPath, 'of-exec');
    await record('exec', directory, ['--', 'uname', '-m']);
    const { document } = await replay('exec', directory, ['--', 'uname', '-m']);
    expect(document.hosts['dock01']?.command).toMatchObject({ exit: 0, stdout: 'x86_64\n' });
  });
});
