import { describe, expect, it } from 'vitest';
import { auditVolume } from '../../src/sweep/volume-traces.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { site } from './iscsi-site.js';

describe('what a host still has of one volume', () => {
  it('is all of it while it is attached, nothing after a detach, and each look changes nothing', async () => {
    const here = site({ volumesPerHost: 2 });
    const volume = here.volume();
    const look = () => here.use((_, executor) => auditVolume({ executor, deadline: deadlineIn(20_000) }, volume));
    expect(await look()).toEqual({ absent: true, found: [], unknowns: [] });
    await here.use((connector) => connector.attach(volume));
    const there = await look();
    expect(there).toMatchObject({ absent: false, unknowns: [] });
    expect(there.found.map((line) => line.split(' ')[0])).toEqual([
      ...['map', 'disk', 'disk', 'session', 'session'],
      ...['node', 'node'],
    ]);
    await here.use((connector) => connector.detach(volume, null));
    expect(await look()).toEqual({ absent: true, found: [], unknowns: [] });
    expect(here.fleet.leftovers()).toEqual([]);
  });

  it('is a mapping whose disks are gone from the array, and a session only when it carries nothing else', async () => {
    const here = site({ volumesPerHost: 2, chap: false });
    const volume = here.volume();
    const [, second] = here.fleet.volumes;
    if (second === undefined) throw new Error('no second volume');
    const other = here.volume(second.connectionInfo.data, { name: 'other', wwid: second.wwid });
    await here.use((connector) => connector.attach(volume));
    await here.use((connector) => connector.attach(other));
    here.host.stack(`/dev/mapper/${volume.wwid}`, { name: 'secret', uuid: 'CRYPT-LUKS2-0123456789abcdef-secret' });
    here.fleet.array.unmap(here.fleet.targetName, here.initiator, 1);
    const traces = await here.use((_, executor) => auditVolume({ executor, deadline: deadlineIn(20_000) }, volume));
    expect(traces.found.map((line) => line.split(' ')[0])).toEqual(['mapping', 'map', 'disk', 'disk']);
  });
});
