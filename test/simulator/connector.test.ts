import { afterEach, describe, expect, it } from 'vitest';
import type { InitiatorConnector, VolumeSpec } from '../../src/connectors/connector.js';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel, type FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { deadlineIn } from '../../src/time/deadline.js';

interface Site {
  readonly fleet: FleetModel;
  readonly host: SimulatedHost;
  /** a connector of its own for each use, as each run has: the host lock goes with it */
  use<T>(work: (connector: InitiatorConnector, executor: DirectExecutor) => Promise<T>): Promise<T>;
  volume(index?: number): VolumeSpec;
}

const fleets: FleetModel[] = [];
afterEach(() => {
  for (const fleet of fleets.splice(0)) fleet.stop();
});

function site(options: Partial<FleetModelOptions> = {}): Site {
  const fleet = createFleetModel({ hosts: 1, ...options });
  fleets.push(fleet);
  const [host] = fleet.hosts;
  if (host === undefined) throw new Error('no host');
  return {
    fleet,
    host,
    async use(work) {
      const executor = new DirectExecutor(host);
      try {
        return await work(new IscsiConnector({ executor, deadline: deadlineIn(20_000), runId: 'test' }), executor);
      } finally {
        await executor.close();
      }
    },
    volume(index = 0) {
      const found = fleet.volumes[index];
      if (found === undefined) throw new Error('no volume');
      const { name, connectionInfo, wwid, sizeBytes } = found;
      return { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes };
    },
  };
}

function codeOf(error: Error | undefined): string {
  return error instanceof LongshoreError ? error.code : String(error);
}

/** Programs that change a host. Observing and asking are not among them. */
function changes(host: SimulatedHost, since: number): readonly string[] {
  const harmless = /^(?:grep|awk|dmsetup (?:info|status)|multipathd show|\/lib\/udev\/scsi_id|dd if=)/;
  return host.commands
    .slice(since)
    .map((argv) => argv.join(' '))
    .filter((line) => !harmless.test(line));
}

