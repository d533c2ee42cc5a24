import type { Guest } from './guest.js';

/** os-brick's device info, as it hands it over. */
export type BrickDeviceInfo = {
  readonly path: string;
  readonly scsi_wwn?: string | undefined;
  readonly multipath_id?: string | undefined;
};

const SCRIPT = `
import json, sys
from oslo_concurrency import lockutils
lockutils.set_defaults('/run')
from os_brick.initiator import connector
task = json.load(sys.stdin)
brick = connector.InitiatorConnector.factory('ISCSI', None, use_multipath=True)
if task['verb'] == 'attach':
    print(json.dumps(brick.connect_volume(task['properties'])))
else:
    brick.disconnect_volume(task['properties'], task['info'])
    print('{}')
`;

/** Runs one operation of os-brick 6.1.0 on the client itself; properties are Cinder's \`data\`. */
export async function osBrick(
  client: Guest,
  verb: 'attach' | 'detach',
  properties: Readonly<Record<string, unknown>>,
  info: BrickDeviceInfo | null = null,
): Promise<BrickDeviceInfo> {
  await client.run('cat > /run/os-brick.py', { input: SCRIPT });
  const { stdout } = await client.run('python3 /run/os-brick.py 2>/run/os-brick.log', {
    input: JSON.stringify({ verb, properties, info }),
    timeoutMs: 120_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as BrickDeviceInfo;
}
