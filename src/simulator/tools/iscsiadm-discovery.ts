import { parseIqn } from '../../linux/identifiers.js';
import type { SimulatedHost } from '../host-model.js';
import { portalText } from '../model/iscsi-session.js';
import { hasOption, lastValue, type ParsedOptions } from './options.js';
import { complained, lines, printed, type ToolResult } from './tool.js';

/** `-m discovery` and `-m discoverydb`: SendTargets, which without `nonpersistent` makes or resets node records. */
export function discoveryMode(host: SimulatedHost, options: ParsedOptions): ToolResult {
  const portal = portalOf(options);
  const operations = options.values.get('op') ?? [];
  const isDatabase = lastValue(options, 'mode') === 'discoverydb';
  if (isDatabase && !hasOption(options, 'discover')) return databaseMode(host, portal, operations);
  const persistent = !operations.includes('nonpersistent');
  if (persistent && !host.discovery.has(portal)) host.discovery.create(portal);
  return discover(host, portal, isDatabase, persistent);
}

function databaseMode(host: SimulatedHost, portal: string, operations: readonly string[]): ToolResult {
  if (operations.includes('new')) {
    host.discovery.create(portal);
    return printed(`New discovery record for [${portal}] added.\n`);
  }
  if (!host.discovery.has(portal)) return complained(`iscsiadm: Discovery record [${portal}] not found.`, 21);
  if (!operations.includes('delete')) return complained('iscsiadm: this use of discoverydb is not simulated', 7);
  host.discovery.delete(portal);
  return printed('');
}

function discover(host: SimulatedHost, portal: string, byRecord: boolean, persistent: boolean): ToolResult {
  const { array, initiatorName } = host.environment;
  const setting = (name: string): string | undefined =>
    byRecord ? host.discovery.setting(portal, `discovery.sendtargets.auth.${name}`) : undefined;
  const chap =
    setting('authmethod') === 'CHAP'
      ? { username: setting('username') ?? '', password: setting('password') ?? '' }
      : null;
  const offered = array.discover(portal, initiatorName, chap);
  if (offered === 'unreachable') {
    return complained(
      `iscsiadm: cannot make connection to ${portal}: Connection refused\niscsiadm: connection login retries (reopen_max) 5 exceeded\niscsiadm: Could not perform SendTargets discovery: iSCSI PDU timed out`,
      8,
    );
  }
  if (offered === 'unauthorized') {
    return complained(
      'iscsiadm: Login failed to authenticate with target\niscsiadm: discovery login to portal rejected: initiator error (02/01), non-retryable, giving up\niscsiadm: Could not perform SendTargets discovery: iSCSI login failed due to authorization failure',
      24,
    );
  }
  if (offered.length === 0) return complained('iscsiadm: No portals found', 21);
  if (persistent) {
    for (const one of offered) {
      const [, address = '', port = '3260'] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(one.portal) ?? [];
      const targetName = parseIqn(one.targetName);
      host.nodes.create({ targetName, address, port: Number(port), iface: 'default' }, 1);
    }
  }
  return printed(lines(offered.map((one) => `${one.portal},1 ${one.targetName}`)));
}

function portalOf(options: ParsedOptions): string {
  const text = lastValue(options, 'portal')?.replace(/,-?\d+$/, '') ?? '';
  const [, address = text, port = '3260'] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(text) ?? [];
  return portalText(address, Number(port));
}
