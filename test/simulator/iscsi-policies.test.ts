import { describe, expect, it } from 'vitest';
import { codeOf, site } from './iscsi-site.js';

const FOUR = ['10.1.0.1:3260', '10.2.0.1:3260', '10.3.0.1:3260', '10.4.0.1:3260'];

describe('policies of a volume', () => {
  it('min_paths that are not met fail the attach, which is undone', async () => {
    const { use, volume, fleet } = site();
    fleet.array.setPortal(fleet.portals[1] ?? '', 'refusing');
    const result = await use((connector) => connector.attach(volume({}, { minPaths: 2 })));
    expect(codeOf(result.error)).toBe('E_TOO_FEW_PATHS');
    expect(result.error?.message).toContain(fleet.portals[1]);
    expect(result.deviceInfo).toBeUndefined();
    expect(fleet.leftovers()).toEqual([]);
  });

  it('want_paths brings up no more than that, and another portal stands in for one that is down', async () => {
    const { use, volume, fleet, host } = site({ portals: FOUR });
    fleet.array.setPortal(FOUR[0] ?? '', 'refusing');
    const result = await use((connector) => connector.attach(volume({}, { wantPaths: 2, minPaths: 2 })));
    expect(result).toMatchObject({ outcome: 'changed', warnings: [] });
    expect(host.iscsi.sessions.map((session) => session.portal).sort()).toEqual(FOUR.slice(1, 3));
    await use((connector) => connector.detach(volume(), null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('after the soft deadline the paths that are there are enough', async () => {
    const { use, volume, fleet } = site({ delays: { loginTimeoutMs: 600_000 } });
    fleet.array.setPortal(fleet.portals[1] ?? '', 'hanging');
    const result = await use((connector) => connector.attach(volume({}, { softDeadlineS: 1 })));
    expect(result).toMatchObject({ outcome: 'changed', deviceInfo: { path: '/dev/dm-0' } });
    expect(result.warnings.join()).toMatch(/degraded: 1 of 2 paths; 10\.2\.0\.1/);
  });

  it('numbers that cannot be met are refused before anything is done', async () => {
    const { use, volume, fleet } = site();
    await expect(use((connector) => connector.attach(volume({}, { minPaths: 3 })))).rejects.toMatchObject({
      code: 'E_VOLUME',
    });
    expect(fleet.array.loginAttempts).toEqual([]);
  });

  it('access_mode ro sets what is handed out read-only on the host', async () => {
    const { use, volume, host, fleet } = site();
    const spec = volume({ access_mode: 'ro' });
    expect(await use((connector) => connector.attach(spec))).toMatchObject({ outcome: 'changed' });
    expect(host.blocks.find('dm-0')?.readOnly).toBe(true);
    expect(await use((connector) => connector.attach(spec))).toMatchObject({ outcome: 'ok' });
    await use((connector) => connector.detach(spec, null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('access_mode ro does not take the writes of whoever uses the volume already', async () => {
    const { use, volume, host } = site();
    await use((connector) => connector.attach(volume()));
    const result = await use((connector) => connector.attach(volume({ access_mode: 'ro' })));
    expect(codeOf(result.error)).toBe('E_DEVICE_BUSY');
    expect(host.blocks.find('dm-0')?.readOnly).toBe(false);
  });

  it('access_mode rw waits until a volume that was read-only can be written, and touches no other map', async () => {
    const { use, volume, host, fleet, initiator } = site();
    const unit = fleet.array.unitAt(fleet.targetName, initiator, 1);
    if (unit === null) throw new Error('no unit');
    unit.readOnly = true;
    await use((connector) => connector.attach(volume()));
    unit.readOnly = false;
    const since = host.commands.length;
    expect(await use((connector) => connector.attach(volume({ access_mode: 'rw' })))).toMatchObject({
      outcome: 'changed',
    });
    expect(host.blocks.find('dm-0')?.readOnly).toBe(false);
    const lines = host.commands.slice(since).map((argv) => argv.join(' '));
    expect(lines.filter((line) => line.startsWith('multipathd reload'))).toEqual(['multipathd reload map dm-0']);
    expect(lines).not.toContain('multipath -r');
  });
});

describe('encrypted volumes', () => {
  const ENCRYPTED = { encrypted: true };
  const LINK = '/dev/disk/by-id/os-brick+dev+dm-0';

  it('are handed out by a link of their own, which a detach takes away', async () => {
    const { use, volume, host, fleet } = site();
    const attached = await use((connector) => connector.attach(volume(ENCRYPTED)));
    expect(attached.deviceInfo?.path).toBe(LINK);
    expect(host.files().canonical(LINK)).toBe('/dev/dm-0');
    expect(await use((connector) => connector.attach(volume(ENCRYPTED)))).toMatchObject({ outcome: 'ok' });
    expect(await use((connector) => connector.extend(volume(ENCRYPTED)))).toMatchObject({ outcome: 'ok' });
    await use((connector) => connector.detach(volume(ENCRYPTED), attached.deviceInfo ?? null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('keep the link that an encryption tool has led to its mapping', async () => {
    const { use, volume, host } = site();
    await use((connector) => connector.attach(volume(ENCRYPTED)));
    host.stack('/dev/dm-0', { name: 'crypt-data', uuid: 'CRYPT-LUKS2-0-crypt-data' });
    host.links.set(LINK, '/dev/mapper/crypt-data');
    expect(await use((connector) => connector.attach(volume(ENCRYPTED)))).toMatchObject({ outcome: 'ok' });
    expect(host.links.get(LINK)).toBe('/dev/mapper/crypt-data');
    const result = await use((connector) => connector.detach(volume(ENCRYPTED), null));
    expect(codeOf(result.error)).toBe('E_DEVICE_BUSY');
    expect(host.links.get(LINK)).toBe('/dev/mapper/crypt-data');
  });

  it('are not left attached when the link cannot be made, and the error is of the link', async () => {
    const { use, volume, host, fleet } = site();
    host.refusesLinks = true;
    const result = await use((connector) => connector.attach(volume(ENCRYPTED)));
    expect(result.error?.message).toContain('private link');
    expect(fleet.leftovers()).toEqual([]);
  });
});
