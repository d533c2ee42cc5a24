import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Counters } from '../../src/transport/executor.js';
import { sshExecutor } from './ssh-executor.js';

const MOST = 1.5;
const OTHER_TARGET = 'iqn.2010-10.org.longshore.sim:other-array';
const OTHER_PORTALS = ['10.3.0.1:3260', '10.4.0.1:3260'];

type Cost = Pick<Counters, 'roundTrips' | 'remoteProcesses' | 'bytesIn' | 'bytesOut'>;

async function startFleet(): Promise<SimulatedFleet> {
  const fleet = await startSimulatedFleet({ hosts: 1 });
  onTestFinished(() => fleet.close());
  return fleet;
}

/** Sees to it that the host has the volumes of others, on two sessions to that target, each with its map. */
async function load(
  fleet: SimulatedFleet,
  targetName: string,
  portals: readonly string[],
  volumes: number,
): Promise<void> {
  const [host] = fleet.hosts;
  if (host === undefined) throw new Error('no host');
  const { initiatorName } = host.environment;
  for (let index = 0; index < volumes; index += 1) {
    const wwid = `36001405${'b'.repeat(20)}${String(index).padStart(5, '0')}`;
    fleet.array.map(targetName, initiatorName, index + 2, fleet.array.createVolume({ wwid, sizeBytes: 2 ** 30 }));
  }
  const executor = new DirectExecutor(host);
  const sessions = (): readonly number[] =>
    host.iscsi.sessions.filter(({ facts }) => facts.targetName === targetName).map(({ facts }) => facts.scsiHost);
  if (sessions().length === 0) {
    for (const portal of portals) {
      const node = ['iscsiadm', '-m', 'node', '-T', targetName, '-p', portal];
      await executor.sequence(deadlineIn(60_000), [
        { kind: 'run', argv: [...node, '-o', 'new'] },
        { kind: 'run', argv: [...node, '-o', 'update', '-n', 'node.session.scan', '-v', 'manual'] },
        { kind: 'run', argv: [...node, '--login'] },
      ]);
    }
  }
  for (const scsiHost of sessions()) {
    await executor.sequence(deadlineIn(60_000), [
      { kind: 'write', filePath: `/sys/class/scsi_host/host${scsiHost}/scan`, content: '- - -' },
    ]);
  }
  while (host.deviceMapper.mappings.length < volumes) await pause(20);
  await executor.close();
}

/** A connector on a connection of its own, and the fleet's volume. */
async function use(fleet: SimulatedFleet) {
  const [volume] = fleet.volumes;
  if (volume === undefined) throw new Error('no volume');
  const { name, wwid, sizeBytes, connectionInfo } = volume;
  const executor = await sshExecutor(fleet);
  const connector = new IscsiConnector({ executor, deadline: deadlineIn(60_000), runId: 'test' });
  return { connector, executor, spec: { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes } };
}

/** Attaches the fleet's volume and detaches it again. */
async function cycle(fleet: SimulatedFleet): Promise<{ readonly attach: Cost; readonly detach: Cost }> {
  const costs: Cost[] = [];
  for (const verb of ['attach', 'detach'] as const) {
    const { connector, executor, spec } = await use(fleet);
    const result = verb === 'attach' ? await connector.attach(spec) : await connector.detach(spec, null);
    costs.push(executor.counters());
    await executor.close();
    expect(result).toMatchObject({ outcome: 'changed' });
    if (verb === 'attach') expect(result.paths.map(({ state }) => state)).toEqual(['active', 'active']);
  }
  const [attach, detach] = costs;
  if (attach === undefined || detach === undefined) throw new Error('nothing was counted');
  return { attach, detach };
}

function expectLittleMore(loaded: Cost, empty: Cost): void {
  expect(loaded.roundTrips).toBeLessThanOrEqual(empty.roundTrips);
  expect(loaded.remoteProcesses).toBeLessThanOrEqual(empty.remoteProcesses * MOST);
  expect(loaded.bytesIn).toBeLessThanOrEqual(empty.bytesIn * MOST);
  expect(loaded.bytesOut).toBeLessThanOrEqual(empty.bytesOut * MOST);
}

describe('a host that carries 1,000 SCSI devices of others', () => {
  it.each([
    // each volume by two paths
    ['on sessions to another array, 200', OTHER_TARGET, OTHER_PORTALS, 100],
    ["on the volume's own sessions, 1,000", null, null, 500],
  ])(
    'costs little more than an empty one: %s',
    async (_where, target, portals, volumes) => {
      const fleet = await startFleet();
      const { initiatorName } = fleet.hosts[0]?.environment ?? { initiatorName: '' };
      const empty = await cycle(fleet);
      if (target !== null) {
        fleet.array.addTarget(target, portals);
        fleet.array.allow(target, initiatorName, null);
        await load(fleet, target, portals, volumes);
      } else {
        const { connector, executor, spec } = await use(fleet);
        await connector.attach(spec);
        await load(fleet, fleet.targetName, fleet.portals, volumes);
        const detached = await connector.detach(spec, null);
        await executor.close();
        expect(detached.warnings.join('\n')).toMatch(/session \d+ to \S+ stays: it carries [\d:, ]+$/m);
      }
      const loaded = await cycle(fleet);
      expectLittleMore(loaded.attach, empty.attach);
      expectLittleMore(loaded.detach, empty.detach);
      expect(fleet.hosts[0]?.deviceMapper.mappings).toHaveLength(volumes);
    },
    300_000,
  );
});
