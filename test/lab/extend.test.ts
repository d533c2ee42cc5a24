import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BastionLab, startBastionLab } from './bastion-lab.js';
import { pathOffline, pathRunning } from './faults.js';
import { withSize } from './inventory-edits.js';
import { grow, type Volume } from './target.js';

const MIB = 2 ** 20;

let at: BastionLab;
let volume: Volume;

beforeAll(async () => {
  at = await startBastionLab();
  volume = at.volume;
});
afterEach(() => at.settle());
afterAll(() => at?.stop());

async function attach() {
  await at.inventory(withSize(volume.sizeMiB * MIB));
  const result = (await at.bastion.json('attach')).hosts['client1'];
  const shown = result?.volumes['one'];
  if (shown?.deviceInfo == null) throw new Error(JSON.stringify(result));
  return { device: shown.deviceInfo.path, disks: shown.paths.map((path) => path.device) };
}

/** Grows the volume on the array by 32 MiB, and declares `declaredMiB` in the inventory. */
async function growTo(declaredMiB: number): Promise<void> {
  volume = await grow(at.lab.target, volume, volume.sizeMiB + 32);
  await at.inventory(withSize(declaredMiB * MIB));
}

async function extend() {
  const result = (await at.bastion.json('extend')).hosts['client1'];
  if (result === undefined) throw new Error('no result');
  return result;
}

/** Sizes in MiB of a map and its disks, as the kernel shows them. */
async function sizes(device: string, disks: readonly string[]): Promise<readonly number[]> {
  const names = [device.replace('/dev/', ''), ...disks];
  const { stdout } = await at.client.run(`cat ${names.map((name) => `/sys/block/${name}/size`).join(' ')}`);
  return stdout
    .trim()
    .split('\n')
    .map((sectors) => Number(sectors) / 2048);
}

describe('a volume that has grown on the array', () => {
  it('has its new size on each path and on the map in two round trips, under a mounted file system that stays as it is', async () => {
    const { device, disks } = await attach();
    const before = volume.sizeMiB;
    await at.client.run(
      `mkfs.ext4 -q ${device} && mkdir -p /mnt/data && mount ${device} /mnt/data && seq 20000 >/mnt/data/numbers && sync`,
    );
    const look = `stat -f -c '%b blocks' /mnt/data; sha256sum </mnt/data/numbers; grep ' /mnt/data ' /proc/mounts`;
    const { stdout: fileSystem } = await at.client.run(look);
    await growTo(before + 32);
    const result = await extend();
    expect(result, JSON.stringify(result)).toMatchObject({
      outcome: 'changed',
      volumes: { one: { sizeBytes: (before + 32) * MIB, warnings: [] } },
    });
    expect(result.roundTrips).toBeLessThanOrEqual(2);
    expect(await sizes(device, disks)).toEqual([before + 32, before + 32, before + 32]);
    expect((await at.client.run(look)).stdout).toBe(fileSystem);
    // what the size is for: the file system can be grown, and is sound
    await at.client.run(`resize2fs ${device} && umount /mnt/data && e2fsck -fn ${device}`);
    const again = await extend();
    expect(again).toMatchObject({ outcome: 'ok', volumes: { one: { sizeBytes: (before + 32) * MIB } } });
    expect(again.roundTrips).toBeLessThanOrEqual(2);
  });

  it('keeps its old size on all layers while one path is down, and gets the new one when it is back', async () => {
    const { device, disks } = await attach();
    const before = volume.sizeMiB;
    const [, second = ''] = disks;
    await growTo(before + 32);
    await pathOffline(at.client, second);
    const refused = await extend();
    expect(refused, JSON.stringify(refused)).toMatchObject({
      outcome: 'failed',
      error: { code: 'E_DEVICE_NOT_FOUND' },
    });
    expect(refused.error?.message).toContain(second);
    expect(await sizes(device, disks)).toEqual([before, before, before]);
    await pathRunning(at.client, second);
    const result = await extend();
    expect(result.outcome, JSON.stringify(result)).toBe('changed');
    expect(await sizes(device, disks)).toEqual([before + 32, before + 32, before + 32]);
  });

  it('is refused, with the map as it was, when the array shows another size than the declared one', async () => {
    const { device, disks } = await attach();
    const before = volume.sizeMiB;
    await growTo(before + 64);
    const refused = await extend();
    expect(refused, JSON.stringify(refused)).toMatchObject({
      outcome: 'refused',
      error: { code: 'E_IDENTITY_MISMATCH' },
    });
    expect(refused.error?.message).toContain(String((before + 32) * MIB));
    expect((await sizes(device, disks))[0]).toBe(before);
    await at.inventory(withSize((before + 32) * MIB));
    expect((await extend()).outcome).toBe('changed');
    expect(await sizes(device, disks)).toEqual([before + 32, before + 32, before + 32]);
  });
});
