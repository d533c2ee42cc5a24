import type { SimulatedHost } from '../host-model.js';
import type { SimulatedSession } from '../model/iscsi-session.js';
import type { ScsiUnit } from '../model/scsi-layer.js';
import type { FileTree, FileWriter } from './file-tree.js';

/** Where a session's devices are. */
export function sessionDirectory({ facts }: SimulatedSession): string {
  return `/sys/devices/platform/host${facts.scsiHost}/session${facts.sid}`;
}

/** Where a SCSI device is. */
export function unitDirectory(unit: ScsiUnit): string {
  const { scsiHost } = unit.session.facts;
  return `${sessionDirectory(unit.session)}/target${scsiHost}:${unit.channel}:${unit.target}/${unit.hctl}`;
}

/** sysfs of sessions, connections, SCSI hosts and SCSI devices, with the classes as links into /sys/devices. */
export function addIscsiFiles(tree: FileTree, host: SimulatedHost): void {
  for (const name of ['iscsi_session', 'iscsi_connection', 'iscsi_host', 'scsi_host', 'scsi_device']) {
    tree.directory(`/sys/class/${name}`);
  }
  tree.directory('/sys/bus/scsi/devices');
  tree.directory('/sys/bus/scsi/drivers/sd');
  for (const session of host.iscsi.sessions) addSession(tree, host, session);
  for (const unit of host.scsi.units) addUnit(tree, host, unit);
}

function addSession(tree: FileTree, host: SimulatedHost, session: SimulatedSession): void {
  const { sid, scsiHost, targetName, address, port, iface, username } = session.facts;
  const hostDirectory = `/sys/devices/platform/host${scsiHost}`;
  const directory = sessionDirectory(session);
  const ownAddress = address.replace(/\d+$/, '2');

  const put = (className: string, name: string, parent: string, attributes: Record<string, string | number>): void => {
    const place = `${parent}/${className}/${name}`;
    tree.files(place, attributes);
    tree.link(`${place}/device`, parent);
    tree.link(`${place}/subsystem`, `/sys/class/${className}`);
    tree.link(`/sys/class/${className}/${name}`, place);
  };

  put('iscsi_host', `host${scsiHost}`, hostDirectory, {
    hwaddress: '(null)',
    initiatorname: '(null)',
    ipaddress: ownAddress,
    netdev: '(null)',
  });
  put('scsi_host', `host${scsiHost}`, hostDirectory, { proc_name: 'iscsi_tcp', state: 'running', unique_id: scsiHost });
  tree.file(`${hostDirectory}/scsi_host/host${scsiHost}/scan`, null, scanWriter(host, session));
  put('iscsi_session', `session${sid}`, directory, {
    abort_tmo: 15,
    creator: 285,
    fast_abort: 1,
    ifacename: iface,
    initiatorname: host.environment.initiatorName,
    lu_reset_tmo: 30,
    recovery_tmo: 5,
    state: session.state,
    target_id: 0,
    target_state: session.targetState,
    targetname: targetName,
    tgt_reset_tmo: 30,
    tpgt: 1,
    username: username ?? '(null)',
    username_in: '(null)',
  });
  put('iscsi_connection', `connection${sid}:0`, `${directory}/connection${sid}:0`, {
    address,
    data_digest: 0,
    header_digest: 0,
    persistent_address: address,
    persistent_port: port,
    ping_tmo: 5,
    port,
    recv_tmo: 5,
    state: session.state === 'LOGGED_IN' ? 'up' : 'failed',
  });
}

function addUnit(tree: FileTree, host: SimulatedHost, unit: ScsiUnit): void {
  const directory = unitDirectory(unit);
  tree.files(directory, {
    access_state: 'active/optimized',
    dh_state: 'alua',
    model: 'IBLOCK          ',
    queue_depth: 32,
    rev: '4.0 ',
    scsi_level: 7,
    timeout: 30,
    type: 0,
    vendor: 'LIO-ORG ',
    wwid: unit.cachedWwid,
  });
  tree.file(`${directory}/state`, `${host.scsi.state(unit)}\n`, stateWriter(host, unit));
  tree.file(`${directory}/delete`, null, (content) => {
    if (!/^\d+\s*$/.test(content)) return Promise.resolve('Invalid argument');
    host.scsi.delete(unit);
    return Promise.resolve(null);
  });
  tree.file(`${directory}/rescan`, null, () => {
    host.scsi.rescan(unit);
    return Promise.resolve(null);
  });
  tree.link(`${directory}/scsi_device/${unit.hctl}/device`, directory);
  tree.link(`/sys/class/scsi_device/${unit.hctl}`, `${directory}/scsi_device/${unit.hctl}`);
  tree.link(`/sys/bus/scsi/devices/${unit.hctl}`, directory);
  if (unit.disk !== null) tree.link(`/sys/bus/scsi/drivers/sd/${unit.hctl}`, directory);
}

/** "C T L" with `-` for all; software iSCSI has one channel and one target for each session. */
function scanWriter(host: SimulatedHost, session: SimulatedSession): FileWriter {
  return async (content, signal) => {
    const match = /^\s*(-|\d+)\s+(-|\d+)\s+(-|\d+)\s*$/.exec(content);
    if (match === null) return 'Invalid argument';
    const [, channel = '', target = '', lun = ''] = match;
    const isHere = (part: string): boolean => part === '-' || part === '0';
    if (isHere(channel) && isHere(target)) await host.scsi.scan(session, lun === '-' ? null : Number(lun), signal);
    return null;
  };
}

function stateWriter(host: SimulatedHost, unit: ScsiUnit): FileWriter {
  return (content) => {
    const wanted = content.trim();
    if (wanted !== 'offline' && wanted !== 'running') return Promise.resolve('Invalid argument');
    host.scsi.setOffline(unit, wanted === 'offline');
    return Promise.resolve(null);
  };
}
