import { describe, expect, it } from 'vitest';
import { connectorProperties } from '../../../src/connectors/connector-properties.js';
import { deadlineIn } from '../../../src/time/deadline.js';
import type { LaneReply, LaneRequest } from '../../../src/transport/executor.js';
import { fakeExecutor, ran } from '../fleet/fake-executor.js';

const FULL: Readonly<Record<string, string>> = {
  '/etc/iscsi/initiatorname.iscsi': '## a comment\nInitiatorName=iqn.1993-08.org.debian:01:ab12',
  '/proc/sys/kernel/hostname': 'client-07',
  '/sys/class/dmi/id/product_uuid': '9126e942-396d-11e7-b0b7-a81e84c186d1',
  '/etc/nvme/hostnqn': 'nqn.2014-08.org.nvmexpress:uuid:9126e942-396d-11e7-b0b7-a81e84c186d1',
  '/etc/nvme/hostid': '9126e942-396d-11e7-b0b7-a81e84c186d1',
  '/sys/module/nvme_core/parameters/multipath': 'Y',
  '/sys/class/fc_host/host1/port_name': '0x50014380242b9750',
  '/sys/class/fc_host/host1/node_name': '0x50014380242b9751',
  '/sys/class/fc_host/host1/port_state': 'Online',
  '/sys/class/fc_host/host2/port_name': '0x50014380242b9752',
  '/sys/class/fc_host/host2/node_name': '0x50014380242b9753',
  '/sys/class/fc_host/host2/port_state': 'Linkdown',
};
const OUTPUTS: Readonly<Record<string, string>> = {
  uname: 'x86_64\n',
  findmnt: 'ext4   c20aba21-6ef6-446b-b374-45733b4883ba\n',
  ip: '1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 10.0.0.11/24 brd 10.0.0.255 scope global eth0\n2: eth0    inet6 fd00::11/64 scope global\n',
  curl: '200',
  drv_cfg: '6BA7B810-9DAD-11D1-80B4-00C04FD430C8\n',
};

function answerFrom(files: Readonly<Record<string, string>>, outputs: Readonly<Record<string, string>>) {
  return (request: LaneRequest): LaneReply => {
    if (request.kind === 'read')
      return { kind: 'read', ok: true, files: new Map(Object.entries(files)), unreadable: [] };
    const program = request.kind === 'run' ? (request.argv[0] ?? '').replace(/^.*\//, '') : '';
    const stdout = outputs[program];
    return ran(stdout ?? '', stdout === undefined ? 127 : 0);
  };
}

describe('connector properties', () => {
  const ask = async (files: Readonly<Record<string, string>>, outputs: Readonly<Record<string, string>>) => {
    const executor = fakeExecutor('host', answerFrom(files, outputs));
    const wishes = { ip: '10.0.0.11', enforceMultipath: true };
    const properties = await connectorProperties({ executor, deadline: deadlineIn(1000), runId: 'test' }, wishes);
    return { properties, sequences: executor.state.roundTrips };
  };

  it('are all there in one round trip, under the keys of os-brick', async () => {
    expect(await ask(FULL, OUTPUTS)).toEqual({
      sequences: 1,
      properties: {
        platform: 'x86_64',
        os_type: 'linux',
        ip: '10.0.0.11',
        host: 'client-07',
        multipath: true,
        enforce_multipath: true,
        initiator: 'iqn.1993-08.org.debian:01:ab12',
        wwpns: ['50014380242b9750'],
        wwnns: ['50014380242b9751'],
        do_local_attach: false,
        sdc_guid: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
        uuid: 'c20aba21-6ef6-446b-b374-45733b4883ba',
        'system uuid': '9126e942-396d-11e7-b0b7-a81e84c186d1',
        nqn: 'nqn.2014-08.org.nvmexpress:uuid:9126e942-396d-11e7-b0b7-a81e84c186d1',
        nvme_hostid: '9126e942-396d-11e7-b0b7-a81e84c186d1',
        nvme_native_multipath: true,
        found_dsc: 'found',
        host_ips: ['10.0.0.11', 'fd00::11'],
      },
    });
  });

  it('leave out what the host does not have', async () => {
    const { properties } = await ask(
      { '/proc/sys/kernel/hostname': 'bare' },
      { uname: 'x86_64\n', findmnt: 'overlay\n' },
    );
    expect(Object.keys(properties).sort()).toEqual(
      [
        'do_local_attach',
        'enforce_multipath',
        'host',
        'ip',
        'multipath',
        'nvme_native_multipath',
        'os_type',
        'platform',
      ].sort(),
    );
  });
});
