import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { liftFaults, portalRefuse } from './faults.js';
import type { Guest } from './guest.js';
import { clientLeftovers, scrubClient } from './hygiene.js';
import { type Lab, startLab } from './lab.js';
import { type Bastion, openBastion } from './longshore.js';
import {
  type Chap,
  createVolume,
  exportTo,
  loginAttempts,
  readBack,
  remap,
  setCredentials,
  type Volume,
} from './target.js';

const CHAP: Chap = { username: 'longshore', password: randomBytes(12).toString('hex') };

let lab: Lab;
let bastion: Bastion;
let one: Volume;
let two: Volume;

beforeAll(async () => {
  lab = await startLab();
  bastion = await openBastion(lab);
  one = await createVolume(lab.target, { name: 'one', sizeMiB: 128, lun: 1 });
  two = await createVolume(lab.target, { name: 'two', sizeMiB: 128, lun: 2 });
  await exportTo(lab.target, one, client(0).initiatorName, { chap: CHAP });
  await exportTo(lab.target, two, client(1).initiatorName, { chap: CHAP });
});

afterEach(async () => {
  await liftFaults(lab);
  await Promise.all(lab.clients.map(scrubClient));
  await setCredentials(lab.target, client(0).initiatorName, CHAP);
});

afterAll(async () => {
  await bastion?.close();
  await lab?.stop();
});

function client(index: 0 | 1): Guest {
  return lab.clients[index];
}

/** Inventory with one volume on each client; `user` ops becomes root with sudo. */
function bothHosts(edit?: (text: string) => string): Promise<void> {
  return bastion.useInventory(
    [
      { guest: client(0), user: 'ops', volumes: [{ volume: one, options: { chap: CHAP } }] },
      { guest: client(1), user: 'root', volumes: [{ volume: two, options: { chap: CHAP } }] },
    ],
    edit,
  );
}

/** Inventory with the first client only. */
function firstHost(edit?: (text: string) => string): Promise<void> {
  return bastion.useInventory(
    [{ guest: client(0), user: 'ops', volumes: [{ volume: one, options: { chap: CHAP } }] }],
    edit,
  );
}

async function expectClean(guest: Guest): Promise<void> {
  expect(await clientLeftovers(guest)).toEqual({ sessions: [], nodes: [], disks: [], maps: [], paths: [], mounts: [] });
}

