import { describe, expect, it } from 'vitest';
import { chooseVolumes } from '../../../src/cli/choose-volumes.js';
import type { VolumeSpec } from '../../../src/connectors/connector.js';
import type { InventoryHost } from '../../../src/inventory/inventory.js';

const volume = (name: string): VolumeSpec => ({ name, driverVolumeType: 'iscsi', data: {} });

function host(name: string, ...volumes: string[]): InventoryHost {
  return {
    name,
    groups: [],
    address: name,
    become: { method: 'none', user: 'root' },
    connection: 'ssh',
    sshCommonArgs: [],
    volumes: new Map(volumes.map((one) => [one, volume(one)])),
    origin: { filePath: 'i.yaml', line: 1, column: 1 },
  };
}

const noFile = () => Promise.reject(new Error('no file is read here'));
const web1 = host('web1', 'data');
const web2 = host('web2', 'data', 'logs');
const bare = host('bare1');

describe('the volumes of a verb', () => {
  it('are the only one that is declared', async () => {
    const volumesOf = await chooseVolumes('attach', [web1], [], noFile);
    expect(volumesOf(web1).map(({ name }) => name)).toEqual(['data']);
  });

  it('must be named when a host declares several, unless only looked at', async () => {
    await expect(chooseVolumes('attach', [web1, web2], [], noFile)).rejects.toThrow(
      'which volume? web2: several are declared there (data, logs)',
    );
    await expect(chooseVolumes('detach', [web1, bare], [], noFile)).rejects.toThrow('bare1: none is declared there');
    const volumesOf = await chooseVolumes('status', [web2], [], noFile);
    expect(volumesOf(web2).map(({ name }) => name)).toEqual(['data', 'logs']);
  });

  it('are chosen by name on every host', async () => {
    const volumesOf = await chooseVolumes('attach', [web1, web2], ['data'], noFile);
    expect([web1, web2].map((one) => volumesOf(one).map(({ name }) => name))).toEqual([['data'], ['data']]);
  });

  it('are refused by name when a host does not declare it', async () => {
    await expect(chooseVolumes('attach', [web1, web2], ['logs'], noFile)).rejects.toThrow(
      'web1: no volume "logs" is declared there',
    );
  });

  it('are guessed for a name that nobody declares', async () => {
    await expect(chooseVolumes('attach', [web1], ['dat'], noFile)).rejects.toThrow('did you mean "data"?');
  });

  it('are all with "all", which stands alone', async () => {
    const volumesOf = await chooseVolumes('detach', [web1, web2, bare], ['all'], noFile);
    expect([web1, web2, bare].map((one) => volumesOf(one).length)).toEqual([1, 2, 0]);
    await expect(chooseVolumes('detach', [web1], ['all', 'data'], noFile)).rejects.toThrow('stands alone');
  });

  it('come from a file for every host', async () => {
    const read = (filePath: string) => Promise.resolve(new Map([['vol-1', volume(`vol-1 of ${filePath}`)]]));
    const volumesOf = await chooseVolumes('attach', [web1, bare], ['./vol.json'], read);
    expect(volumesOf(bare).map(({ name }) => name)).toEqual(['vol-1 of ./vol.json']);
  });

  it('are not given twice', async () => {
    await expect(chooseVolumes('attach', [web1], ['data', 'data'], noFile)).rejects.toThrow('is there twice');
  });
});
