import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iscsiGoal } from '../../../src/connectors/iscsi/goal.js';
import { diskPattern } from '../../../src/connectors/iscsi/observation.js';
import { viewVolume } from '../../../src/connectors/iscsi/volume-view.js';
import type { Hctl, Iqn, Wwid } from '../../../src/linux/identifiers.js';
import { FileTree } from '../../../src/simulator/files/file-tree.js';
import { disk, map, PORTALS, session, state, TARGET, volume, WWID } from './storage-states.js';

const number = fc.integer({ min: 0, max: 4000 });
/** a name, and another that begins, ends or goes on alike */
const alike = <T extends string>(text: T): fc.Arbitrary<T> =>
  fc.oneof(
    fc.nat(text.length - 1).map((length) => text.slice(0, length) as T),
    fc.nat(text.length - 1).map((from) => text.slice(from + 1) as T),
    fc.stringMatching(/^[0-9a-f]{1,4}$/).map((more) => `${text}${more}` as T),
    fc.stringMatching(/^[0-9a-f]{1,4}$/).map((more) => `${more}${text}` as T),
  );

describe('ids are compared whole', () => {
  it('a LUN on a session is found by that LUN and that session only: 1 is not 11, 21 or 101', () => {
    fc.assert(
      fc.property(number, number, number, number, (sid, otherSid, lun, otherLun) => {
        const tree = new FileTree();
        const place = `/sys/class/iscsi_session/session${otherSid}/device/target3:0:0/3:0:0:${otherLun}/block/sdb`;
        tree.directory(place);
        const isIt = sid === otherSid && lun === otherLun;
        expect(tree.glob(diskPattern(sid, lun))).toEqual(isIt ? [place] : []);
      }),
    );
    const tree = new FileTree();
    for (const lun of [1, 11, 21, 101])
      tree.directory(`/sys/class/iscsi_session/session1/device/target3:0:0/3:0:0:${lun}/block/sd${lun}`);
    expect(tree.glob(diskPattern(1, 1)).map((one) => one.split('/').at(-1))).toEqual(['sd1']);
  });

  it('a target whose name only looks like the wanted one is another target', () => {
    fc.assert(
      fc.property(alike<Iqn>(TARGET), (targetName) => {
        const storage = state({ sessions: [session(0, { targetName })], scsiDevices: [disk(0)] });
        const view = viewVolume(storage, iscsiGoal(volume()), null);
        expect([view.devices, view.paths.flatMap((path) => path.sessions)]).toEqual([[], []]);
      }),
    );
  });

  it('a map or a disk whose identity contains the wanted one, or is part of it, is another volume', () => {
    fc.assert(
      fc.property(alike<Wwid>(WWID), (other) => {
        const foreign = disk(0, { hctl: '7:0:0:9' as Hctl, lun: 9, sid: 7 }, 9, other);
        const storage = state({
          sessions: [session(0), session(0, { sid: 7, targetName: 'iqn.2010-10.org.lab:other' as Iqn })],
          scsiDevices: [foreign],
          dmDevices: [map([foreign], { mapWwid: other, dmName: other, dmUuid: `mpath-${other}` })],
        });
        const view = viewVolume(storage, iscsiGoal(volume({ wwid: WWID })), WWID);
        expect([view.devices, view.maps]).toEqual([[], []]);
      }),
    );
  });

  it('an empty or unknown identity finds nothing, and not everything', () => {
    const nameless = disk(1, { hctl: '7:0:0:9' as Hctl, lun: 9, sid: 7, cachedWwid: null });
    const storage = state({ sessions: [session(0)], scsiDevices: [nameless] });
    for (const wwid of [null, '' as Wwid]) expect(viewVolume(storage, iscsiGoal(volume()), wwid).devices).toEqual([]);
    expect(PORTALS).toHaveLength(2);
  });
});
