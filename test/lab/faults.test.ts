import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BastionLab, CLEAN, sessionsFail, startBastionLab } from './bastion-lab.js';
import {
  pathOffline,
  portalHang,
  portalRefuse,
  portalRestore,
  powerCut,
  setLink,
  volumeError,
  volumeRestore,
  volumeSuspend,
} from './faults.js';
import { clientLeftovers } from './hygiene.js';
import { exportTo, unmap } from './target.js';

let at: BastionLab;

beforeAll(async () => {
  at = await startBastionLab();
  await at.inventory();
});
afterEach(() => at.settle());
afterAll(() => at?.stop());

async function attach() {
  const result = (await at.bastion.json('attach')).hosts['client1'];
  expect(result?.outcome, JSON.stringify(result)).toBe('changed');
  return result?.volumes['one'];
}

/** Only for the volume of these tests, with a reason. */
const FORCE = ['--force', '--volume', 'one', '--reason', 'a test'];

async function detach(...options: string[]) {
  return (await at.bastion.json('detach', ...options)).hosts['client1'];
}

/** Lets the array fail what is written, and writes. */
async function loseWrites(device: string): Promise<void> {
  await volumeError(at.lab.target, at.volume);
  await at.client.run(`dd if=/dev/urandom of=${device} bs=4096 count=4 conv=nocreat,notrunc status=none`, {
    check: false,
  });
}

async function expectClean(): Promise<void> {
  expect(await clientLeftovers(at.client)).toEqual(CLEAN);
}

describe('a portal that', () => {
  it('hangs costs an attach one bounded wait, and it ends degraded', async () => {
    await portalHang(at.lab, 1);
    const began = performance.now();
    const result = (await at.bastion.json('attach')).hosts['client1'];
    expect(result?.outcome, JSON.stringify(result)).toBe('changed');
    expect(result?.volumes['one']?.warnings.join()).toMatch(/degraded: 1 of 2 paths.*10\.1\.0\.1/);
    // open-iscsi's own settings would make it 120 s
    expect((performance.now() - began) / 1000).toBeLessThan(60);
    expect((await detach())?.outcome).toBe('changed');
    await expectClean();
  });

  it('is down together with the other one ends an attach with the reason, and nothing is left', async () => {
    await portalRefuse(at.lab, 1);
    await portalRefuse(at.lab, 2);
    const result = (await at.bastion.json('attach')).hosts['client1'];
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'E_PORTAL_UNREACHABLE' } });
    await expectClean();
  });

  it('loses its cable does not hold up a detach', async () => {
    await attach();
    await setLink(at.client, 2, 'off');
    await sessionsFail(at.client, 1);
    const result = await detach();
    expect(result?.outcome, JSON.stringify(result)).toBe('changed');
    await setLink(at.client, 2, 'on');
    await expectClean();
  });
});

describe('all portals gone', () => {
  it('is an outage: a detach refuses to drop what may not be written, and works when they are back', async () => {
    await attach();
    const before = await clientLeftovers(at.client);
    await Promise.all([portalRefuse(at.lab, 1), portalRefuse(at.lab, 2)]);
    await sessionsFail(at.client, 2);
    const refused = await detach();
    expect(refused, JSON.stringify(refused)).toMatchObject({ outcome: 'failed', error: { code: 'E_FLUSH_FAILED' } });
    // what it waited for, and for how long
    expect(refused?.error?.message).toMatch(/session \d+ to 10\.1\.0\.1:3260 is (FAILED|FREE).*waited 30 s/);
    const after = await clientLeftovers(at.client);
    expect([after.disks, after.maps]).toEqual([before.disks, before.maps]);
    await Promise.all([portalRestore(at.lab, 1), portalRestore(at.lab, 2)]);
    // at once: that iscsid has logged in again is what the detach itself waits for
    const result = await detach();
    expect(result?.outcome, JSON.stringify(result)).toBe('changed');
    await expectClean();
  });

  it('leaves a clean host when the data is given up by force, and says what went wrong', async () => {
    await attach();
    await Promise.all([portalRefuse(at.lab, 1), portalRefuse(at.lab, 2)]);
    await sessionsFail(at.client, 2);
    const result = await detach(...FORCE);
    expect(await clientLeftovers(at.client), JSON.stringify(result)).toEqual(CLEAN);
  });
});

