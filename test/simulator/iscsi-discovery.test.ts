import { describe, expect, it } from 'vitest';
import { codeOf, site } from './iscsi-site.js';

const SECRET = 'a-discovery-secret';
const CHAP = { discovery_auth_method: 'CHAP', discovery_auth_username: 'finder', discovery_auth_password: SECRET };

describe('an attach by SendTargets discovery', () => {
  it('finds all portals, and a detach without discovery takes them all away', async () => {
    const { use, discovered, fleet, host } = site();
    const attached = await use((connector) => connector.attach(discovered()));
    expect(attached).toMatchObject({ outcome: 'changed', deviceInfo: { path: '/dev/dm-0' }, warnings: [] });
    expect(attached.paths.map((path) => path.portal)).toEqual(fleet.portals);
    expect(host.discovery.files.size).toBe(0);
    expect(await use((connector) => connector.attach(discovered()))).toMatchObject({ outcome: 'ok', steps: [] });
    const status = await use((connector) => connector.status([discovered()]));
    expect(status.get('data')?.paths).toHaveLength(2);

    const since = host.commands.length;
    expect(await use((connector) => connector.detach(discovered(), null))).toMatchObject({ outcome: 'changed' });
    expect(fleet.leftovers()).toEqual([]);
    expect(host.commands.slice(since).flat()).not.toContain('discovery');
  });

  it('costs one round trip more than a list of portals', async () => {
    const { use, discovered } = site();
    await use(async (connector, executor) => {
      await connector.attach(discovered());
      expect(executor.counters().roundTrips).toBeLessThanOrEqual(6);
    });
  });

  it('leaves the records of others as they are', async () => {
    const { use, discovered, fleet, host } = site();
    const [address = '', port = ''] = (fleet.portals[1] ?? '').split(':');
    const foreign = host.nodes.create(
      { targetName: 'iqn.2010-10.org.longshore.sim:other', address, port: Number(port), iface: 'default' },
      1,
    );
    host.nodes.set(foreign, 'node.startup', 'automatic');
    fleet.array.addTarget('iqn.2010-10.org.longshore.sim:other', fleet.portals);
    fleet.array.allow('iqn.2010-10.org.longshore.sim:other', host.environment.initiatorName, null);
    await use((connector) => connector.attach(discovered()));
    await use((connector) => connector.detach(discovered(), null));
    expect(host.nodes.entries).toEqual([foreign]);
    expect(foreign.settings.get('node.startup')).toBe('automatic');
  });

  it('with CHAP leaves neither secret nor record, and puts no secret on a command line', async () => {
    const { use, discovered, fleet, host } = site();
    fleet.array.requireDiscoveryChap({ username: 'finder', password: SECRET });
    expect(await use((connector) => connector.attach(discovered(CHAP)))).toMatchObject({ outcome: 'changed' });
    expect(host.discovery.files.size).toBe(0);
    expect(host.commands.flat().join(' ')).not.toContain(SECRET);
    await use((connector) => connector.detach(discovered(CHAP), null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it("puts the operator's discovery record back as it was", async () => {
    const { use, discovered, fleet, host } = site();
    fleet.array.requireDiscoveryChap({ username: 'finder', password: SECRET });
    host.discovery.create(fleet.portals[0] ?? '');
    const before = [...host.discovery.files];
    expect(await use((connector) => connector.attach(discovered(CHAP)))).toMatchObject({ outcome: 'changed' });
    expect([...host.discovery.files]).toEqual(before);
  });

  it('asks once with a wrong secret, and leaves nothing of it', async () => {
    const { use, discovered, fleet, host } = site();
    fleet.array.requireDiscoveryChap({ username: 'finder', password: 'another' });
    await expect(use((connector) => connector.attach(discovered(CHAP)))).rejects.toMatchObject({
      code: 'E_LOGIN_REJECTED',
    });
    expect(host.commands.filter((argv) => argv.includes('--discover'))).toHaveLength(1);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('says that the portal does not answer, and changes nothing', async () => {
    const { use, discovered, fleet } = site();
    fleet.array.setPortal(fleet.portals[0] ?? '', 'refusing');
    const error: unknown = await use((connector) => connector.attach(discovered())).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('E_PORTAL_UNREACHABLE');
    expect(fleet.leftovers()).toEqual([]);
  });

  it('translates the LUN for discovered portals too', async () => {
    const { use, discovered, fleet, initiator, host } = site();
    const unit = fleet.array.createVolume({ wwid: '36001405ccccccccccccccccccccccccc', sizeBytes: 2 ** 30 });
    fleet.array.map(fleet.targetName, initiator, 16_384 + 300, unit);
    const spec = discovered({ target_lun: 300, addressing_mode: 'SAM2' }, { wwid: unit.wwid });
    expect(await use((connector) => connector.attach(spec))).toMatchObject({ outcome: 'changed' });
    expect(host.scsi.units.map((one) => one.lun)).toEqual([16_684, 16_684]);
    await use((connector) => connector.detach(spec, null));
    expect(fleet.leftovers()).toEqual([]);
  });
});
