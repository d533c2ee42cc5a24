import { describe, expect, it } from 'vitest';
import { parseIqn, type Iqn } from '../../../src/linux/identifiers.js';
import type { FileSystemId } from '../../../src/linux/file-system-ids.js';
import type { StorageState } from '../../../src/linux/storage-state.js';
import { claimsOf } from '../../../src/sweep/claims.js';
import { crossFindings, type HostLook } from '../../../src/sweep/cross-host.js';
import type { HostSnapshot } from '../../../src/sweep/host-snapshot.js';
import { disk, map, OTHER_WWID, session, state, volume, WWID } from '../connectors/storage-states.js';
import { snapshot } from './snapshots.js';

const DECLARED = volume({ wwid: WWID });

/** A machine of its own, with the volume on two paths unless `storage` says otherwise. */
function look(
  host: string,
  declared: Parameters<typeof claimsOf>[0] = [],
  storage: Partial<StorageState> = {},
  extra: Partial<HostSnapshot> = {},
): readonly [string, HostLook] {
  const disks = [disk(0), disk(1)];
  const seen = state({
    sessions: [session(0), session(1)],
    scsiDevices: disks,
    dmDevices: [map(disks)],
    initiatorName: parseIqn(`iqn.2004-10.org.lab:${host}`),
    ...storage,
  });
  const identities = { machineId: host, bootId: host, hostNqn: null, nvmeHostId: null };
  return [host, { snapshot: snapshot(seen, { identities, ...extra }), claims: claimsOf(declared) }];
}

const found = (...looks: readonly (readonly [string, HostLook])[]): readonly string[] =>
  crossFindings(new Map(looks)).map(({ rule, hosts }) => `${rule} ${hosts.join(' ')}`);
const NOTHING = { sessions: [], scsiDevices: [], dmDevices: [] };
const SAME_NAME = { initiatorName: parseIqn('iqn.2004-10.org.lab:cloned') };

describe('one volume', () => {
  it('on two hosts is told, unless it may be shared', () => {
    expect(found(look('a'), look('b'))).toEqual(['wwid-on-several-hosts a b']);
    expect(found(look('a'), look('b', [], NOTHING))).toEqual([]);
    expect(found(look('a', [{ ...DECLARED, shared: true }]), look('b'))).toEqual([]);
  });

  it('that is declared for another host than the one that has it is a stale mapping there', () => {
    expect(found(look('a', [DECLARED], NOTHING), look('b'))).toEqual(['stale-mapping b']);
    expect(found(look('a', [DECLARED]), look('b'))).toEqual(['wwid-on-several-hosts a b', 'stale-mapping b']);
  });

  it('counts as what its disks answer now, and not at all where the array has nothing', () => {
    const disks = [disk(0), disk(1)];
    const answers = (answer: HostSnapshot['answers'] extends ReadonlyMap<unknown, infer A> ? A : never) => ({
      answers: new Map(disks.map(({ hctl }) => [hctl, answer] as const)),
    });
    expect(found(look('a'), look('b', [], {}, answers({ kind: 'identity', wwid: OTHER_WWID })))).toEqual([]);
    expect(found(look('a'), look('b', [], {}, answers({ kind: 'not-supported', exit: 5 })))).toEqual([]);
    expect(found(look('a'), look('b', [], {}, answers({ kind: 'unknown', reason: 'silent' })))).toEqual([
      'wwid-on-several-hosts a b',
    ]);
  });

  it('of two arrays is told by maker, or by who named the target, and not by several targets of one array', () => {
    const other = (name: string): Partial<StorageState> => ({
      sessions: [session(0), session(1, { targetName: name as Iqn })],
    });
    expect(found(look('a', [], { scsiDevices: [disk(0), disk(1, { vendor: 'ACME' })] }))).toEqual([
      'wwid-of-two-arrays a',
    ]);
    expect(found(look('a', [], other('iqn.2020-01.com.other:array')))).toEqual(['wwid-of-two-arrays a']);
    expect(found(look('a', [], other('iqn.2010-10.org.lab:port-2')))).toEqual([]);
  });
});

describe('an initiator name', () => {
  it('of two machines is told, of two names of one machine is not', () => {
    const one = { machineId: 'm', bootId: 'b', hostNqn: null, nvmeHostId: null };
    expect(found(look('a', [], { ...NOTHING, ...SAME_NAME }), look('b', [], { ...NOTHING, ...SAME_NAME }))).toEqual([
      'initiator-name-shared a b',
    ]);
    expect(
      found(
        look('a', [], { ...NOTHING, ...SAME_NAME }, { identities: one }),
        look('b', [], { ...NOTHING, ...SAME_NAME }, { identities: one }),
      ),
    ).toEqual([]);
  });
});

describe('a file system identity', () => {
  const id = (dev: string, type = 'ext4', uuid = 'u-1'): FileSystemId => ({ dev, type, uuid });
  const [one, two] = [disk(0), disk(1)];
  const clone = disk(0, {}, 2, OTHER_WWID);
  const beside = (...fileSystemIds: readonly FileSystemId[]) =>
    look('a', [], { scsiDevices: [one, two, clone] }, { fileSystemIds });
  const devOf = ({ block }: typeof one): string => block?.dev ?? '';

  it('of two volumes is told: one is a copy, which may be mounted for the other', () => {
    expect(found(beside(id(devOf(one)), id(devOf(clone))))).toEqual(['file-system-twice a']);
    expect(found(beside(id(devOf(one), 'crypto_LUKS'), id(devOf(clone), 'crypto_LUKS')))).toEqual([
      'file-system-twice a',
    ]);
  });

  it('of the paths of one volume and its map is one', () => {
    expect(found(beside(id(devOf(one)), id(devOf(two)), id('253:0')))).toEqual([]);
    expect(found(beside(id(devOf(one)), id(devOf(clone), 'ext4', 'u-2')))).toEqual([]);
    expect(found(beside(id(devOf(one), 'linux_raid_member'), id(devOf(clone), 'linux_raid_member')))).toEqual([]);
  });
});
