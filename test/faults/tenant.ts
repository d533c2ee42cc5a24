import type { Volume } from '../../src/simulator/array-model.js';
import type { FleetModel } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { kernelName } from '../../src/simulator/model/device-mapper.js';
import { type NodeEntry, nodeFileText } from '../../src/simulator/model/node-database.js';

/** Another tenant's things on a host, on which nothing that Longshore does may leave a trace. */
export interface Tenant {
  readonly targetName: string;
  /** identities of its volumes */
  readonly wwids: readonly string[];
  /** target and portal of its records */
  readonly records: ReadonlySet<string>;
}

/**
 * What of the tenant comes by the very target and portals of the volume under test: nothing, node records that were discovered, or sessions with a volume
 * that is mounted and written to.
 */
export type Beside = 'nothing' | 'records' | 'sessions';

const TARGET = 'iqn.2010-10.org.longshore.sim:tenant';
const OTHER_TARGET = 'iqn.2010-10.org.longshore.sim:never-used';
const PORTAL = { address: '10.9.0.1', port: 3260, iface: 'default' } as const;
const SHARED_LUN = 2;

/**
 * Plants them: a target of its own with a mounted volume that has unwritten data, a record that nobody uses, data on the local disk, and a second volume on the array
 * that the volume under test comes from.
 */
export async function plantTenant(fleet: FleetModel, host: SimulatedHost, beside: Beside): Promise<Tenant> {
  const { array } = fleet;
  const { initiatorName } = host.environment;
  const own = newVolume(array, 'a');
  const second = newVolume(array, 'b');
  array.addTarget(TARGET, [`${PORTAL.address}:${PORTAL.port}`], "the tenant's array");
  array.allow(TARGET, initiatorName, null);
  array.map(TARGET, initiatorName, 1, own);
  array.map(fleet.targetName, initiatorName, SHARED_LUN, second);
  host.nodes.create({ targetName: OTHER_TARGET, ...PORTAL }, 1);
  const record = host.nodes.create({ targetName: TARGET, ...PORTAL }, 1);
  host.nodes.set(record, 'node.startup', 'automatic');
  host.nodes.set(record, 'node.session.scan', 'manual');
  await host.iscsi.login(record, host.power);
  const [session] = host.iscsi.sessions;
  if (session !== undefined) await host.scsi.scan(session, 1);
  await settled(host);
  use(host, `/dev/${diskOf(host, own.wwid)}`, '/srv/tenant');
  host.writeData('/dev/vda', 'data of the local disk');
  if (beside === 'sessions') await attachBeside(fleet, host, second);
  if (beside === 'records') for (const portal of fleet.portals) createRecord(fleet, host, portal);
  const records = new Set(host.nodes.entries.map(({ targetName, address }) => `${targetName} ${address}`));
  return { targetName: TARGET, wwids: [own.wwid, second.wwid], records };
}

/** Everything of a tenant on a host, as lines: the same before and after, or somebody has touched it. */
export function tenantState(host: SimulatedHost, tenant: Tenant): readonly string[] {
  const isOwn = (cachedWwid: string): boolean => tenant.wwids.includes(`3${cachedWwid.slice('naa.'.length)}`);
  const units = host.scsi.units.filter(({ cachedWwid }) => isOwn(cachedWwid));
  const sessions = new Set([
    ...units.map(({ session }) => session),
    ...host.iscsi.sessions.filter(({ facts }) => facts.targetName === tenant.targetName),
  ]);
  const maps = host.deviceMapper.mappings.filter(({ name }) => tenant.wwids.includes(name));
  const records = host.nodes.entries.filter(({ targetName, address }) =>
    tenant.records.has(`${targetName} ${address}`),
  );
  return [
    ...[...sessions].map(({ facts, portal }) => `session ${facts.sid} of ${facts.targetName} at ${portal}`),
    ...units.map(
      ({ hctl, cachedWwid, disk, offline }) => `device ${hctl} ${cachedWwid} ${disk?.name ?? ''} ${offline}`,
    ),
    ...maps.map(
      (map) => `map ${map.name} ${kernelName(map)} of ${map.table.kind === 'multipath' ? map.table.paths.length : 0}`,
    ),
    ...host.mounts.mounts
      .filter(({ mountPoint }) => mountPoint.startsWith('/srv/'))
      .map(({ dev, mountPoint }) => `mount ${dev} ${mountPoint}`),
    ...records.map((entry) => `record ${entry.targetName} ${nodeFileText(entry)}`),
    ...host.blocks.written
      .filter(({ data }) => data.startsWith('data of '))
      .map(({ data, state }) => `${data}: ${state}`),
  ];
}

function newVolume(array: FleetModel['array'], digit: string): Volume {
  return array.createVolume({ wwid: `36001405${digit.repeat(25)}`, sizeBytes: 2 ** 28 });
}

async function attachBeside(fleet: FleetModel, host: SimulatedHost, beside: Volume): Promise<void> {
  const chap = fleet.volumes.find((one) => one.host === host.name)?.connectionInfo.data ?? {};
  for (const portal of fleet.portals) {
    const record = createRecord(fleet, host, portal);
    const settings = { authmethod: 'CHAP', username: chap['auth_username'], password: chap['auth_password'] };
    for (const [name, value] of Object.entries(settings))
      host.nodes.set(record, `node.session.auth.${name}`, String(value));
    host.nodes.set(record, 'node.session.scan', 'manual');
    await host.iscsi.login(record, host.power);
    for (const session of host.iscsi.sessionsOf(record)) await host.scsi.scan(session, SHARED_LUN);
  }
  await settled(host);
  use(host, `/dev/mapper/${beside.wwid}`, '/srv/beside');
}

function createRecord({ targetName }: FleetModel, host: SimulatedHost, portal: string): NodeEntry {
  const [address = '', port = ''] = portal.split(':');
  return host.nodes.create({ targetName, address, port: Number(port), iface: 'default' }, 1);
}

function use(host: SimulatedHost, device: string, mountPoint: string): void {
  host.mount(device, mountPoint);
  host.writeData(device, `data of ${mountPoint}`);
}

function diskOf(host: SimulatedHost, wwid: string): string {
  return host.scsi.units.find(({ cachedWwid }) => cachedWwid === `naa.${wwid.slice(1)}`)?.disk?.name ?? '';
}

/** Until udev and multipathd have done their work. */
function settled(host: SimulatedHost): Promise<void> {
  const { clock, delays } = host.environment;
  return new Promise((resolve) => clock.after(20 * delays.multipathdMs, resolve));
}
