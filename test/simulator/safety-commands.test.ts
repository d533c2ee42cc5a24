import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LaneRequest } from '../../src/transport/executor.js';
import { readTrace } from '../../src/transport/recording/read-trace.js';
import { isSequence } from '../../src/transport/recording/trace-format.js';
import { forbidden } from './forbidden-commands.js';
import { codeOf, secondVolume, site } from './iscsi-site.js';

const TRACES = new URL('../traces/', import.meta.url);
const VERBS = /^(?:attach|detach)-.*\.jsonl$/;

function command(line: string): LaneRequest {
  return { kind: 'run', argv: line.split(' ') };
}

describe('what is never asked of a host', () => {
  it.each([
    'multipath -F',
    'multipath -r',
    'multipath -f mpatha -v 3',
    'multipathd reconfigure',
    'multipathd shutdown',
    'multipathd del map dm-0',
    'rescan-scsi-bus.sh -r',
    'dmsetup remove --force mpatha',
    'dmsetup remove mpatha',
    'dmsetup suspend mpatha',
    'mkfs.ext4 /dev/dm-0',
    'wipefs -a /dev/dm-0',
    'fsck -y /dev/dm-0',
    'cryptsetup luksFormat /dev/dm-0',
    'umount -l /data',
    'umount -f /data',
    'kill -9 1',
    'fuser -k /data',
    'pvs',
    'vgchange -an',
    'sg_persist --out --clear /dev/dm-0',
    'mknod /dev/sdz b 8 16',
    'iscsiadm -m session --rescan',
    'iscsiadm -m session --logout',
    'iscsiadm -m node --logoutall=all',
    'iscsiadm -m node -T iqn.2000-01.a:b -p 10.0.0.1:3260 --logout',
    'iscsiadm -m discovery -t sendtargets -p 10.0.0.1:3260',
    'dd if=/dev/zero of=/dev/dm-0',
    'blockdev --rereadpt /dev/dm-0',
  ])('%s', (line) => {
    expect(forbidden(command(line))).not.toBeNull();
  });

  it('a scan for all LUNs, or of a deleted or foreign file', () => {
    const write = (filePath: string, content: string): LaneRequest => ({ kind: 'write', filePath, content });
    expect(forbidden(write('/sys/class/scsi_host/host1/scan', '- - -'))).not.toBeNull();
    expect(forbidden(write('/sys/class/scsi_host/host1/scan', '- - 7'))).toBeNull();
    expect(forbidden(write('/sys/class/fc_host/host1/issue_lip', '1'))).not.toBeNull();
    expect(forbidden(write('/sys/class/iscsi_session/session1/delete', '1'))).not.toBeNull();
  });
});

describe('no verb asks for any of it', () => {
  it('by the golden traces', () => {
    const requests = readdirSync(TRACES)
      .filter((name) => VERBS.test(name))
      .flatMap((name) => readTrace(readFileSync(new URL(name, TRACES), 'utf8'), name).lines.filter(isSequence))
      .flatMap((sequence) => sequence.requests as readonly unknown[] as readonly LaneRequest[]);
    expect(requests.length).toBeGreaterThan(300);
    // the secret lines of a record are not in a recording
    const shown = requests.filter((request) => request.kind !== 'write' || request.append !== true);
    expect(shown.map(forbidden).filter((what) => what !== null)).toEqual([]);
  });

  it('on a host that would not let it: two volumes, encrypted, found, grown, read-only, given up by force', async () => {
    // every test on such a site is on such a host
    const { use, volume, discovered, fleet, host, initiator } = site({
      volumesPerHost: 2,
      delays: { replacementMs: 30 },
    });
    const encrypted = { encrypted: true };
    await use((connector) => connector.attach(discovered(encrypted)));
    await use((connector) => connector.attach({ ...secondVolume(fleet), accessMode: 'ro' }));
    const unit = fleet.array.unitAt(fleet.targetName, initiator, 1);
    if (unit === null) throw new Error('no volume');
    unit.sizeBytes = 2 ** 31;
    await use((connector) => connector.extend({ ...volume(encrypted), sizeBytes: 2 ** 31 }));
    await use((connector) => connector.detach(volume(encrypted), null));
    for (const portal of fleet.portals) fleet.array.setPortal(portal, 'refusing');
    await expect.poll(() => host.iscsi.sessions.every(({ state }) => state === 'FREE')).toBe(true);
    await use((connector) => connector.detach(secondVolume(fleet), null, { force: true }));
    expect(fleet.leftovers()).toEqual([]);
    expect(host.commands.length).toBeGreaterThan(60);
  });

  it('and 20 attaches and detaches reload no map of others, and scan for one LUN each', async () => {
    const { use, volume, host } = site();
    for (let round = 0; round < 20; round += 1) {
      const attached = await use((connector) => connector.attach(volume()));
      expect(codeOf(attached.error)).toBe('undefined');
      await use((connector) => connector.detach(volume(), null));
    }
    const lines = host.commands.map((argv) => argv.join(' '));
    expect(lines.filter((line) => /^multipathd (?!show)|^multipath (?!-f)/.test(line))).toEqual([]);
  });
});
