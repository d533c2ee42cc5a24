import type { LaneReply, LaneRequest, RunRequest } from '../transport/executor.js';
import type { ConnectorContext } from './connector.js';

/** What only the caller of `getConnectorProperties` can know; os-brick takes the same as arguments. */
export interface PropertyWishes {
  /** address of the host in the storage network */
  readonly ip?: string;
  /** Default: the host's own name */
  readonly host?: string;
  readonly multipath?: boolean;
  readonly enforceMultipath?: boolean;
  readonly doLocalAttach?: boolean;
}

const HOSTNQN = '/etc/nvme/hostnqn';
const FILES = {
  initiator: '/etc/iscsi/initiatorname.iscsi',
  host: '/proc/sys/kernel/hostname',
  systemUuid: '/sys/class/dmi/id/product_uuid',
  nqn: HOSTNQN,
  nvmeHostId: '/etc/nvme/hostid',
  nvmeMultipath: '/sys/module/nvme_core/parameters/multipath',
} as const;
const FC = '/sys/class/fc_host';
const SCALEIO_TOOL = '/opt/emc/scaleio/sdc/bin/drv_cfg';
/** Longest that one question may take, ms. */
const ASK_MS = 10_000;

/**
 * What Cinder wants to know of a host, under os-brick's keys, in one round trip. Nothing is made on the host for it (os-brick writes
 * /etc/nvme/hostnqn when it reads): a key is absent when the host does not have what it is about.
 */
export async function connectorProperties(
  { executor, deadline }: ConnectorContext,
  wishes: PropertyWishes = {},
): Promise<Readonly<Record<string, unknown>>> {
  const replies: readonly LaneReply[] = await executor.sequence(deadline, requests());
  return parseProperties(replies, wishes);
}

function requests(): readonly LaneRequest[] {
  const ask = (argv: readonly string[], when?: readonly string[]): RunRequest => ({
    kind: 'run',
    argv,
    ...(when === undefined ? {} : { when }),
    readOnly: true,
    timeoutMs: ASK_MS,
    okExits: 'any',
  });
  return [
    {
      kind: 'read',
      patterns: [...Object.values(FILES), ...['port_name', 'node_name', 'port_state'].map((name) => `${FC}/*/${name}`)],
    },
    ask(['uname', '-m']),
    ask(['findmnt', '-v', '-n', '-o', 'FSTYPE,UUID', '/']),
    ask(['ip', '-o', 'addr', 'show'], [HOSTNQN]),
    ask(
      ['curl', '-s', '-I', '-m', '2', '-o', '/dev/null', '-w', '%{http_code}', 'http://localhost:6060/metrics'],
      [HOSTNQN],
    ),
    ask([SCALEIO_TOOL, '--query_guid'], ['/dev/scini']),
  ];
}

/** Properties out of the answers (pure); any of them may be missing. */
export function parseProperties(
  replies: readonly LaneReply[],
  wishes: PropertyWishes,
): Readonly<Record<string, unknown>> {
  const [files, uname, root, addresses, dsc, sdc] = replies;
  const contents: ReadonlyMap<string, string> = files?.kind === 'read' ? files.files : new Map();
  const read = (filePath: string): string | undefined => {
    const text = contents.get(filePath)?.trim();
    return text === '' ? undefined : text;
  };
  const nqn = read(FILES.nqn);
  const [fsType, uuid] = output(root).split(/\s+/);
  const ports = onlinePorts(contents);
  const found: Readonly<Record<string, unknown>> = {
    ip: wishes.ip,
    initiator: /^InitiatorName=(\S+)/m.exec(read(FILES.initiator) ?? '')?.[1],
    wwpns: ports.length === 0 ? undefined : ports.map((port) => wwn(contents, port, 'port_name')),
    wwnns: ports.length === 0 ? undefined : ports.map((port) => wwn(contents, port, 'node_name')),
    sdc_guid: /^[0-9A-Fa-f-]{36}$/.exec(output(sdc))?.[0].toLowerCase(),
    uuid: fsType === 'overlay' ? undefined : uuid,
    'system uuid': read(FILES.systemUuid),
    nqn,
    nvme_hostid: read(FILES.nvmeHostId),
    found_dsc: nqn === undefined ? undefined : output(dsc) === '200' ? 'found' : '',
    host_ips: nqn === undefined ? undefined : hostAddresses(output(addresses)),
  };
  return {
    platform: output(uname),
    os_type: 'linux',
    host: wishes.host ?? read(FILES.host) ?? '',
    multipath: wishes.multipath ?? true,
    enforce_multipath: wishes.enforceMultipath ?? false,
    do_local_attach: wishes.doLocalAttach ?? false,
    nvme_native_multipath: read(FILES.nvmeMultipath) === 'Y',
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  };
}

function output(reply: LaneReply | undefined): string {
  return reply?.kind === 'run' && reply.exit === 0 ? reply.stdout.trim() : '';
}

function onlinePorts(contents: ReadonlyMap<string, string>): readonly string[] {
  return [...contents]
    .filter(
      ([filePath, text]) =>
        filePath.startsWith(`${FC}/`) && filePath.endsWith('/port_state') && text.trim() === 'Online',
    )
    .map(([filePath]) => filePath.slice(0, -'/port_state'.length))
    .sort();
}

function wwn(contents: ReadonlyMap<string, string>, port: string, name: string): string {
  return (contents.get(`${port}/${name}`) ?? '').trim().replace(/^0x/, '');
}

/** `2: eth0    inet 10.0.0.11/24 ...`, one line for each address; the loopback's are left out. */
function hostAddresses(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [, device, address] = /^\d+:\s+(\S+)\s+inet6?\s+([0-9a-fA-F.:]+)/.exec(line) ?? [];
    return device === undefined || device === 'lo' || address === undefined ? [] : [address];
  });
}
