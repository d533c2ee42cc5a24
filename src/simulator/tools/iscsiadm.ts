import type { SimulatedHost } from '../host-model.js';
import type { SimulatedSession } from '../model/iscsi-session.js';
import { discoveryMode } from './iscsiadm-discovery.js';
import { nodeMode } from './iscsiadm-node.js';
import { logout } from './iscsiadm-session-changes.js';
import { hasOption, lastValue, type OptionSpec, type ParsedOptions, parseOptions } from './options.js';
import { complained, lines, printed, type Tool, type ToolResult } from './tool.js';

const OPTIONS: readonly OptionSpec[] = [
  { name: 'mode', letter: 'm', takesValue: true },
  { name: 'op', letter: 'o', takesValue: true },
  { name: 'targetname', letter: 'T', takesValue: true },
  { name: 'portal', letter: 'p', takesValue: true },
  { name: 'interface', letter: 'I', takesValue: true },
  { name: 'name', letter: 'n', takesValue: true },
  { name: 'value', letter: 'v', takesValue: true },
  { name: 'type', letter: 't', takesValue: true },
  { name: 'sid', letter: 'r', takesValue: true },
  { name: 'print', letter: 'P', takesValue: true },
  { name: 'debug', letter: 'd', takesValue: true },
  { name: 'login', letter: 'l' },
  { name: 'logout', letter: 'u' },
  { name: 'rescan', letter: 'R' },
  { name: 'discover', letter: 'D' },
  { name: 'show', letter: 'S' },
  { name: 'no_wait', letter: 'W' },
  { name: 'version', letter: 'V' },
];

/** open-iscsi 2.1.8's administration tool: modes node, session, discovery and iface. */
export const iscsiadm: Tool = async ({ host, argv, signal }) => {
  const options = parseOptions(argv.slice(1), OPTIONS);
  if (options.unknown !== null) return complained(`iscsiadm: unrecognized character '${options.unknown}'`, 7);
  if (hasOption(options, 'version')) return printed('iscsiadm version 2.1.8\n');
  switch (lastValue(options, 'mode')) {
    case 'node':
      return nodeMode(host, options, signal);
    case 'session':
      return sessionMode(host, options, signal);
    case 'discovery':
    case 'discoverydb':
      return discoveryMode(host, options);
    case 'iface':
      return ifaceMode(host, options);
    default:
      return complained('iscsiadm: This command is not supported in the simulator', 7);
  }
};

async function sessionMode(host: SimulatedHost, options: ParsedOptions, signal: AbortSignal): Promise<ToolResult> {
  const sid = lastValue(options, 'sid');
  const all = [...host.iscsi.sessions].sort((a, b) => a.facts.sid - b.facts.sid);
  const sessions = sid === undefined ? all : all.filter((session) => session.facts.sid === Number(sid));
  if (sessions.length === 0) {
    return sid === undefined
      ? complained('iscsiadm: No active sessions.', 21)
      : complained(`iscsiadm: Could not get session info for sid ${sid}\niscsiadm: session not found`, 2);
  }
  if (hasOption(options, 'logout')) return logout(host, sessions, signal);
  if (hasOption(options, 'rescan')) {
    for (const session of sessions) await host.scsi.scan(session, null, signal);
    return printed(lines(sessions.map((session) => `Rescanning session ${describe(session)}`)));
  }
  if (Number(lastValue(options, 'print') ?? '0') > 0) return printed(sessions.map(detailed(host)).join(''));
  return printed(
    lines(
      sessions.map(
        (session) => `tcp: [${session.facts.sid}] ${session.portal},1 ${session.facts.targetName} (non-flash)`,
      ),
    ),
  );
}

/** Names of all interfaces, or the settings of one. */
function ifaceMode(host: SimulatedHost, options: ParsedOptions): ToolResult {
  const name = lastValue(options, 'interface');
  if (name === undefined) {
    return printed(lines([...host.ifaces].map(([iface, by]) => `${iface} ${by},<empty>,<empty>,<empty>,<empty>`)));
  }
  const by = host.ifaces.get(name);
  if (by === undefined) return complained(`iscsiadm: Could not read iface ${name} (6).`, 6);
  const settings = [`iface.iscsi_ifacename = ${name}`, `iface.transport_name = ${by}`];
  return printed(lines(['# BEGIN RECORD 2.1.8', ...settings, '# END RECORD']));
}

function describe({ facts }: SimulatedSession): string {
  return `[sid: ${facts.sid}, target: ${facts.targetName}, portal: ${facts.address},${facts.port}]`;
}

/** The parts of `-P 3` that tell something here. */
function detailed(host: SimulatedHost): (session: SimulatedSession) => string {
  return (session) => {
    const { sid, targetName, scsiHost, iface } = session.facts;
    const units = host.scsi.units.filter((unit) => unit.session === session);
    return lines([
      `Target: ${targetName} (non-flash)`,
      `\tCurrent Portal: ${session.portal},1`,
      `\tPersistent Portal: ${session.portal},1`,
      `\t\tIface Name: ${iface}`,
      `\t\tIface Initiatorname: ${host.environment.initiatorName}`,
      `\t\tSID: ${sid}`,
      `\t\tiSCSI Connection State: ${session.state === 'LOGGED_IN' ? 'LOGGED IN' : 'TRANSPORT WAIT'}`,
      `\t\tiSCSI Session State: ${session.state}`,
      `\t\tHost Number: ${scsiHost}\tState: running`,
      ...units.flatMap((unit) => [
        `\t\tscsi${scsiHost} Channel 00 Id 0 Lun: ${unit.lun}`,
        ...(unit.disk === null
          ? []
          : [`\t\t\tAttached scsi disk ${unit.disk.name}\t\tState: ${host.scsi.state(unit)}`]),
      ]),
    ]);
  };
}
