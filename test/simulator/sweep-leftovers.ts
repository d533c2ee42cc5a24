import { RECORD_MARKS } from '../../src/linux/node-records.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { eventually, OTHER_TARGET, type SweepSite } from './sweep-site.js';

export const LUKS = (name: string) => ({ name, uuid: `CRYPT-LUKS2-${'0123456789abcdef'.repeat(2)}-${name}` });
export const RECORDS = '/etc/iscsi/nodes';

/** Paths of a map as the kernel sees them. */
const failedPaths = (host: SimulatedHost, wwid: string): number => {
  const table = host.deviceMapper.multipathMap(wwid)?.table;
  return table?.kind === 'multipath' ? table.paths.filter(({ active }) => !active).length : 0;
};

/** What was left behind, one of each kind. Gives the keys of all of it. */
export async function plantLeftovers({ fleet, host, volume, attach, login }: SweepSite): Promise<readonly string[]> {
  const here = host();
  const wwid = (lun: number): string => volume(lun).wwid ?? '';
  const { initiatorName } = here.environment;
  const unitOf = (lun: number, sid: number) => {
    const unit = here.scsi.units.find((one) => one.lun === lun && one.session.facts.sid === sid);
    if (unit?.disk == null) throw new Error(`no disk at LUN ${lun}`);
    return { unit, disk: unit.disk };
  };
  // LUN 1: unmapped at the array with all of it on the host, and LUKS on it
  await attach(1);
  here.stack(`/dev/mapper/${wwid(1)}`, LUKS('dead'));
  fleet.array.unmap(fleet.targetName, initiatorName, 1);
  await eventually(() => failedPaths(here, wwid(1)) === 2);
  // LUN 2: a disk whose LUN the array gave to another volume; its map is gone
  await attach(2);
  const map = here.deviceMapper.multipathMap(wwid(2));
  if (map !== undefined) here.deviceMapper.remove(map);
  here.scsi.delete(unitOf(2, 2).unit);
  fleet.array.map(
    fleet.targetName,
    initiatorName,
    2,
    fleet.array.createVolume({ wwid: `36001405${'a'.repeat(25)}`, sizeBytes: 2 ** 30 }),
  );
  // LUN 3: a LUKS mapping on a disk that is gone
  await attach(3);
  const third = here.deviceMapper.multipathMap(wwid(3));
  if (third !== undefined) here.deviceMapper.remove(third);
  here.stack(unitOf(3, 1).disk.name, LUKS('orphan'));
  here.stack(unitOf(3, 2).disk.name, { name: 'vg-lv', uuid: `LVM-${'g'.repeat(32)}${'v'.repeat(32)}` });
  for (const sid of [1, 2]) here.scsi.delete(unitOf(3, sid).unit);
  // a session that carries nothing, by a record that Longshore made
  await login(OTHER_TARGET);
  const entry = here.nodes.find({ targetName: OTHER_TARGET })[0];
  if (entry !== undefined) here.nodes.append(entry, `${RECORD_MARKS.made}\n`);
  // records of Longshore without a session, and a file that a crash left
  const stale = here.nodes.create({
    targetName: `${OTHER_TARGET}1`,
    address: '10.1.0.1',
    port: 3260,
    iface: 'default',
  });
  here.nodes.append(stale, `${RECORD_MARKS.made}\n`);
  const used = here.nodes.create({ targetName: `${OTHER_TARGET}2`, address: '10.1.0.1', port: 3260, iface: 'default' });
  here.nodes.append(used, `${RECORD_MARKS.used}\nnode.session.scan = manual\n`);
  here.placed.write(`${RECORDS}/${OTHER_TARGET}3/10.1.0.1,3260`, '');
  here.links.set('/dev/disk/by-id/os-brick+dev+dm-77', '/dev/dm-77');
  here.environment.changes.changed();
  const [dead, deadToo] = here.scsi.units.filter((one) => one.lun === 1);
  const remapped = here.scsi.units.find((one) => one.lun === 2);
  return [
    `mapping:${LUKS('dead').uuid}`,
    `mapping:${LUKS('orphan').uuid}`,
    `mapping:LVM-${'g'.repeat(32)}${'v'.repeat(32)}`,
    `map:${wwid(1)}`,
    `device:${wwid(1)}@${dead?.hctl}`,
    `device:${wwid(2)}@${remapped?.hctl}`,
    `device:${wwid(1)}@${deadToo?.hctl}`,
    `session:${OTHER_TARGET}@10.1.0.1:3260#3`,
    `record:${RECORDS}/${OTHER_TARGET}1/10.1.0.1,3260`,
    `record:${RECORDS}/${OTHER_TARGET}2/10.1.0.1,3260`,
    `record:${RECORDS}/${OTHER_TARGET}3/10.1.0.1,3260`,
    'link:/dev/disk/by-id/os-brick+dev+dm-77',
  ];
}

/** What looks the same at first sight, and is somebody's. */
export async function plantLookAlikes({ fleet, host, volume, attach, login }: SweepSite): Promise<void> {
  const here = host();
  // a volume in use, and one that works and that nobody mounts; LUKS on it that nobody has open
  await attach(4);
  here.mount(`/dev/mapper/${volume(4).wwid}`, '/data');
  await attach(5);
  here.stack(`/dev/mapper/${volume(5).wwid}`, LUKS('idle'));
  // taken away by the array, but mounted
  await attach(6);
  here.mount(`/dev/mapper/${volume(6).wwid}`, '/busy', { pid: 285 });
  fleet.array.unmap(fleet.targetName, here.environment.initiatorName, 6);
  // disks that somebody took out of service: no path is left, and nothing says that the volume is
  await attach(7);
  for (const unit of here.scsi.units.filter((one) => one.lun === 7)) here.scsi.setOffline(unit, true);
  await eventually(
    () => failedPaths(here, volume(7).wwid ?? '') === 2 && failedPaths(here, volume(6).wwid ?? '') === 2,
  );
  // a session of somebody else's, logged in and empty; records of others, one of them for the next boot
  await login(`${OTHER_TARGET}7`);
  here.nodes.create({ targetName: `${OTHER_TARGET}8`, address: '10.1.0.1', port: 3260, iface: 'default' });
  const boot = here.nodes.create({ targetName: `${OTHER_TARGET}9`, address: '10.1.0.1', port: 3260, iface: 'default' });
  here.nodes.set(boot, 'node.startup', 'onboot');
  here.nodes.append(boot, `${RECORD_MARKS.made}\n`);
  here.links.set('/dev/disk/by-id/os-brick+dev+vda', '/dev/vda');
  here.links.set('/dev/disk/by-id/scsi-3gone', '/dev/sdz');
  here.environment.changes.changed();
}
