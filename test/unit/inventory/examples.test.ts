import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { inventoryFileSchema } from '../../../src/inventory/inventory-schema.js';
import { readInventory } from '../../../src/inventory/read-inventory.js';
import { playbookFileSchema } from '../../../src/runbook/play-schema.js';
import { readPlaybook } from '../../../src/runbook/read-playbook.js';
import { volumeFileSchema } from '../../../src/inventory/volumes/volume-file-schema.js';
import { readVolumeFile } from '../../../src/inventory/volumes/read-volume-file.js';

const env = { HOME: '/home/me', LONGSHORE_BECOME_PASSWORD: 'a', LONGSHORE_CHAP_PASSWORD: 'b' };
const root = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const example = (name: string): string => root(`playbooks/examples/${name}`);

describe('the examples', () => {
  it('inventory.yaml is a fleet with a multipath volume', async () => {
    const inventory = await readInventory(example('inventory.yaml'), { env });
    expect([...inventory.hosts.keys()]).toEqual([
      'web01.example.com',
      'web02.example.com',
      'web03.example.com',
      'db1',
      'db2',
    ]);
    expect(inventory.hosts.get('web01.example.com')).toMatchObject({
      user: 'storage',
      privateKeyFile: '/home/me/.ssh/id_ed25519',
      groups: ['staging', 'web'],
    });
    expect(inventory.hosts.get('db1')).toMatchObject({
      address: '10.0.0.21',
      port: 2222,
      become: { method: 'sudo', user: 'root' },
    });
    expect(inventory.hosts.get('db2')?.volumes.get('data')).toMatchObject({
      driverVolumeType: 'iscsi',
      sizeBytes: 10737418240,
    });
    expect(inventory.notes).toEqual([]);
  });

  it('volume.yaml and volume.json are one volume each', async () => {
    const yaml = await readVolumeFile(example('volume.yaml'), { env });
    expect(yaml.get('scratch')).toMatchObject({ driverVolumeType: 'iscsi', multipath: true });
    const json = await readVolumeFile(example('volume.json'), { env });
    expect(json.get('volume-0001')?.data).toMatchObject({ target_luns: [1, 1], qos_specs: null });
  });

  it('rolling-maintenance.yaml is a playbook for the hosts of inventory.yaml', async () => {
    const inventory = await readInventory(example('inventory.yaml'), { env });
    const options = { inventory, env, extraVars: ['unit=postgresql'] };
    const runbook = await readPlaybook(example('rolling-maintenance.yaml'), options);
    expect(runbook.hosts.map(({ name }) => name)).toEqual(['db1', 'db2']);
    expect(runbook.plays[0]?.steps.map(({ title }) => title)).toContain('stop what uses the volume');
  });

  it.each([
    ['inventory.yaml', inventoryFileSchema, 'inventory.schema.json'],
    ['volume.yaml', volumeFileSchema, 'volume.schema.json'],
    ['volume.json', volumeFileSchema, 'volume.schema.json'],
    ['rolling-maintenance.yaml', playbookFileSchema, 'playbook.schema.json'],
  ])('%s names its schema for editors and fits it', (name, schema, schemaName) => {
    const text = readFileSync(example(name), 'utf8');
    expect(text).toContain(`../../schemas/${schemaName}`);
    expect(schema.safeParse(parse(text)).error).toBeUndefined();
  });
});

describe('the JSON schemas', () => {
  it.each([
    ['inventory.schema.json', inventoryFileSchema],
    ['volume.schema.json', volumeFileSchema],
    ['playbook.schema.json', playbookFileSchema],
  ])('%s is what the zod schema says (npm run schema writes it)', (name, schema) => {
    const written: unknown = JSON.parse(readFileSync(root(`schemas/${name}`), 'utf8'));
    expect(written).toEqual(z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }));
  });

  it('find slips that an editor should mark', () => {
    expect(inventoryFileSchema.safeParse({ all: { host: {} } }).success).toBe(false);
    expect(inventoryFileSchema.safeParse({ all: { vars: { ansible_port: 'x' } } }).success).toBe(false);
    expect(inventoryFileSchema.safeParse({ all: { vars: { anything: 'x' }, children: { web: null } } }).success).toBe(
      true,
    );
    expect(volumeFileSchema.safeParse({ driver_volume_type: 'iscsi', data: { target_portal: 5 } }).success).toBe(false);
    expect(volumeFileSchema.safeParse({ driver_volume_type: 'rbd', data: { name: 'x' } }).success).toBe(true);
  });
});
