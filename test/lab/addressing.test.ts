import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BastionLab, CLEAN, startBastionLab } from './bastion-lab.js';
import { clientLeftovers } from './hygiene.js';
import { edits, withData, withOptions, withoutData } from './inventory-edits.js';
import { addPortal, removePortal } from './more-targets.js';
import { createVolume, exportTo, remap, unmap } from './target.js';

const IPV6 = '[fd00:1::1]:3260';

let at: BastionLab;

beforeAll(async () => {
  at = await startBastionLab();
});
afterEach(() => at.settle());
afterAll(() => at?.stop());

async function attach() {
  const result = (await at.bastion.json('attach')).hosts['client1'];
  expect(result?.outcome, JSON.stringify(result)).toBe('changed');
  // one more for each wait for udev and multipathd that was too short; the bench and the simulator hold it to 4
  expect(result?.roundTrips).toBeLessThanOrEqual(6);
  const shown = result?.volumes['one'];
  expect(shown?.deviceInfo?.multipath_id ?? shown?.deviceInfo?.scsi_wwn).toBe(at.volume.wwid);
  return shown;
}

async function detachToNothing(): Promise<void> {
  const result = (await at.bastion.json('detach')).hosts['client1'];
  expect(result?.outcome, JSON.stringify(result)).toBe('changed');
  expect(await clientLeftovers(at.client)).toEqual(CLEAN);
}

/** The volume at another LUN than its own, for one test. */
async function atLun(lun: number, work: () => Promise<void>): Promise<void> {
  const { target } = at.lab;
  await exportTo(target, at.volume, at.client.initiatorName, { lun });
  try {
    await work();
    await at.settle();
  } finally {
    await unmap(target, at.client.initiatorName, lun);
  }
}

const lunData = (lun: number) => edits(withoutData('target_lun'), withData({ target_lun: lun }));

describe('a LUN above 255', () => {
  it('is found under the number that the array gives', async () => {
    await atLun(300, async () => {
      await at.inventory(lunData(300));
      const shown = await attach();
      expect(shown?.paths.map(({ hctl }) => hctl.split(':').at(-1))).toEqual(['300', '300']);
      await detachToNothing();
    });
  });

  it('is found in flat space addressing, as SAM2 arrays code it', async () => {
    await atLun(0x4000 + 300, async () => {
      await at.inventory(edits(lunData(300), withData({ addressing_mode: 'SAM2' })));
      const shown = await attach();
      expect(shown?.paths.map(({ hctl }) => hctl.split(':').at(-1))).toEqual(['16684', '16684']);
      await detachToNothing();
    });
  });
});

describe('several sessions through one portal', () => {
  it('are all used, and all ended', async () => {
    await at.inventory();
    const conf = '/etc/iscsi/iscsid.conf';
    await at.client.run(`cp -p ${conf} /run/iscsid.conf && echo 'node.session.nr_sessions = 2' >>${conf}`);
    try {
      const shown = await attach();
      expect((await clientLeftovers(at.client)).sessions).toHaveLength(4);
      expect(shown?.paths.map(({ state, identity }) => `${state} ${identity}`)).toEqual(
        Array.from({ length: 4 }, () => 'active live'),
      );
      await detachToNothing();
    } finally {
      await at.client.run(`cp -p /run/iscsid.conf ${conf}`);
    }
  });
});

