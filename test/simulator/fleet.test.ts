import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { VolumeSpec } from '../../src/connectors/connector.js';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { type FleetFiles, type SimulatedFleet, startSimulatedFleet } from '../../src/simulator/fleet.js';
import { Secret } from '../../src/secrets/secret.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';
import type { Become } from '../../src/transport/ssh-options.js';
import { scenarioHost } from './scenario-host.js';
import { CHAP_SCENARIO, SCENARIOS } from './scenarios.js';
import { sshExecutor } from './ssh-executor.js';

function only<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined) throw new Error('there is none');
  return value;
}

function volumeOf(fleet: SimulatedFleet, hostName: string): VolumeSpec {
  const { name, connectionInfo, wwid, sizeBytes } = only(fleet.volumes.filter((volume) => volume.host === hostName));
  return { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes };
}

async function withExecutor<T>(executor: Executor, work: (executor: Executor) => Promise<T>): Promise<T> {
  try {
    return await work(executor);
  } finally {
    await executor.close();
  }
}

describe('a simulated client behind SSH', () => {
  it.each([...SCENARIOS, CHAP_SCENARIO])('$name', async ({ run }) => {
    await using fleet = await startSimulatedFleet({ hosts: 1 });
    await withExecutor(await sshExecutor(fleet), (executor) => run(scenarioHost(fleet, only(fleet.hosts), executor)));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('brings every reply over the wire as the model gave it', async () => {
    await using fleet = await startSimulatedFleet({ hosts: 1 });
    const text = 'quotes \' " and\nnewlines, \\ backslashes, $(nothing), ünïcode\n\n';
    await withExecutor(await sshExecutor(fleet), async (executor) => {
      const replies = await executor.sequence(deadlineIn(10_000), [
        { kind: 'run', argv: ['echo', '-n', text] },
        { kind: 'run', argv: ['cat'], input: text },
        { kind: 'run', argv: ['printf', '%s', 'x'], expectStdout: 'x' },
        { kind: 'read', patterns: ['/etc/hostname', '/sys/class/block/vda/{size}', '/sys/block/vda/size', '/none'] },
        { kind: 'list', patterns: ['/sys/block/*'], resolve: true },
        { kind: 'write', filePath: '/etc/hostname', content: 'x' },
        { kind: 'run', argv: ['true'] },
      ]);
      expect(replies.map((reply) => reply.kind)).toEqual(['run', 'run', 'run', 'read', 'list', 'write', 'skipped']);
      expect(replies[0]).toMatchObject({ exit: 0, stdout: text, stderr: '' });
      expect(replies[1]).toMatchObject({ stdout: text });
      expect(replies[3]).toMatchObject({
        files: new Map([
          ['/etc/hostname', 'dock01'],
          ['/sys/block/vda/size', '4194304'],
        ]),
      });
      expect(replies[4]).toMatchObject({
        resolved: new Map([['/sys/block/vda', '/sys/devices/pci0000:00/0000:00:03.0/virtio1/block/vda']]),
      });
      expect(replies[5]).toMatchObject({
        ok: false,
        error: '/bin/sh: 1: cannot create /etc/hostname: Permission denied',
      });
    });
  });

  it('runs the programs of several lanes side by side', async () => {
    await using fleet = await startSimulatedFleet({ hosts: 1 });
    await withExecutor(await sshExecutor(fleet), async (executor) => {
      const start = performance.now();
      await Promise.all(
        Array.from({ length: 8 }, () =>
          executor.sequence(deadlineIn(10_000), [{ kind: 'run', argv: ['sleep', '0.2'] }]),
        ),
      );
      expect(performance.now() - start).toBeLessThan(1200);
    });
  });

  it('gives a lock back when the connection that held it is gone', async () => {
    await using fleet = await startSimulatedFleet({ hosts: 1 });
    const lock = { kind: 'lock', name: 'host', owner: 'first', waitMs: 0 } as const;
    const first = await sshExecutor(fleet);
    expect((await first.sequence(deadlineIn(10_000), [lock]))[0].ok).toBe(true);
    const second = await sshExecutor(fleet);
    const again = { ...lock, owner: 'second', waitMs: 10_000 };
    const waiting = second.sequence(deadlineIn(20_000), [again]);
    await first.close();
    expect((await waiting)[0]).toMatchObject({ ok: true });
    await second.close();
  });

  it('starts lanes behind sudo, with a password or without', async () => {
    const userOf = async (fleet: SimulatedFleet, become: Become): Promise<unknown> =>
      withExecutor(await sshExecutor(fleet, 0, become), async (executor) => {
        const replies = await executor.sequence(deadlineIn(5000), [{ kind: 'run', argv: ['id', '-u'] }]);
        return replies[0].kind === 'run' ? replies[0].stdout : replies[0];
      });
    const right = new Secret('open sesame');
    await using strict = await startSimulatedFleet({ hosts: 1, sudoPassword: right.reveal() });
    await using open = await startSimulatedFleet({ hosts: 1 });
    expect(await userOf(strict, { method: 'sudo', password: right })).toBe('0\n');
    expect(await userOf(open, { method: 'sudo', password: right })).toBe('0\n');
    expect(await userOf(open, { method: 'sudo' })).toBe('0\n');
    expect(await userOf(open, { method: 'doas' })).toBe('0\n');
    await expect(userOf(strict, { method: 'sudo' })).rejects.toThrow('a password is required');
    await expect(userOf(strict, { method: 'sudo', password: new Secret('open barley') })).rejects.toMatchObject({
      code: 'E_BECOME',
    });
  });
});

describe('a simulated fleet', () => {
  it('attaches and detaches a multipath volume on 20 hosts at once, and nothing is left', async () => {
    await using fleet = await startSimulatedFleet({ hosts: 20 });
    const each = (verb: 'attach' | 'detach'): Promise<readonly string[]> =>
      Promise.all(
        fleet.hosts.map(async (host, index) =>
          withExecutor(await sshExecutor(fleet, index), async (executor) => {
            const connector = new IscsiConnector({ executor, deadline: deadlineIn(30_000), runId: verb });
            const volume = volumeOf(fleet, host.name);
            const result = await (verb === 'attach' ? connector.attach(volume) : connector.detach(volume, null));
            return result.error?.message ?? result.outcome;
          }),
        ),
      );
    expect(await each('attach')).toEqual(fleet.hosts.map(() => 'changed'));
    expect(fleet.hosts.map((host) => host.deviceMapper.mappings.length)).toEqual(fleet.hosts.map(() => 1));
    expect(await each('detach')).toEqual(fleet.hosts.map(() => 'changed'));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('starts a thousand hosts in no time and stops without a trace', async () => {
    const start = performance.now();
    const fleet = await startSimulatedFleet({ hosts: 1000 });
    expect(performance.now() - start).toBeLessThan(5000);
    expect(new Set(fleet.servers.map((server) => server.port)).size).toBe(1000);
    await fleet.close();
    await expect(sshExecutor(fleet)).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
  });

  it('can give each host an address of its own', async () => {
    await using fleet = await startSimulatedFleet({ hosts: 2, addressOf: (index) => `127.0.7.${index + 1}` });
    const { all } = parse(fleet.inventoryYaml) as {
      all: { children: { docks: { hosts: Record<string, { ansible_host: string }> } } };
    };
    expect(Object.values(all.children.docks.hosts).map((host) => host.ansible_host)).toEqual([
      '127.0.7.1',
      '127.0.7.2',
    ]);
    await withExecutor(await sshExecutor(fleet, 1), async (executor) => {
      const [reply] = await executor.sequence(deadlineIn(5000), [{ kind: 'run', argv: ['hostname'] }]);
      expect(reply).toMatchObject({ stdout: 'dock02\n' });
    });
  });

  it('speaks with the ssh client of the system, by the files that it writes', async () => {
    await using fleet = await startSimulatedFleet({ hosts: 1 });
    const directory = mkdtempSync(join(tmpdir(), 'fleet-'));
    try {
      const { knownHostsFile, privateKeyFile } = await fleet.writeFiles(directory);
      const server = only(fleet.servers);
      const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${knownHostsFile}`];
      const args = [
        '-F',
        'none',
        '-i',
        privateKeyFile,
        '-p',
        String(server.port),
        ...options.flatMap((one) => ['-o', one]),
      ];
      const child = spawn('ssh', [...args, `${fleet.user}@${server.address}`, 'hostname; uname'], { stdio: 'pipe' });
      const plain = spawn('ssh', [...args, `${fleet.user}@${server.address}`, 'hostname'], { stdio: 'pipe' });
      const ended = async (process: typeof child): Promise<{ stdout: string; exit: number | null }> => {
        let stdout = '';
        process.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
        const exit = await new Promise<number | null>((resolve) => process.once('close', resolve));
        return { stdout, exit };
      };
      expect(await Promise.all([ended(child), ended(plain)])).toEqual([
        { stdout: '', exit: 2 },
        { stdout: 'dock01\n', exit: 0 },
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('lets nobody in with another key, and shows a host key that can be checked', async () => {
    await using fleet = await startSimulatedFleet({ hosts: 1 });
    await using other = await startSimulatedFleet({ hosts: 1 });
    const files = async (directory: string, key: SimulatedFleet, hosts: SimulatedFleet): Promise<FleetFiles> => {
      const { knownHostsFile } = await hosts.writeFiles(join(directory, 'hosts'));
      return { ...(await key.writeFiles(join(directory, 'key'))), knownHostsFile };
    };
    await expect(sshExecutor({ ...fleet, writeFiles: (one) => files(one, other, fleet) })).rejects.toMatchObject({
      code: 'E_AUTH',
    });
    await expect(sshExecutor({ ...fleet, writeFiles: (one) => files(one, fleet, other) })).rejects.toMatchObject({
      code: 'E_HOST_KEY',
    });
  });
});
