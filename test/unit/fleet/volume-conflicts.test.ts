import { describe, expect, it } from 'vitest';
import type { VolumeSpec } from '../../../src/connectors/connector.js';
import { refuseConflicts } from '../../../src/fleet/volume-conflicts.js';

const WWID = '36001405d70aba290f7444508e32cc5b2';

function volume(changes: Partial<VolumeSpec> = {}): VolumeSpec {
  const data = { target_portal: '10.1.0.1', target_iqn: 'iqn.2010-10.org.lab:array', target_lun: 1 };
  return { name: 'data', driverVolumeType: 'iscsi', data, ...changes };
}

const on = (...volumes: readonly VolumeSpec[]) =>
  volumes.map((one, index) => ({ host: `host${index + 1}`, volumes: [one] }));

describe('one volume asked for on two hosts', () => {
  it.each([
    ['by WWID', volume({ wwid: WWID })],
    ["by Cinder's id", volume({ data: { ...volume().data, volume_id: '0b1c' } })],
    ['read-only by one of them', volume({ wwid: WWID, accessMode: 'ro' })],
    ['shared by one of them', volume({ wwid: WWID, shared: true })],
  ])('is refused with both names: %s', (_, second) => {
    const first = { ...second, shared: false, accessMode: 'rw' } as const;
    expect(() => refuseConflicts(on(first, second, second))).toThrow(
      expect.objectContaining({ code: 'E_CONFLICT', message: expect.stringContaining('on host1, host2 and 1 more') }),
    );
  });

  it.each([
    ['shared', volume({ wwid: WWID, shared: true })],
    ['read-only', volume({ wwid: WWID, accessMode: 'ro' })],
    ["read-only in Cinder's words", volume({ wwid: WWID, data: { ...volume().data, access_mode: 'ro' } })],
    ['known by target and LUN alone, which mean another volume on each host', volume()],
  ])('is borne by all of them: %s', (_, one) => {
    expect(() => refuseConflicts(on(one, one))).not.toThrow();
  });

  it('is no conflict on one host', () => {
    const same = volume({ wwid: WWID });
    expect(() => refuseConflicts([{ host: 'host1', volumes: [same, { ...same, name: 'again' }] }])).not.toThrow();
  });
});
