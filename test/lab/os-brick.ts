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
verb, properties = task['verb'], task['properties']
if verb == 'attach':
    answer = brick.connect_volume(properties)
elif verb == 'detach':
    answer = brick.disconnect_volume(properties, task['info'])
elif verb == 'properties':
    answer = connector.get_connector_properties(None, properties['ip'], properties['multipath'], False)
elif verb == 'valid':
    answer = [brick.check_valid_device(path) for path in properties['paths']]
else:
    answer = {'paths': brick.get_volume_paths(properties), 'all': brick.get_all_available_volumes(properties),
              'search': brick.get_search_path()}
print(json.dumps(answer))
`;

/** What os-brick is asked, and what it answers. */
type Answers = {
  readonly attach: BrickDeviceInfo;
  readonly detach: null;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly valid: readonly boolean[];
  readonly paths: { readonly paths: readonly string[]; readonly all: readonly string[]; readonly search: string };
};

/** Runs one operation of os-brick 6.1.0 on the client itself; properties are Cinder's `data` where it wants that. */
export async function osBrick<V extends keyof Answers>(
  client: Guest,
  verb: V,
  properties: Readonly<Record<string, unknown>>,
  info: BrickDeviceInfo | null = null,
): Promise<Answers[V]> {
  await client.run('cat > /run/os-brick.py', { input: SCRIPT });
  const { stdout } = await client.run(
    'python3 /run/os-brick.py 2>/run/os-brick.log || { tail -n 20 /run/os-brick.log >&2; exit 1; }',
    {
      input: JSON.stringify({ verb, properties, info }),
      timeoutMs: 120_000,
    },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Answers[V];
}
