import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ResultDocument, resultSchema } from '../../src/report/result-schema.js';
import { type FleetFiles, startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { type Ended, longshore, type StartOptions } from './longshore.js';
import { scratchDirectory } from './scratch.js';

const SUDO_PASSWORD = 'sudo-planted-7Kq2';

let fleet: SimulatedFleet;
let files: FleetFiles;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;

beforeAll(async () => {
  scratch = await scratchDirectory();
  fleet = await startSimulatedFleet({ hosts: 4, sudoPassword: SUDO_PASSWORD });
  files = await fleet.writeFiles(scratch.directoryPath);
});

afterAll(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
});

function onFleet(verb: string, args: readonly string[] = [], options?: StartOptions): Promise<Ended> {
  const common = ['-i', files.inventoryFile, '--known-hosts', files.knownHostsFile];
  return longshore([verb, ...common, ...args], options);
}

async function documentOf(verb: string, args: readonly string[] = []): Promise<ResultDocument> {
  const { code, stdout, stderr } = await onFleet(verb, ['--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const document: unknown = JSON.parse(stdout);
  return resultSchema.parse(document);
}

function volumesOf(document: ResultDocument) {
  return Object.values(document.hosts).map((host) => host.volumes['data']);
}

describe('on a fleet', () => {
  it('ping reaches every host and says what it is', async () => {
    const { code, stdout, stderr } = await onFleet('ping');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + 4);
    expect(stdout).toMatch(/^dock03 .* ms .*x86_64$/m);
    expect(stderr).toContain('4 hosts: 4 ok');
  });

  it('exec shows hosts with the same output once', async () => {
    const { code, stdout } = await onFleet('exec', ['--', 'uname', '-m']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '--- dock[01-04] (4 hosts)\nx86_64\n' });
  });

  it('exec with -S ends with the largest exit code, without it with 2', async () => {
    const failed = await onFleet('exec', ['--', 'no-such-program']);
    expect(failed.code).toBe(2);
    expect(failed.stdout).toContain('--- dock[01-04] (4 hosts, exit 127)');
    const { code } = await onFleet('exec', ['-S', '--', 'no-such-program']);
    expect(code).toBe(127);
  });

  it('facts shows what Cinder asks of a host, with the wishes of the caller', async () => {
    const document = await documentOf('facts', ['--single-path', '--enforce-multipath']);
    for (const [name, host] of Object.entries(document.hosts)) {
      expect(host.roundTrips).toBe(1);
      expect(host.facts).toMatchObject({ host: name, platform: 'x86_64', multipath: false, enforce_multipath: true });
      expect(host.facts?.['initiator']).toBe(`iqn.2004-10.org.longshore.sim:${name}`);
    }
    const { stdout } = await onFleet('facts');
    expect(stdout).toMatch(/^dock02 +initiator +iqn\.2004-10\.org\.longshore\.sim:dock02$/m);
  });

  it('extend finds that nothing has grown, in two round trips', async () => {
    await documentOf('attach');
    const document = await documentOf('extend');
    for (const host of Object.values(document.hosts)) {
      expect(host.roundTrips).toBe(2);
      expect(host.volumes['data']).toMatchObject({ outcome: 'ok', sizeBytes: 2 ** 30 });
    }
    expect((await onFleet('extend', ['--plan'])).stdout).toContain('sizes again');
    await documentOf('detach');
    expect(fleet.leftovers()).toEqual([]);
  });

  it('attach, status and detach come to 0 leftovers, and the documents follow the schema', async () => {
    const plan = await documentOf('attach', ['--plan']);
    expect(plan.plan).toBe(true);
    for (const volume of volumesOf(plan)) expect(volume?.steps?.length).toBeGreaterThan(0);
    expect(fleet.leftovers()).toEqual([]);

    const attached = await documentOf('attach');
    for (const volume of volumesOf(attached)) {
      expect(volume).toMatchObject({ outcome: 'changed', sizeBytes: 2 ** 30, deviceInfo: { type: 'block' } });
      expect(volume?.paths.map(({ state }) => state)).toEqual(['active', 'active']);
    }
    expect(attached.totals).toMatchObject({ hosts: 4, changed: 4 });

    const again = await documentOf('attach');
    expect(volumesOf(again).map((volume) => volume?.outcome)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(volumesOf(await documentOf('attach', ['--plan'])).flatMap((volume) => volume?.steps)).toEqual([]);

    const status = await documentOf('status');
    expect(volumesOf(status).map((volume) => volume?.deviceInfo)).toEqual(
      volumesOf(attached).map((volume) => volume?.deviceInfo),
    );

    const detached = await documentOf('detach');
    for (const volume of volumesOf(detached)) {
      expect(volume).toMatchObject({ outcome: 'changed', deviceInfo: null, paths: [], warnings: [] });
    }
    expect(fleet.leftovers()).toEqual([]);
    expect(volumesOf(await documentOf('status')).map((volume) => volume?.deviceInfo)).toEqual([null, null, null, null]);
  });

  it('--limit leaves the other hosts alone', async () => {
    const { code, stdout } = await onFleet('attach', ['--limit', 'dock0[2-3]:!dock03']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^dock02 +data +attached/m);
    expect(new Set(fleet.leftovers().map((leftover) => leftover.split(':')[0]))).toEqual(new Set(['dock02']));
    expect((await onFleet('detach', ['--limit', 'dock02'])).code).toBe(0);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('prints no colours, no bar and no cursor movements into a pipe', async () => {
    const { stdout, stderr } = await onFleet('status');
    // oxlint-disable-next-line no-control-regex -- control characters are the subject
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('colours when it is told to, and not with NO_COLOR', async () => {
    const coloured = await onFleet('status', [], { env: { FORCE_COLOR: '1' } });
    expect(coloured.stdout).toContain('\u001b[');
    const plain = await onFleet('status', [], { env: { NO_COLOR: '1' } });
    expect(plain.stdout).not.toContain('\u001b[');
  });

  it('becomes root with a password from stdin', async () => {
    const { code, stdout } = await onFleet('exec', ['-b', '-K', '--', 'id', '-un'], { input: `${SUDO_PASSWORD}\n` });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '--- dock[01-04] (4 hosts)\nroot\n' });
  });

  it('shows no secret, at any log level, on any verb', async () => {
    const planted = [
      SUDO_PASSWORD,
      ...fleet.volumes.map(({ connectionInfo }) => String(connectionInfo.data['auth_password'])),
    ];
    expect(new Set(planted).size).toBe(5);
    const root = ['-b', '-K', '--log-level', 'trace'];
    const input = `${SUDO_PASSWORD}\n`;
    const runs = [
      await onFleet('attach', [...root, '--plan'], { input }),
      await onFleet('attach', root, { input }),
      await onFleet('status', [...root, '--json'], { input }),
      await onFleet('detach', root, { input }),
      await onFleet('ping', root, { input: 'sudo-wrong-1\n' }),
      await onFleet('inventory', ['list', '--json', '--log-level', 'trace']).catch(() => null),
    ];
    for (const run of runs) {
      const text = `${run?.stdout ?? ''}${run?.stderr ?? ''}`;
      expect(text.length).toBeGreaterThan(0);
      for (const secret of [...planted, 'sudo-wrong-1']) expect(text).not.toContain(secret);
    }
    expect(runs.slice(0, 4).map((run) => run?.code)).toEqual([0, 0, 0, 0]);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('a host key that is not the known one makes hosts unreachable, exit 4', async () => {
    await using other = await scratchDirectory();
    const stranger = await startSimulatedFleet({ hosts: 4 });
    try {
      const { knownHostsFile } = await stranger.writeFiles(other.directoryPath);
      const { code, stdout, stderr } = await longshore([
        ...['ping', '-i', files.inventoryFile, '--known-hosts', knownHostsFile],
      ]);
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toContain('E_HOST_KEY');
    } finally {
      await stranger.close();
    }
  });
});
