import type { SimulatedHost } from '../host-model.js';
import { portalText } from '../model/iscsi-session.js';
import { type NodeEntry, type NodeFilter, nodeFileText, nodeSettings } from '../model/node-database.js';
import { login, logout, recordText } from './iscsiadm-session-changes.js';
import { hasOption, lastValue, type ParsedOptions } from './options.js';
import { complained, lines, printed, type ToolResult } from './tool.js';

const NO_RECORDS = complained('iscsiadm: No records found', 21);

/** `iscsiadm -m node`: records made, changed, shown, deleted, logged in and out. */
export async function nodeMode(host: SimulatedHost, options: ParsedOptions, signal: AbortSignal): Promise<ToolResult> {
  const filter = nodeFilter(options);
  if (filter === null) return complained(`iscsiadm: invalid portal ${lastValue(options, 'portal') ?? ''}`, 7);
  const operation = lastValue(options, 'op');
  if (operation === 'new') return createRecord(host, filter);
  const entries = host.nodes.find(filter);
  if (entries.length === 0) return NO_RECORDS;
  if (hasOption(options, 'login')) return login(host, entries, signal);
  if (hasOption(options, 'logout')) {
    const sessions = entries.flatMap((entry) => host.iscsi.sessionsOf(entry));
    return sessions.length === 0
      ? complained('iscsiadm: No matching sessions found', 21)
      : logout(host, sessions, signal);
  }
  if (hasOption(options, 'rescan')) {
    const sessions = entries.flatMap((entry) => host.iscsi.sessionsOf(entry));
    for (const session of sessions) await host.scsi.scan(session, null, signal);
    return sessions.length === 0 ? complained('iscsiadm: No session found.', 21) : printed('');
  }
  switch (operation) {
    case 'update':
      return updateRecords(host, entries, options);
    case 'delete':
      return deleteRecords(host, entries);
    case 'show':
      return printed(entries.map((entry) => shown(entry, hasOption(options, 'show'))).join(''));
    case undefined:
      return listRecords(entries, options, filter);
    default:
      return complained(`iscsiadm: cannot recognize operation: '${operation}'`, 7);
  }
}

function nodeFilter(options: ParsedOptions): NodeFilter | null {
  const targetName = lastValue(options, 'targetname');
  const iface = lastValue(options, 'interface');
  const portal = lastValue(options, 'portal');
  const match = /^(?:\[([^\]]+)\]|([^:,]+))(?::(\d+))?(?:,-?\d+)?$/.exec(portal ?? '');
  if (portal !== undefined && match === null) return null;
  const address = match?.[1] ?? match?.[2];
  return {
    ...(targetName === undefined ? {} : { targetName }),
    ...(iface === undefined ? {} : { iface }),
    ...(address === undefined ? {} : { address, port: Number(match?.[3] ?? '3260') }),
  };
}

function createRecord(host: SimulatedHost, { targetName, address, port, iface = 'default' }: NodeFilter): ToolResult {
  if (targetName === undefined || address === undefined || port === undefined) {
    return complained('iscsiadm: portal and target name are required', 7);
  }
  host.nodes.create({ targetName, address, port, iface });
  const place = `[tcp:[hw=,ip=,net_if=,iscsi_if=${iface}] ${address},${port},-1 ${targetName}]`;
  return printed(`New iSCSI node ${place} added\n`);
}

function updateRecords(host: SimulatedHost, entries: readonly NodeEntry[], options: ParsedOptions): ToolResult {
  const names = options.values.get('name') ?? [];
  const values = options.values.get('value') ?? [];
  if (names.length === 0 || names.length !== values.length) {
    return complained('iscsiadm: Update requires name and value parameters', 7);
  }
  for (const entry of entries) {
    for (const [index, name] of names.entries()) {
      if (!host.nodes.set(entry, name, values[index] ?? '')) {
        return complained(`iscsiadm: Cannot modify ${name}. Invalid param name.`, 7);
      }
    }
  }
  return printed('');
}

function deleteRecords(host: SimulatedHost, entries: readonly NodeEntry[]): ToolResult {
  for (const entry of entries) {
    if (host.iscsi.sessionsOf(entry).length > 0) {
      return complained(
        `iscsiadm: This command will remove the record ${recordText(entry)}, but a session is using it. Logout session then rerun command to remove record.\niscsiadm: Could not execute operation on all records: session exists`,
        15,
      );
    }
    host.nodes.delete(entry);
  }
  return printed('');
}

/** One target's portal is shown in full, everything else as a list. */
function listRecords(entries: readonly NodeEntry[], options: ParsedOptions, filter: NodeFilter): ToolResult {
  if (lastValue(options, 'print') === '1') {
    const names = [...new Set(entries.map((entry) => entry.targetName))];
    return printed(
      names
        .map((name) => {
          const own = entries.filter((entry) => entry.targetName === name);
          const portals = own.flatMap((entry) => [
            `\tPortal: ${portalText(entry.address, entry.port)},${entry.tpgt}`,
            `\t\tIface Name: ${entry.iface}`,
          ]);
          return lines([`Target: ${name}`, ...portals]);
        })
        .join(''),
    );
  }
  if (filter.targetName !== undefined && filter.address !== undefined) {
    return printed(entries.map((entry) => shown(entry, hasOption(options, 'show'))).join(''));
  }
  // an unknown portal group is -1, printed as an unsigned number (2.1.8)
  return printed(
    lines(entries.map((entry) => `${portalText(entry.address, entry.port)},${entry.tpgt >>> 0} ${entry.targetName}`)),
  );
}

function shown(entry: NodeEntry, secrets: boolean): string {
  const text = nodeFileText({ ...entry, settings: new Map(nodeSettings(entry)), appended: [] });
  return secrets ? text : text.replace(/^(node\.session\.auth\.password(?:_in)? = ).*$/gm, '$1********');
}
