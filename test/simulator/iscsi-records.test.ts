import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { Secret } from '../../src/secrets/secret.js';
import { nodeFileText, nodeSettings } from '../../src/simulator/model/node-database.js';
import type { Site } from './iscsi-site.js';
import { codeOf, site } from './iscsi-site.js';

const MUTUAL = { mutual_auth_username: 'array', mutual_auth_password: 'the-array-answers' };

/** A record that an operator made for the first portal, or another, with a secret of their own. */
function operatorsRecord({ fleet, host }: Site, portal = fleet.portals[0] ?? '') {
  const [address = '', port = ''] = portal.split(':');
  const entry = host.nodes.create({ targetName: fleet.targetName, address, port: Number(port), iface: 'default' }, 1);
  host.nodes.set(entry, 'node.startup', 'automatic');
  host.nodes.set(entry, 'node.session.auth.username', 'the-operator');
  host.nodes.set(entry, 'node.session.auth.password', 'of-the-operator');
  return entry;
}

describe('node records', () => {
  it('of the operator are put back as they were, without our secret', async () => {
    const place = site();
    const { use, volume, host } = place;
    const before = nodeFileText(operatorsRecord(place));
    await use((connector) => connector.attach(volume()));
    const [entry] = host.nodes.entries;
    if (entry === undefined) throw new Error('no record');
    expect(nodeSettings(entry).get('node.session.auth.password')).toBe(volume().data['auth_password']);
    await use((connector) => connector.detach(volume(), null));
    expect(host.nodes.entries.map(nodeFileText)).toEqual([before]);
    await use((connector) => connector.detach(volume(), null));
    expect(host.nodes.entries.map(nodeFileText)).toEqual([before]);
  });

  it('of the operator are put back by the undo of a failed attach too', async () => {
    const place = site();
    const { use, volume, host } = place;
    const before = nodeFileText(operatorsRecord(place));
    const result = await use((connector) => connector.attach(volume({ auth_password: 'not-the-secret' })));
    expect(codeOf(result.error)).toBe('E_LOGIN_REJECTED');
    expect(host.nodes.entries.map(nodeFileText)).toEqual([before]);
  });

  it('of the operator for a portal that a single path did not need stay as they are', async () => {
    const place = site();
    const { use, volume, host, fleet } = place;
    const before = nodeFileText(operatorsRecord(place, fleet.portals[1]));
    const single = volume({}, { multipath: false });
    await use((connector) => connector.attach(single));
    expect(host.iscsi.sessions.map(({ portal }) => portal)).toEqual([fleet.portals[0]]);
    await use((connector) => connector.detach(single, null));
    expect(host.nodes.entries.map(nodeFileText)).toEqual([before]);
  });

  it('carry the secrets of mutual CHAP, which no command line does', async () => {
    const { use, volume, host, fleet, initiator } = site();
    const { auth_username: username, auth_password: password } = volume().data;
    const mutual = { username: MUTUAL.mutual_auth_username, password: MUTUAL.mutual_auth_password };
    fleet.array.allow(fleet.targetName, initiator, { username: String(username), password: String(password), mutual });
    expect(await use((connector) => connector.attach(volume(MUTUAL)))).toMatchObject({ outcome: 'changed' });
    const line = host.commands.flat().join(' ');
    expect(line).not.toContain(mutual.password);
    expect(line).not.toContain(String(password));
    await use((connector) => connector.detach(volume(MUTUAL), null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('are ended by a detach that does not have the secrets', async () => {
    const { use, volume, fleet } = site();
    await use((connector) => connector.attach(volume()));
    const missing = new (class extends Secret {
      override reveal(): string {
        throw new LongshoreError('E_SECRET', 'not there');
      }
    })('');
    expect(await use((connector) => connector.detach(volume({ auth_password: missing }), null))).toMatchObject({
      outcome: 'changed',
    });
    expect(fleet.leftovers()).toEqual([]);
  });

  it('of a target that cannot answer our challenge are tried once', async () => {
    const { use, volume, fleet } = site();
    const result = await use((connector) => connector.attach(volume(MUTUAL)));
    expect(codeOf(result.error)).toBe('E_LOGIN_REJECTED');
    expect(fleet.array.loginAttempts).toHaveLength(1);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('that want several sessions get them, and a detach ends them all', async () => {
    const place = site();
    const { use, volume, host, fleet } = place;
    host.nodes.set(operatorsRecord(place), 'node.session.nr_sessions', '2');
    const attached = await use((connector) => connector.attach(volume()));
    expect(attached.paths).toHaveLength(3);
    expect(host.deviceMapper.mappings).toHaveLength(1);
    await use((connector) => connector.detach(volume(), null));
    expect(host.iscsi.sessions).toEqual([]);
    expect(fleet.leftovers()).toHaveLength(1);
  });
});

describe('portals and interfaces', () => {
  it('IPv6 in any spelling is one portal, from the record to the detach', async () => {
    const portals = ['[fd00::a]:3260', '[fd00:1::a]:3260'];
    const { use, volume, host, fleet } = site({ portals });
    const spelled = ['[FD00:0:0::A]:3260', 'fd00:1:0:0:0:0:0:a'];
    host.nodes.create({ targetName: fleet.targetName, address: 'FD00:0::a', port: 3260, iface: 'default' }, 1);
    const attached = await use((connector) => connector.attach(volume({ target_portals: spelled })));
    expect(attached).toMatchObject({ outcome: 'changed', warnings: [] });
    expect(attached.paths.map((path) => `${path.portal} ${path.state}`)).toEqual(portals.map((one) => `${one} active`));
    const again = await use((connector) => connector.attach(volume()));
    expect(again).toMatchObject({ outcome: 'ok' });
    expect(await use((connector) => connector.getVolumePaths(volume({ target_portals: spelled }).data))).toHaveLength(
      2,
    );
    await use((connector) => connector.detach(volume({ target_portals: spelled }), null));
    expect(host.iscsi.sessions).toEqual([]);
    expect(fleet.leftovers()).toHaveLength(1);
  });

  it.each([
    ['iser', 'iser', undefined],
    ['an interface of the operator', 'iscsi', 'bond0'],
  ])('logs in by %s, and by nothing else', async (_, driverVolumeType, iface) => {
    const { use, volume, host, fleet } = site();
    host.ifaces.set('bond0', 'tcp');
    const spec = volume({}, { driverVolumeType, ...(iface === undefined ? {} : { iface }) });
    expect(await use((connector) => connector.attach(spec))).toMatchObject({ outcome: 'changed' });
    expect(host.iscsi.sessions.map((session) => session.facts.iface)).toEqual([iface ?? 'iser', iface ?? 'iser']);
    await use((connector) => connector.detach(spec, null));
    expect(fleet.leftovers()).toEqual([]);
  });

  it('an interface that the host does not have is an error, not the default network', async () => {
    const { use, volume, fleet } = site();
    await expect(use((connector) => connector.attach(volume({}, { iface: 'storage9' })))).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
    });
    expect(fleet.array.loginAttempts).toEqual([]);
    expect(fleet.leftovers()).toEqual([]);
  });
});