describe('ways in of other kinds', () => {
  it('an IPv6 portal, however it is spelled', async () => {
    const address = (host: number) => `ip -6 address replace fd00:1::${host}/64 dev san1 nodad`;
    await Promise.all([at.lab.target.run(address(1)), at.client.run(address(2))]);
    await addPortal(at.lab.target, IPV6);
    try {
      const portals = withData({
        target_portals: ['[FD00:1:0:0::0001]:3260', '10.2.0.1:3260'],
        target_iqns: ['iqn.2026-01.test.longshore:target', 'iqn.2026-01.test.longshore:target'],
        target_luns: [1, 1],
      });
      await at.inventory(edits(withoutData('target_portals', 'target_iqns', 'target_luns'), portals));
      const shown = await attach();
      expect(shown?.paths.map(({ portal, state }) => `${portal} ${state}`)).toEqual([
        `${IPV6} active`,
        '10.2.0.1:3260 active',
      ]);
      expect((await at.bastion.json('attach')).hosts['client1']?.outcome).toBe('ok');
      await detachToNothing();
    } finally {
      await at.settle();
      await removePortal(at.lab.target, IPV6);
    }
  });

  it('an interface of open-iscsi that is bound to a network card', async () => {
    await at.client.run(
      `iscsiadm -m iface -I storage -o new && iscsiadm -m iface -I storage -o update -n iface.net_ifacename -v san1`,
    );
    try {
      await at.inventory(
        edits(
          withoutData('target_portals', 'target_iqns', 'target_luns'),
          withOptions({ iface: 'storage', multipath: false }),
        ),
      );
      const result = (await at.bastion.json('attach')).hosts['client1'];
      expect(result?.outcome, JSON.stringify(result)).toBe('changed');
      const { stdout } = await at.client.run('cat /sys/class/iscsi_session/session*/ifacename');
      expect(stdout.trim()).toBe('storage');
      await detachToNothing();
    } finally {
      await at.settle();
      await at.client.run('iscsiadm -m iface -I storage -o delete');
    }
  });

  it('an interface that the host does not have is an error, and not another way in', async () => {
    await at.inventory(withOptions({ iface: 'nowhere' }));
    const result = (await at.bastion.json('attach')).hosts['client1'];
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'E_UNSUPPORTED' } });
    expect(await clientLeftovers(at.client)).toEqual(CLEAN);
  });
});

describe('a single path on a host whose multipathd', () => {
  it('knows the volume from before: the map is handed out that multipathd makes of it', async () => {
    await at.client.run(`multipath -a ${at.volume.wwid}`);
    await at.inventory(withOptions({ multipath: false }));
    const result = (await at.bastion.json('attach')).hosts['client1'];
    expect(result, JSON.stringify(result)).toMatchObject({
      outcome: 'changed',
      volumes: { one: { deviceInfo: { multipath_id: at.volume.wwid } } },
    });
    expect(result?.volumes['one']?.warnings.join()).toContain(`map ${at.volume.wwid}`);
    await at.client.run('udevadm settle');
    expect((await clientLeftovers(at.client)).maps).toEqual([at.volume.wwid]);
    // what was handed out is what can be used
    await at.client.run(`mkfs.ext4 -q ${result?.volumes['one']?.deviceInfo?.path}`);
    await detachToNothing();
  });

  it('does not know it: the disk is handed out, and stays free', async () => {
    await at.inventory(withOptions({ multipath: false }));
    const result = (await at.bastion.json('attach')).hosts['client1'];
    const shown = result?.volumes['one'];
    expect(shown, JSON.stringify(result)).toMatchObject({ outcome: 'changed', warnings: [] });
    expect(shown?.deviceInfo?.path).toMatch(/^\/dev\/sd/u);
    await at.client.run('udevadm settle; multipathd show status >/dev/null');
    expect((await clientLeftovers(at.client)).maps).toEqual([]);
    await detachToNothing();
  });
});

describe('a LUN behind which the array has put another volume', () => {
  it('is not attached again over the old device', async () => {
    await at.inventory();
    await attach();
    const other = await createVolume(at.lab.target, { name: 'other', sizeMiB: 128, lun: 9 });
    await remap(at.lab.target, at.client.initiatorName, at.volume.lun, other);
    try {
      const before = await clientLeftovers(at.client);
      const again = (await at.bastion.json('attach')).hosts['client1'];
      expect(again, JSON.stringify(again)).toMatchObject({
        outcome: 'refused',
        error: { code: 'E_IDENTITY_MISMATCH' },
      });
      const extended = (await at.bastion.json('extend')).hosts['client1'];
      expect(extended, JSON.stringify(extended)).toMatchObject({ error: { code: 'E_IDENTITY_MISMATCH' } });
      expect(await clientLeftovers(at.client)).toEqual(before);
    } finally {
      await remap(at.lab.target, at.client.initiatorName, at.volume.lun, at.volume);
    }
  });
});