describe('the iSCSI connector on a simulated host', () => {
  it('attaches, finds nothing to do the second time, and detaches everything with the data on the array', async () => {
    const { use, volume, host, fleet } = site();
    const attached = await use((connector) => connector.attach(volume()));
    expect(attached).toMatchObject({
      outcome: 'changed',
      deviceInfo: { type: 'block', path: '/dev/dm-0' },
      warnings: [],
    });
    expect(attached.paths.map((path) => `${path.portal} ${path.state} ${path.identity}`)).toEqual(
      fleet.portals.map((portal) => `${portal} active live`),
    );
    const before = host.commands.length;
    expect(await use((connector) => connector.attach(volume()))).toMatchObject({ outcome: 'ok', steps: [] });
    expect(changes(host, before)).toEqual([]);

    host.writeData('/dev/dm-0', 'never synced');
    expect(await use((connector) => connector.detach(volume(), attached.deviceInfo ?? null))).toMatchObject({
      outcome: 'changed',
    });
    expect(fleet.leftovers()).toEqual([]);
    expect(fleet.array.unitAt(fleet.targetName, host.environment.initiatorName, 1)?.data).toEqual(['never synced']);
    expect(host.blocks.lostData).toEqual([]);
    expect(await use((connector) => connector.detach(volume(), null))).toMatchObject({ outcome: 'ok', steps: [] });
  });

  it('needs at most six round trips to attach and five to detach', async () => {
    const { use, volume } = site();
    const trips = async (verb: 'attach' | 'detach'): Promise<number> =>
      use(async (connector, executor) => {
        await (verb === 'attach' ? connector.attach(volume()) : connector.detach(volume(), null));
        return executor.counters().roundTrips;
      });
    expect(await trips('attach')).toBeLessThanOrEqual(6);
    expect(await trips('detach')).toBeLessThanOrEqual(5);
  });

  it.each(['down', 'refusing'] as const)('attaches by one portal when the other is %s, and says so', async (state) => {
    const { use, volume, fleet } = site();
    fleet.array.setPortal(fleet.portals[1] ?? '', state);
    const attached = await use((connector) => connector.attach(volume()));
    expect(attached).toMatchObject({ outcome: 'changed', deviceInfo: { path: '/dev/dm-0' } });
    expect(attached.warnings.join('\n')).toContain(fleet.portals[1]);
    await use((connector) => connector.detach(volume(), null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('tries a wrong CHAP secret once, and leaves nothing', async () => {
    const { use, volume, fleet } = site();
    const good = volume();
    const bad = { ...good, data: { ...good.data, auth_password: 'not-the-secret' } };
    const result = await use((connector) => connector.attach(bad));
    expect({ outcome: result.outcome, code: codeOf(result.error) }).toEqual({
      outcome: 'failed',
      code: 'E_LOGIN_REJECTED',
    });
    expect(fleet.array.loginAttempts).toHaveLength(1);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('refuses a LUN with another identity and undoes what it did', async () => {
    const { use, volume, fleet } = site();
    const other = { ...volume(), wwid: '36001405aaaaaaaaaaaaaaaaaaaaaaaaa' };
    const result = await use((connector) => connector.attach(other));
    expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    expect(result.deviceInfo).toBeUndefined();
    expect(fleet.leftovers()).toEqual([]);
  });

  it('refuses to detach what is mounted anywhere, and changes nothing', async () => {
    const { use, volume, host, fleet } = site();
    await use((connector) => connector.attach(volume()));
    host.mount('/dev/dm-0', '/srv/data', { pid: 4242 });
    const [before, since] = [fleet.leftovers(), host.commands.length];
    const result = await use((connector) => connector.detach(volume(), null));
    expect({ outcome: result.outcome, code: codeOf(result.error) }).toEqual({
      outcome: 'refused',
      code: 'E_DEVICE_BUSY',
    });
    expect(result.error?.message).toContain('/srv/data');
    expect(fleet.leftovers()).toEqual(before);
    expect(changes(host, since)).toEqual([]);
  });

  it('leaves a volume of another LUN on the same sessions alone', async () => {
    const { use, volume, host, fleet } = site({ volumesPerHost: 2 });
    await use((connector) => connector.attach(volume(0)));
    await use((connector) => connector.attach(volume(1)));
    expect(host.iscsi.sessions).toHaveLength(2);
    const second = host.deviceMapper.multipathMap(fleet.volumes[1]?.wwid ?? '');
    await use((connector) => connector.detach(volume(0), null));
    expect(host.iscsi.sessions).toHaveLength(2);
    expect(host.deviceMapper.mappings).toEqual([second]);
    expect(host.scsi.units.map((unit) => unit.lun)).toEqual([2, 2]);
    await use((connector) => connector.detach(volume(1), null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('does not flush into a volume that was put at the LUN meanwhile', async () => {
    const { use, volume, host, fleet } = site();
    await use((connector) => connector.attach(volume()));
    const other = fleet.array.createVolume({ wwid: '36001405bbbbbbbbbbbbbbbbbbbbbbbbb', sizeBytes: 2 ** 30 });
    fleet.array.map(fleet.targetName, host.environment.initiatorName, 1, other);
    host.writeData('/dev/dm-0', 'for the old volume');
    const result = await use((connector) => connector.detach(volume(), null));
    expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    expect(other.data).toEqual([]);
    expect(host.leftovers()).not.toEqual([]);
  });

  it('detaches over a dead path within the time that the live one needs', async () => {
    const { use, volume, host, fleet } = site();
    await use((connector) => connector.attach(volume()));
    host.writeData('/dev/dm-0', 'by the other path');
    fleet.array.setPortal(fleet.portals[0] ?? '', 'down');
    await new Promise<void>((resolve) => {
      const unsubscribe = host.environment.changes.subscribe(() => {
        if (host.iscsi.sessions.every((session) => session.state === 'LOGGED_IN')) return;
        unsubscribe();
        resolve();
      });
    });
    const result = await use((connector) => connector.detach(volume(), null));
    expect(result).toMatchObject({ outcome: 'changed' });
    expect(fleet.leftovers()).toEqual([]);
    expect(fleet.array.unitAt(fleet.targetName, host.environment.initiatorName, 1)?.data).toEqual([
      'by the other path',
    ]);
  });
});