describe('two clients, one LUN each, two portals, CHAP', () => {
  it('attaches, is idempotent, shows, and detaches with the data on the array and nothing left', async () => {
    await bothHosts();
    const attach = await bastion.json('attach', '--volume', 'all');
    for (const [host, volume] of [
      ['client1', one],
      ['client2', two],
    ] as const) {
      const result = attach.hosts[host];
      const shown = result?.volumes[volume.name];
      expect(shown, JSON.stringify(result)).toMatchObject({
        outcome: 'changed',
        warnings: [],
        deviceInfo: { type: 'block', scsi_wwn: volume.wwid, multipath_id: volume.wwid },
        sizeBytes: volume.sizeMiB * 2 ** 20,
      });
      expect(shown?.paths.map((path) => [path.portal, path.state, path.identity])).toEqual([
        ['10.1.0.1:3260', 'active', 'live'],
        ['10.2.0.1:3260', 'active', 'live'],
      ]);
      // 4 where udev and multipathd are quick (the bench and the simulator hold it to that); a wait for them that was too short takes one more
      expect(result?.roundTrips, `${host} attach`).toBeLessThanOrEqual(6);
    }
    const there = await clientLeftovers(client(0));
    expect(there.sessions).toHaveLength(2);
    expect(there.maps).toEqual([one.wwid]);

    const again = await bastion.json('attach', '--volume', 'all');
    expect(Object.values(again.hosts).map((host) => host.outcome)).toEqual(['ok', 'ok']);
    const planned = await bastion.json('attach', '--volume', 'all', '--plan');
    expect(planned.hosts['client1']?.volumes['one']?.steps).toEqual([]);

    const status = await bastion.json('status');
    expect(status.hosts['client1']?.volumes['one']?.deviceInfo?.path).toBe(
      attach.hosts['client1']?.volumes['one']?.deviceInfo?.path,
    );
    expect(status.hosts['client1']?.roundTrips).toBe(1);

    const device = attach.hosts['client1']?.volumes['one']?.deviceInfo?.path ?? '';
    const data = randomBytes(4096).toString('base64').slice(0, 4096);
    // buffered, and nobody says sync: getting it to the array is the detach's duty
    await client(0).run(`dd of=${device} bs=4096 seek=3 conv=notrunc,nocreat status=none`, { input: data });
    const back = await client(0).run(`dd if=${device} bs=4096 skip=3 count=1 iflag=direct status=none`);
    expect(back.stdout).toBe(data);

    const detach = await bastion.json('detach', '--volume', 'all');
    for (const host of Object.values(detach.hosts)) {
      expect(host.outcome, JSON.stringify(host)).toBe('changed');
      expect(host.roundTrips, 'detach').toBeLessThanOrEqual(4);
    }
    await expectClean(client(0));
    await expectClean(client(1));
    expect((await readBack(lab.target, one, 3 * 4096, 4096)).toString()).toBe(data);

    const gone = await bastion.json('detach', '--volume', 'all');
    expect(Object.values(gone.hosts).map((host) => host.outcome)).toEqual(['ok', 'ok']);
  });

  it('attaches through a single path', async () => {
    await firstHost((text) =>
      text.replace('driver_volume_type: iscsi', 'driver_volume_type: iscsi\n          multipath: false'),
    );
    const attach = await bastion.json('attach');
    const result = attach.hosts['client1'];
    expect(result?.outcome, JSON.stringify(result)).toBe('changed');
    expect(result?.volumes['one']?.deviceInfo).toMatchObject({
      path: expect.stringMatching(/^\/dev\/sd/),
      scsi_wwn: one.wwid,
    });
    expect(result?.roundTrips).toBeLessThanOrEqual(4);
    expect((await clientLeftovers(client(0))).sessions).toHaveLength(1);
    const detach = await bastion.json('detach');
    expect(detach.hosts['client1']?.outcome, JSON.stringify(detach)).toBe('changed');
    expect(detach.hosts['client1']?.roundTrips).toBeLessThanOrEqual(4);
    await expectClean(client(0));
  });

  it('becomes root with a password, and shows it nowhere', async () => {
    await bastion.useInventory([
      { guest: client(0), user: 'opspw', volumes: [{ volume: one, options: { chap: CHAP } }] },
    ]);
    const run = await bastion.run('status', '--log-level', 'trace');
    expect(run.exit, run.stderr).toBe(0);
    expect(run.stdout + run.stderr).not.toContain(CHAP.password);
  });
});

describe('what it refuses', () => {
  it('a mounted volume, naming the mount, and changes nothing', async () => {
    await firstHost();
    const attach = await bastion.json('attach');
    const device = attach.hosts['client1']?.volumes['one']?.deviceInfo?.path ?? '';
    await client(0).run(`mkfs.ext4 -q ${device} && mkdir -p /mnt/data && mount ${device} /mnt/data`);
    const before = await clientLeftovers(client(0));
    const detach = await bastion.run('detach');
    expect(detach.exit).toBe(5);
    expect(detach.stdout + detach.stderr).toContain('/mnt/data');
    expect(await clientLeftovers(client(0))).toEqual(before);
    await client(0).run('umount /mnt/data');
    expect((await bastion.run('detach')).exit).toBe(0);
    await expectClean(client(0));
  });

  it('a LUN whose live identity is not the expected one, and undoes what it did', async () => {
    await firstHost((text) => text.replaceAll(one.wwid, two.wwid));
    const attach = await bastion.json('attach');
    expect(attach.hosts['client1']).toMatchObject({ outcome: 'refused', error: { code: 'E_IDENTITY_MISMATCH' } });
    await expectClean(client(0));
  });

  it('a wrong CHAP secret, after one login attempt', async () => {
    await firstHost();
    await setCredentials(lab.target, client(0).initiatorName, {
      username: CHAP.username,
      password: 'another-secret-1',
    });
    const before = await loginAttempts(lab.target);
    const attach = await bastion.json('attach');
    expect(attach.hosts['client1']).toMatchObject({ outcome: 'failed', error: { code: 'E_LOGIN_REJECTED' } });
    const after = await loginAttempts(lab.target);
    expect(after.refusedCredentials - before.refusedCredentials).toBe(1);
    expect(JSON.stringify(attach)).not.toContain(CHAP.password);
    await expectClean(client(0));
  });

  it('a LUN that was remapped under the host, at detach, and removes nothing', async () => {
    await firstHost();
    await bastion.json('attach');
    const before = await clientLeftovers(client(0));
    await remap(lab.target, client(0).initiatorName, one.lun, two);
    try {
      const detach = await bastion.json('detach');
      expect(detach.hosts['client1']).toMatchObject({ outcome: 'refused', error: { code: 'E_IDENTITY_MISMATCH' } });
      const after = await clientLeftovers(client(0));
      expect(after.disks).toEqual(before.disks);
      expect(after.sessions).toEqual(before.sessions);
    } finally {
      await remap(lab.target, client(0).initiatorName, one.lun, one);
    }
  });
});

