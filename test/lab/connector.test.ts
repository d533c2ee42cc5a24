import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VolumeSpec } from '../../src/connectors/connector.js';
import { Secret } from '../../src/secrets/secret.js';
import type { Counters } from '../../src/transport/executor.js';
import { type BastionLab, CLEAN, startBastionLab } from './bastion-lab.js';
import { withConnector } from './connector-at.js';
import { pathOffline } from './faults.js';
import { addForeignDisks, removeForeignDisks } from './foreign-disks.js';
import { clientLeftovers } from './hygiene.js';
import { withData } from './inventory-edits.js';
import { osBrick } from './os-brick.js';
import { connectionInfo } from './target.js';

let at: BastionLab;

beforeAll(async () => {
  at = await startBastionLab();
});
afterEach(() => at.settle());
afterAll(() => at?.stop());

async function attach() {
  const result = (await at.bastion.json('attach')).hosts['client1'];
  expect(result?.outcome, JSON.stringify(result)).toBe('changed');
  return result?.volumes['one'];
}

async function detach() {
  return (await at.bastion.json('detach')).hosts['client1'];
}

describe('an encrypted volume', () => {
  it('is handed out by a link of its own, which the encryption may replace, and which goes with the volume', async () => {
    await at.inventory(withData({ encrypted: true }));
    const shown = await attach();
    const link = shown?.deviceInfo?.path ?? '';
    expect(link).toMatch(/^\/dev\/disk\/by-id\/os-brick\+dev\+dm-\d+$/u);
    const device = `/dev/${link.split('+').at(-1)}`;
    expect((await at.client.run(`readlink ${link}`)).stdout.trim()).toBe(device);
    // as os-brick's encryptor does it: the link leads to the decrypted device from then on
    await at.client.run(
      `printf key | cryptsetup luksFormat -q --type luks1 --iter-time 10 ${device} - &&
       printf key | cryptsetup open --key-file - ${device} crypt-one && ln -sfn /dev/mapper/crypt-one ${link}`,
    );
    const again = (await at.bastion.json('attach')).hosts['client1'];
    expect(again, JSON.stringify(again)).toMatchObject({
      outcome: 'ok',
      volumes: { one: { deviceInfo: { path: link } } },
    });
    expect((await at.client.run(`readlink ${link}`)).stdout.trim()).toBe('/dev/mapper/crypt-one');
    const refused = await detach();
    expect(refused).toMatchObject({ outcome: 'refused', error: { code: 'E_DEVICE_BUSY' } });
    expect(refused?.error?.message).toContain('crypt-one');
    await at.client.run('cryptsetup close crypt-one');
    const detached = await detach();
    expect(detached?.outcome, JSON.stringify(detached)).toBe('changed');
    expect((await at.client.run(`ls /dev/disk/by-id/ | grep -c os-brick`, { check: false })).stdout.trim()).toBe('0');
    expect(await clientLeftovers(at.client)).toEqual(CLEAN);
  });
});

describe('beside os-brick 6.1.0 in the same guest', () => {
  it('paths of the volume, all volumes and readable devices are the same', async () => {
    await at.inventory();
    const shown = await attach();
    const { data } = connectionInfo(at.volume, at.lab.portals);
    const brick = await osBrick(at.client, 'paths', data);
    const devices = [shown?.deviceInfo?.path ?? '', ...(shown?.paths ?? []).map(({ device }) => `/dev/${device}`)];
    await pathOffline(at.client, shown?.paths[1]?.device ?? '');
    const valid = await osBrick(at.client, 'valid', { paths: devices });
    await withConnector(at.lab, at.client, async (connector) => {
      expect(connector.getSearchPath()).toBe(brick.search);
      const paths = await connector.getVolumePaths({ driver_volume_type: 'iscsi', data });
      expect(paths).toHaveLength(2);
      expect(paths).toEqual(brick.paths.toSorted());
      expect(await connector.getAllAvailableVolumes()).toEqual(
        brick.all.map((name) => name.replace('//', '/')).toSorted(),
      );
      const ours = await Promise.all(devices.map((device) => connector.checkValidDevice(device)));
      expect(ours).toEqual(valid);
      expect(ours).toEqual([true, true, false]);
      expect(await connector.checkIOHandleValid(devices[0] ?? '')).toBe(true);
      expect(await connector.checkIOHandleValid('/dev/no-such-disk')).toBe(false);
    });
  });

  it('connector properties are the same key by key, in one round trip, apart from what os-brick makes on the host while it reads', async () => {
    await at.inventory();
    // without it os-brick ends with a FileNotFoundError where the kernel shows no product_uuid, as in this guest
    await at.client.run(`printf '#!/bin/sh\nexit 1\n' >/usr/local/sbin/dmidecode; chmod 755 /usr/local/sbin/dmidecode`);
    const before = await facts();
    const brick = await osBrick(at.client, 'properties', { ip: before['ip'], multipath: true });
    const after = await facts();
    // os-brick has made a host NQN by now, which is its own doing; docs/cli.md has the reasons
    const { nqn, found_dsc: service, ...known } = brick;
    const { enforce_multipath: enforce, ...ours } = before;
    expect(ours).toEqual(known);
    expect(enforce).toBe(false);
    const { host_ips: addresses, ...later } = after;
    expect(later).toEqual({ ...brick, enforce_multipath: false });
    expect([nqn, service]).toEqual([expect.stringMatching(/^nqn\./u), '']);
    expect(addresses).toEqual(expect.arrayContaining(['10.1.0.2', '10.2.0.2']));
    await at.client.run('rm -f /etc/nvme/hostnqn /etc/nvme/hostid /usr/local/sbin/dmidecode');
  });
});

describe('a host that carries 1,000 SCSI disks of others', () => {
  it('costs an attach and a detach no round trip more, and hardly a process or a byte', async () => {
    const empty = await cycle();
    await addForeignDisks(at.client, 1000);
    try {
      const loaded = await cycle();
      for (const verb of ['attach', 'detach'] as const) {
        expect(loaded[verb].roundTrips, verb).toBeLessThanOrEqual(empty[verb].roundTrips);
        expect(loaded[verb].bytesIn, verb).toBeLessThanOrEqual(empty[verb].bytesIn * 1.5);
        expect(loaded[verb].bytesOut, verb).toBeLessThanOrEqual(empty[verb].bytesOut * 1.5);
        expect(loaded[verb].remoteProcesses, verb).toBeLessThanOrEqual(empty[verb].remoteProcesses * 1.5);
      }
    } finally {
      await removeForeignDisks(at.client);
    }
  });
});

/** What one attach and one detach of the volume over both portals cost. */
async function cycle(): Promise<{ readonly attach: Counters; readonly detach: Counters }> {
  const { data } = connectionInfo(at.volume, at.lab.portals, { chap: at.chap });
  const spec: VolumeSpec = {
    name: 'one',
    driverVolumeType: 'iscsi',
    data: { ...data, auth_password: new Secret(at.chap.password) },
    wwid: at.volume.wwid,
  };
  const cost = (verb: 'attach' | 'detach'): Promise<Counters> =>
    withConnector(at.lab, at.client, async (connector, executor) => {
      const result = await (verb === 'attach' ? connector.attach(spec) : connector.detach(spec, null));
      expect(result, verb).toMatchObject({ outcome: 'changed', warnings: [] });
      return executor.counters();
    });
  return { attach: await cost('attach'), detach: await cost('detach') };
}

async function facts(): Promise<Readonly<Record<string, unknown>>> {
  const result = (await at.bastion.json('facts')).hosts['client1'];
  expect(result?.roundTrips).toBe(1);
  return result?.facts ?? {};
}
