import type { ConnectorContext } from '../connector.js';

const INITIATOR = '/etc/iscsi/initiatorname.iscsi';
const HOSTNAME = '/proc/sys/kernel/hostname';
const SYSTEM_UUID = '/sys/class/dmi/id/product_uuid';
const NVME_MULTIPATH = '/sys/module/nvme_core/parameters/multipath';

/**
 * What Cinder wants to know of a host, under os-brick's keys, in one round trip. Nothing is made on the host for it (os-brick writes
 * /etc/nvme/hostnqn when it reads).
 */
export async function connectorProperties(context: ConnectorContext): Promise<Readonly<Record<string, unknown>>> {
  const [files, uname] = await context.executor.sequence(context.deadline, [
    {
      kind: 'read',
      patterns: [INITIATOR, HOSTNAME, SYSTEM_UUID, NVME_MULTIPATH, '/etc/nvme/hostnqn', '/etc/nvme/hostid'],
    },
    { kind: 'run', argv: ['uname', '-m'], readOnly: true, timeoutMs: 10_000, okExits: 'any' },
  ]);
  const read = (filePath: string): string | undefined =>
    files.kind === 'read' ? files.files.get(filePath)?.trim() : undefined;
  const initiator = /^InitiatorName=(\S+)/m.exec(read(INITIATOR) ?? '')?.[1];
  const optional = {
    initiator,
    'system uuid': read(SYSTEM_UUID),
    nqn: read('/etc/nvme/hostnqn'),
    nvme_hostid: read('/etc/nvme/hostid'),
  };
  return {
    platform: uname.kind === 'run' ? uname.stdout.trim() : '',
    os_type: 'linux',
    host: read(HOSTNAME) ?? '',
    multipath: true,
    enforce_multipath: false,
    do_local_attach: false,
    nvme_native_multipath: read(NVME_MULTIPATH) === 'Y',
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined && value !== '')),
  };
}
