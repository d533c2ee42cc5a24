import { describe, expect, it } from 'vitest';
import { site } from './iscsi-site.js';

describe('a volume that is wanted through a single path', () => {
  it('on a host whose multipathd knows it from before: the map is handed out, not the disk that it takes a moment later', async () => {
    const { use, volume, host, fleet } = site({ delays: { multipathdMs: 150 } });
    const { wwid } = fleet.volumes[0] ?? { wwid: '' };
    host.multipath.register(wwid);
    const result = await use((connector) => connector.attach(volume({}, { multipath: false })));
    expect(result).toMatchObject({
      outcome: 'changed',
      deviceInfo: { path: '/dev/dm-0', multipath_id: wwid, scsi_wwn: wwid },
    });
    expect(result.warnings.join()).toContain(`map ${wwid}`);
    expect(host.deviceMapper.mappings).toHaveLength(1);
    expect(await use((connector) => connector.detach(volume({}, { multipath: false }), null))).toMatchObject({
      outcome: 'changed',
    });
    expect(fleet.leftovers()).toEqual([]);
  });

  it('and that multipathd does not care for: the disk is handed out, and stays free', async () => {
    const { use, volume, host } = site();
    const result = await use((connector) => connector.attach(volume({}, { multipath: false })));
    expect(result).toMatchObject({ outcome: 'changed', deviceInfo: { path: '/dev/sda' }, warnings: [] });
    expect(host.deviceMapper.mappings).toEqual([]);
  });
});
