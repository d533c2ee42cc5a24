import { describe, expect, it } from 'vitest';
import type { VolumeSpec } from '../../../src/connectors/connector.js';
import { definitionChanges, definitionOf, definitionTable } from '../../../src/journal/volume-definition.js';
import { Secret } from '../../../src/secrets/secret.js';

const volume = (data: Record<string, unknown>, more: Partial<VolumeSpec> = {}): VolumeSpec => ({
  name: 'data',
  driverVolumeType: 'iscsi',
  data: { target_luns: [1], auth_password: new Secret('planted-a'), ...data },
  wwid: '3600',
  ...more,
});

describe('a volume in the journal', () => {
  it('has no secret, by type or by the name of its key, however deep', () => {
    const given = volume({
      discovery_auth_password: 'planted-b',
      nested: [{ client_secret: 'planted-c', key: new Secret('planted-d') }],
    });
    const text = JSON.stringify(definitionOf(given));
    expect(text).not.toContain('planted');
    expect(text.match(/\[redacted\]/g)).toHaveLength(4);
    expect(definitionOf(given)).toMatchObject({ name: 'data', wwid: '3600', data: { target_luns: [1] } });
  });

  it('is the same when only a secret has changed, and says what else has', () => {
    const before = definitionOf(volume({}));
    expect(definitionChanges(before, definitionOf(volume({ auth_password: new Secret('planted-b') })))).toEqual([]);
    const after = definitionOf(volume({ target_luns: [2] }, { wwid: '3601', minPaths: 2 }));
    expect(definitionChanges(before, after)).toEqual([
      'data.target_luns was [1], is [2]',
      'minPaths was absent, is 2',
      'wwid was "3600", is "3601"',
    ]);
  });

  it('stands once in a table, however many hosts have it', () => {
    const hosts = ['a', 'b', 'c'].map((name) => ({
      name,
      volumes: [volume(name === 'c' ? { target_luns: [3] } : {})],
    }));
    const table = definitionTable(hosts);
    expect(table.volumes).toHaveLength(2);
    expect(table.hosts.map((host) => host.volumes)).toEqual([[0], [0], [1]]);
  });
});