describe('what goes on working', () => {
  it('attaches degraded when one portal is down, says so, and detaches', async () => {
    await firstHost();
    await portalRefuse(lab, 2);
    const attach = await bastion.json('attach');
    const shown = attach.hosts['client1']?.volumes['one'];
    expect(shown, JSON.stringify(attach)).toMatchObject({ outcome: 'changed' });
    expect(shown?.warnings.join()).toMatch(/degraded: 1 of 2 paths.*10\.2\.0\.1/);
    expect(shown?.deviceInfo?.multipath_id).toBe(one.wwid);
    const detach = await bastion.json('detach');
    expect(detach.hosts['client1']?.outcome, JSON.stringify(detach)).toBe('changed');
    await expectClean(client(0));
  });

  it('detaches at once when a path has died since, and says whose identity was cached', async () => {
    await firstHost();
    await bastion.json('attach');
    await portalRefuse(lab, 2);
    await client(0).run(
      `for i in $(seq 150); do grep -qs FAILED /sys/class/iscsi_session/session*/state && exit 0; sleep 0.2; done; exit 1`,
    );
    const detach = await bastion.json('detach');
    expect(detach.hosts['client1']?.outcome, JSON.stringify(detach)).toBe('changed');
    await expectClean(client(0));
  });

  it('leaves another volume on the same sessions untouched', async () => {
    const other = await createVolume(lab.target, { name: 'other', sizeMiB: 64, lun: 7 });
    await exportTo(lab.target, other, client(0).initiatorName, { chap: CHAP });
    await bastion.useInventory([
      {
        guest: client(0),
        user: 'ops',
        volumes: [
          { volume: one, options: { chap: CHAP } },
          { volume: other, options: { chap: CHAP } },
        ],
      },
    ]);
    const attach = await bastion.json('attach', '--volume', 'all');
    expect(attach.hosts['client1']?.outcome, JSON.stringify(attach)).toBe('changed');
    const detach = await bastion.json('detach', '--volume', 'one');
    expect(detach.hosts['client1']?.outcome, JSON.stringify(detach)).toBe('changed');
    expect(detach.hosts['client1']?.volumes['one']?.warnings.join()).toMatch(/session .* stays: it carries/);
    const left = await clientLeftovers(client(0));
    expect(left.sessions).toHaveLength(2);
    expect(left.maps).toEqual([other.wwid]);
    expect(left.disks).toHaveLength(2);
    const rest = await bastion.json('detach', '--volume', 'other');
    expect(rest.hosts['client1']?.outcome).toBe('changed');
    await expectClean(client(0));
  });

  it('plans an attach without changing anything', async () => {
    await firstHost();
    const plan = await bastion.json('attach', '--plan');
    const steps = plan.hosts['client1']?.volumes['one']?.steps ?? [];
    expect(steps.map((step) => step.id)).toEqual(
      expect.arrayContaining(['record 10.1.0.1:3260', 'login 10.1.0.1:3260', 'login 10.2.0.1:3260']),
    );
    expect(JSON.stringify(plan)).not.toContain(CHAP.password);
    await expectClean(client(0));
  });
});
