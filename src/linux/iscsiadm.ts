import type { IfaceName, Iqn, Portal } from './identifiers.js';

/** One (target, portal, iface) entry of open-iscsi's node database. */
export interface NodeAddress {
  readonly targetName: Iqn;
  readonly portal: Portal;
  /** left out: all interfaces of the record (for `new`: open-iscsi's choice, `default`) */
  readonly iface?: IfaceName;
}

/** Settings that may be on a command line: never a password. */
export type NodeSetting =
  | 'node.startup'
  | 'node.session.scan'
  | 'node.session.auth.authmethod'
  | 'node.session.auth.username'
  | 'node.session.timeo.replacement_timeout'
  | 'node.session.initial_login_retry_max'
  | 'node.conn[0].timeo.login_timeout';

/** Creates a node record with the host's defaults; an existing one is rewritten to them. */
export function newNodeArgv(node: NodeAddress): string[] {
  return [...nodeArgv(node), '-o', 'new'];
}

/** Several settings in one call (open-iscsi 2.0-873, 2012). */
export function updateNodeArgv(node: NodeAddress, settings: readonly (readonly [NodeSetting, string])[]): string[] {
  return [...nodeArgv(node), '-o', 'update', ...settings.flatMap(([name, value]) => ['-n', name, '-v', value])];
}

export function loginArgv(node: NodeAddress): string[] {
  return [...nodeArgv(node), '--login'];
}

export function logoutArgv(node: NodeAddress): string[] {
  return [...nodeArgv(node), '--logout'];
}

/** Logs out of one session by its number, whatever its records say. */
export function logoutSessionArgv(sid: number): string[] {
  return ['iscsiadm', '-m', 'session', '-r', String(sid), '--logout'];
}

/** Refused by open-iscsi (exit 15) while a session of the record is up. */
export function deleteNodeArgv(node: NodeAddress): string[] {
  return [...nodeArgv(node), '-o', 'delete'];
}

function nodeArgv({ targetName, portal, iface }: NodeAddress): string[] {
  return ['iscsiadm', '-m', 'node', '-T', targetName, '-p', portal, ...(iface === undefined ? [] : ['-I', iface])];
}

export { ISCSIADM_EXITS, iscsiadmOutcome } from './iscsiadm-exits.js';

/** SendTargets that neither reads nor writes the databases (open-iscsi 2.0-872): nothing to restore afterwards. */
export function discoverArgv(portal: Portal, iface: IfaceName | null): string[] {
  const by = iface === null ? [] : ['-I', iface];
  return ['iscsiadm', '-m', 'discovery', '-t', 'sendtargets', ...by, '-p', portal, '-o', 'nonpersistent'];
}

/** The same with the credentials of the portal's discovery record. No node record is made. */
export function discoverByRecordArgv(portal: Portal, iface: IfaceName | null): string[] {
  const by = iface === null ? [] : ['-I', iface];
  return [...discoveryRecordArgv(portal), ...by, '--discover', '-o', 'nonpersistent'];
}

export function newDiscoveryRecordArgv(portal: Portal): string[] {
  return [...discoveryRecordArgv(portal), '-o', 'new'];
}

export function deleteDiscoveryRecordArgv(portal: Portal): string[] {
  return [...discoveryRecordArgv(portal), '-o', 'delete'];
}

function discoveryRecordArgv(portal: Portal): string[] {
  return ['iscsiadm', '-m', 'discoverydb', '-t', 'sendtargets', '-p', portal];
}

/** Exits other than 0 when there is no such interface record; shows `iface.transport_name` when there is. */
export function showIfaceArgv(iface: IfaceName): string[] {
  return ['iscsiadm', '-m', 'iface', '-I', iface];
}
