import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BastionLab, CLEAN, startBastionLab } from './bastion-lab.js';
import { withConnector } from './connector-at.js';
import { pathOffline } from './faults.js';
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
});
