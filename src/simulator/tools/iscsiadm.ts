import type { SimulatedHost } from '../host-model.js';
import type { SimulatedSession } from '../model/iscsi-session.js';
import { portalText } from '../model/iscsi-session.js';
import { nodeMode } from './iscsiadm-node.js';
import { loginResult, logout } from './iscsiadm-session-changes.js';
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
      return printed('default tcp,<empty>,<empty>,<empty>,<empty>\niser iser,<empty>,<empty>,<empty>,<empty>\n');
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

/** SendTargets: makes records for what the portal offers. */
function discoveryMode(host: SimulatedHost, options: ParsedOptions): ToolResult {
  const { array } = host.environment;
  const portal = lastValue(options, 'portal')?.replace(/,-?\d+$/, '') ?? '';
  const [, address = portal, port = '3260'] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(portal) ?? [];
  const text = portalText(address, Number(port));
  if (array.portalState(text) !== 'up') {
    return complained(
      `iscsiadm: cannot make connection to ${address}: Connection refused\niscsiadm: connection login retries (reopen_max) 5 exceeded\niscsiadm: Could not perform SendTargets discovery: iSCSI PDU timed out`,
      8,
    );
  }
  const targets = array.targetsAt(text);
  for (const targetName of targets) host.nodes.create({ targetName, address, port: Number(port), iface: 'default' }, 1);
  if (targets.length === 0) return complained('iscsiadm: No portals found', 21);
  return loginResult(lines(targets.map((targetName) => `${text},1 ${targetName}`)), [], 0);
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