describe('the volume', () => {
  it('that cannot be written is not detached: the lost write is reported and the disk stays', async () => {
    // without multipath: a map would try again for ever, since the path checker finds the paths well
    await at.inventory((text) =>
      text.replace('driver_volume_type: iscsi', 'driver_volume_type: iscsi\n          multipath: false'),
    );
    try {
      const shown = await attach();
      const before = await clientLeftovers(at.client);
      await loseWrites(shown?.deviceInfo?.path ?? '');
      const result = await detach();
      expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'failed', error: { code: 'E_FLUSH_FAILED' } });
      expect(await clientLeftovers(at.client)).toEqual(before);
      await volumeRestore(at.lab.target, at.volume);
      expect(await detach()).toMatchObject({ outcome: 'failed', error: { code: 'E_FLUSH_FAILED' } });
      expect((await detach(...FORCE))?.outcome).toBe('changed');
    } finally {
      await volumeRestore(at.lab.target, at.volume);
      await at.inventory();
    }
  });

  it('that cannot be written keeps its map, and the next detach does not call it clean', async () => {
    // a map that does not queue: I/O fails as soon as all paths have
    await at.client.run(
      `mkdir -p /etc/multipath/conf.d && printf 'overrides {\\n no_path_retry fail\\n}\\n' >/etc/multipath/conf.d/lab.conf && multipathd reconfigure`,
    );
    try {
      const shown = await attach();
      const before = await clientLeftovers(at.client);
      const device = shown?.deviceInfo?.path ?? '';
      await loseWrites(device);
      const first = await detach();
      expect(first, JSON.stringify(first)).toMatchObject({ outcome: 'failed', error: { code: 'E_FLUSH_FAILED' } });
      expect((await clientLeftovers(at.client)).maps).toEqual(before.maps);
      await volumeRestore(at.lab.target, at.volume);
      await at.client.run(
        `for i in $(seq 300); do [ "$(multipathd show paths raw format '%t' | grep -c active)" = 2 ] && exit 0; sleep 0.2; done; exit 1`,
      );
      // the kernel has nothing more to report, and what was written is nowhere
      await at.client.run(`sync -d ${device}`);
      const second = await detach();
      expect(second, JSON.stringify(second)).toMatchObject({ outcome: 'failed', error: { code: 'E_FLUSH_FAILED' } });
      expect(second?.error?.message).toContain('an earlier detach');
      expect((await clientLeftovers(at.client)).maps).toEqual(before.maps);
      const forced = await detach(...FORCE);
      expect(forced?.outcome, JSON.stringify(forced)).toBe('changed');
      expect(forced?.volumes['one']?.warnings.join()).toContain('data was lost before');
      await expectClean();
      await attach();
      expect((await detach())?.outcome).toBe('changed');
    } finally {
      await volumeRestore(at.lab.target, at.volume);
      await at.client.run('rm -f /etc/multipath/conf.d/lab.conf && multipathd reconfigure');
    }
  });

  it('that hangs costs a detach its time and no more: the error names the command that the kernel holds, and it works when the volume answers', async () => {
    await attach();
    const before = await clientLeftovers(at.client);
    await volumeSuspend(at.lab.target, at.volume);
    try {
      const result = await detach('--timeout', '15');
      expect(result?.outcome, JSON.stringify(result)).toMatch(/failed|unknown/);
      expect(result?.error?.message).toMatch(/sync \(pid \d+\) is in state D/);
      const after = await clientLeftovers(at.client);
      expect([after.disks, after.maps]).toEqual([before.disks, before.maps]);
    } finally {
      await volumeRestore(at.lab.target, at.volume);
    }
    const again = await detach();
    expect(again?.outcome, JSON.stringify(again)).toBe('changed');
    await expectClean();
  });

  it('is detached over the other path when one was taken offline', async () => {
    const shown = await attach();
    await pathOffline(at.client, shown?.paths[0]?.device ?? '');
    const result = await detach();
    expect(result?.outcome, JSON.stringify(result)).toBe('changed');
    await expectClean();
  });

  it('that the array has unmapped is not dropped in silence', async () => {
    await attach();
    const before = await clientLeftovers(at.client);
    await unmap(at.lab.target, at.client.initiatorName, at.volume.lun);
    try {
      const result = await detach();
      expect(result?.outcome, JSON.stringify(result)).toMatch(/failed|refused/);
      expect((await clientLeftovers(at.client)).disks).toEqual(before.disks);
    } finally {
      await exportTo(at.lab.target, at.volume, at.client.initiatorName, { chap: at.chap });
    }
  });
});

describe('a client whose power is cut', () => {
  it('comes back without the volume, and a detach cleans what it still has of it', async () => {
    await attach();
    await powerCut(at.client);
    const left = await clientLeftovers(at.client);
    expect([left.sessions, left.disks, left.maps]).toEqual([[], [], []]);
    expect(left.nodes).toHaveLength(2);
    const result = await detach();
    expect(result?.outcome, JSON.stringify(result)).toBe('changed');
    await expectClean();
    await attach();
    expect((await detach())?.outcome).toBe('changed');
  });
});
